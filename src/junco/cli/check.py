"""``junco check``: what is wrong with a folder before it is shared."""

from __future__ import annotations

from pathlib import Path

import click

from junco.terminal import flush, out, out_json, say


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--run", is_flag=True, help="Run it, as you: golden vectors, its family's contract and cases.")
@click.option(
    "--family",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Of its family: run FOLDER, and its family's cases on it.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, folder: Path, run: bool, family: Path | None, as_json: bool) -> None:
    """Say what is wrong with a folder to be shared.

    Nothing of FOLDER is run, unless --run or --family asks for it: then it runs, as you, in a process of its own. The
    exit status is 2 where something is wrong.
    """
    from junco.hub.artefact.check import check as look_through
    from junco.hub.artefact.tree import Problem

    found = look_through(folder)
    problems = list(found.problems)
    if (run or family is not None) and not problems:
        from junco.cli.check_run import problems_of_run

        problems += [Problem("", each) for each in problems_of_run(folder, family)]
    if as_json:
        listed = [{"path": each.path, "problem": each.problem} for each in problems]
        warned = [{"path": each.path, "warning": each.problem} for each in found.warnings]
        told = {"folder": str(folder), "kind": found.kind or None, "files": len(found.paths)}
        out_json({**told, "problems": listed, "warnings": warned})
    elif problems:
        for problem in problems:
            out(str(problem))
    else:
        was_run = ", it does what it says," if run or family is not None else ","
        a = "an" if found.kind == "operator" else "a"
        out(f"{folder}: {a} {found.kind} of {len(found.paths)} files{was_run} and nothing is wrong with it")
    if not as_json:
        for warning in found.warnings:
            say(f"to be mended: {warning}")
    if problems:
        flush()
        ctx.exit(2)
