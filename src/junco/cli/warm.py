"""``junco warm``."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import click

from junco.cli.caches import brought, caches, files_in, specs_of, weights_line, weights_of
from junco.cli.parameters import device, params, parse_params
from junco.cli.printing import as_json, print_json, size
from junco.errors import JuncoError, TargetError
from junco.settings import move_home, settings, user_path
from junco.terminal import out, say
from junco.wording import brief

_FAILED = 2


@click.command
@click.argument("pipeline", nargs=-1, required=True, metavar="PIPELINE…", help="Names, families or files.")
@click.option(
    "--to",
    metavar="FOLDER",
    help="Keep it all in this folder, to be copied to another machine: JUNCO_HOME=FOLDER finds it there.",
)
@as_json
@device
@params
def warm(pipeline: tuple[str, ...], to: str | None, as_json: bool, device: str, param: tuple[str, ...]) -> None:
    """Bring to this machine all that pipelines need.

    Weights are fetched, converted and measured now, and not at the first use: afterwards the pipelines run without a
    network. What fails does not keep the others from it; the exit status is 2 then.
    """
    given = parse_params(param)
    if to is not None:
        _keep_in(user_path(to, "the folder").resolve(), pipeline)
    rows = []
    for ref in dict.fromkeys(pipeline):
        say(f"warming {ref}")
        rows.append(_warmed(ref, device, given))
        if not as_json:
            _show(rows[-1])
    if as_json:
        print_json(rows)
    if any(row["error"] for row in rows):
        raise click.exceptions.Exit(_FAILED)


def _keep_in(folder: Path, names: tuple[str, ...]) -> None:
    """Have everything kept in a folder, the user's own pipelines of these names too.

    Raises:
        TargetError: it cannot be made or written.
    """
    own = [path for name in names if (path := settings().pipelines / f"{name}.yaml").is_file()]
    pipelines = folder / "pipelines"
    try:
        pipelines.mkdir(parents=True, exist_ok=True)
        for path in own:
            shutil.copyfile(path, pipelines / path.name)
    except shutil.SameFileError:
        pass  # the folder that it is anyway
    except OSError as error:
        raise TargetError(f"nothing can be kept in {folder}: {error.strerror or brief(error)}") from error
    move_home(folder)


def _warmed(ref: str, device: str, given: dict[str, Any]) -> dict[str, Any]:
    from junco.api import pipeline as open_pipeline

    started = time.monotonic()
    row: dict[str, Any] = {"pipeline": ref, "name": "", "weights": [], "error": ""}
    before = {path: num_bytes for folder in caches() for path, num_bytes in files_in(folder).items()}
    try:
        with open_pipeline(ref, device=device, **given) as p:
            row["name"] = p.graph.name
            p.prepare()
            row["weights"] = weights_of(specs_of(p.plan.graph))
    except (JuncoError, OSError) as error:
        row["error"] = str(error) if isinstance(error, JuncoError) else brief(error)
    return {**row, "brought": brought(before), "seconds": round(time.monotonic() - started, 1)}


def _show(row: dict[str, Any]) -> None:
    for entry in row["brought"]:
        out(f"{row['pipeline']}: brought {entry['path']}, {size(entry['size_bytes'])}")
    for entry in row["weights"]:
        out(f"{row['pipeline']}: {weights_line(entry)}")
    if row["error"]:
        say(f"error: {row['pipeline']}: {row['error']}")
        return
    whole = sum(entry["size_bytes"] for entry in row["brought"])
    said = f"{size(whole)} brought" if row["brought"] else "all was here"
    out(f"{row['pipeline']}: ready, {said}, {row['seconds']} s")
