"""``junco hub bundle``, ``unbundle``: what lies on a hub, carried to machines without a network in one file."""

from __future__ import annotations

from pathlib import Path

import click

from junco.cli.hub_moving import progress
from junco.cli.hub_session import hub_option
from junco.cli.printing import size
from junco.terminal import out, say


@click.command(short_help="Write names of a hub into one file.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE", help="A zip.")
@hub_option
def bundle(names: tuple[str, ...], to: Path, hub: str | None) -> None:
    """Write one FILE with each NAME, namespace/name[@version], and whatever it takes from the hub.

    Of a pipeline that is what its junco.lock pins. Packages and models that operators name elsewhere are not in it.
    """
    from junco.hub.bundles.packing import bundle as pack

    made = pack(names, to, hub=hub, told=progress("packed"))
    for name, revision in sorted(made.artefacts.items()):
        out(f"{name}: commit {revision.commit[:12]}, {len(revision.files)} files")
    say(f"{to}: {size(made.num_bytes)} of {made.hub}; there: junco hub unbundle {to.name}")


@click.command(short_help="Take what a bundle holds into the cache.")
@click.argument("file", type=click.Path(path_type=Path))
@hub_option
def unbundle(file: Path, hub: str | None) -> None:
    """Take what FILE holds into the cache: then its names work without a network, as after a pull.

    Each byte is checked; code in it runs only where that is allowed (junco hub trust).
    """
    from junco.hub.bundles.unpacking import unbundle as take

    made = take(file, hub=hub, told=progress("taken"))
    for name, revision in sorted(made.artefacts.items()):
        code = ", with code: junco hub trust shows it" if revision.code else ""
        out(f"{name}: commit {revision.commit[:12]} of {made.hub}, {len(revision.files)} files{code}")
