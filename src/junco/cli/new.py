"""``junco new``: a folder to begin with, of each kind that can be shared."""

from __future__ import annotations

from pathlib import Path

import click

from junco.terminal import out, say

_KINDS = ("tuned-operator", "pipeline", "operator", "pipeline-family", "operator-family", "dataset")


@click.command
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Without it a new folder of that name.")
@click.option("--licence", default="apache-2.0", metavar="NAME", help="Under which it is shared.")
def new(kind: str, name: str, to: Path | None, licence: str) -> None:
    """Begin a folder to be shared.

    It is small and complete, and passes 'junco check' as it is.
    """
    from junco.hub.artefact.beginnings import begin

    folder = begin(kind, name, to, licence=licence)
    out(str(folder))
    say(f"next: junco check {folder}; junco hub push {folder} YOUR-NAME/{folder.name}")
