"""`Later`: a group whose commands are imported when one of them is asked for."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

import click


class Later(click.Group):
    """Commands by name, each with the module that it is defined in, beside those that are there at once."""

    places: ClassVar[dict[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """All, those that are imported later first."""
        return [*self.places, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> click.Command | None:
        """One, imported now."""
        if (place := self.places.get(cmd_name)) is None:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(importlib.import_module(place), cmd_name)
        return found
