"""``junco check``: what is wrong with a folder before it is shared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from junco.errors import InputError
from junco.terminal import flush, out, out_json

if TYPE_CHECKING:
    from junco.hub.artefact.check import Checked


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--run", "runs", is_flag=True, help="Run it too: its golden vectors, and the cases of --family.")
@click.option("--family", metavar="FAMILY", help="With --run: a family's folder, or its name on a hub.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, folder: Path, runs: bool, family: str | None, as_json: bool) -> None:
    """Say what is wrong with a folder to be shared.

    Without --run nothing of FOLDER is run. The exit status is 2 where something is wrong.
    """
    from junco.hub.artefact.check import check as look_through

    if family is not None and not runs:
        raise InputError("--family's cases run what lies in the folder: say --run too")
    found = look_through(folder)
    listed = [{"path": each.path, "problem": each.problem} for each in found.problems]
    if runs and not listed:
        listed = [{"path": "", "problem": problem} for problem in _run(found, family)]
    if as_json:
        out_json({"folder": str(folder), "kind": found.kind or None, "files": len(found.paths), "problems": listed})
    elif listed:
        for each in listed:
            out(f"{each['path']}: {each['problem']}" if each["path"] else each["problem"])
    else:
        article = "an" if found.kind == "operator" else "a"
        done = ", and it does what it should" if runs else ""
        out(f"{folder}: {article} {found.kind} of {len(found.paths)} files, and nothing is wrong with it{done}")
    if listed:
        flush()
        ctx.exit(2)


def _run(found: Checked, family: str | None) -> list[str]:
    """What is wrong with what it does."""
    from junco.hub.trust import conformance

    contract = conformance.contract_of(family) if family is not None else None
    if found.kind in ("operator", "tuned-operator"):
        made = conformance.operator_in(found.folder, found)
        return conformance.problems_of_operator(made, found.told, contract) if contract else []
    if found.kind != "pipeline":
        raise InputError(f"nothing of a {found.kind} can be run: --run is for operators and pipelines")
    from junco.api import pipeline

    with pipeline(found.folder / "pipeline.yaml") as made_of_it:
        return conformance.problems_of_pipeline(made_of_it, contract) if contract else _prepared(made_of_it)


def _prepared(made: object) -> list[str]:
    made.prepare()  # type: ignore[attr-defined]  # a pipeline, which is imported late
    return []
