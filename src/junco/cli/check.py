"""``junco check``: what is wrong with a folder before it is shared."""

from __future__ import annotations

from pathlib import Path

import click

from junco.terminal import flush, out, out_json


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Say what is wrong with a folder to be shared.

    Nothing of FOLDER is run. The exit status is 2 where something is.
    """
    from junco.hub.artefact.check import check as look_through

    found = look_through(folder)
    listed = [{"path": each.path, "problem": each.problem} for each in found.problems]
    if as_json:
        out_json({"folder": str(folder), "kind": found.kind or None, "files": len(found.paths), "problems": listed})
    elif found.problems:
        for problem in found.problems:
            out(str(problem))
    else:
        article = "an" if found.kind == "operator" else "a"
        out(f"{folder}: {article} {found.kind} of {len(found.paths)} files, and nothing is wrong with it")
    if found.problems:
        flush()
        ctx.exit(2)
