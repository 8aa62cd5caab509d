"""``junco pipelines``."""

from __future__ import annotations

from typing import Annotated

import typer

from junco.cli.printing import AsJson, print_json, print_table


def pipelines(
    family: Annotated[str | None, typer.Argument(help="Only the members of this family.")] = None,
    as_json: AsJson = False,
) -> None:
    """The pipelines that have a name, or those of one family."""
    from junco.catalog import listing

    found = listing.pipelines(family)
    if as_json:
        print_json(found)
        return
    rows = [(each.name, each.family, f"broken: {each.error}" if each.error else each.description) for each in found]
    print_table(("name", "family", "description"), rows)
