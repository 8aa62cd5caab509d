"""``junco hub push``, ``pull``, ``lock``: to a hub and from it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import size
from junco.terminal import is_terminal, out, out_json, say

_EVERY_S = 1.0


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--release", metavar="VERSION", help="1.2.0: means this commit for ever.")
@click.option("--message", "-m", default="", metavar="TEXT", help="What was changed.")
@click.option("--licence", metavar="NAME", help="Of a folder without README.md: makes its card. apache-2.0, mit …")
@click.option("--private", is_flag=True, help="A new repository is seen by its namespace alone.")
@hub_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def push(
    folder: Path,
    name: str,
    release: str | None,
    message: str,
    licence: str | None,
    private: bool,
    hub: str | None,
    as_json: bool,
) -> None:
    """Put FOLDER on a hub as NAME, namespace/name: checked before, all of it or nothing."""
    from junco.hub.client.pushing import push as put

    how = {"release": release, "message": message, "licence": licence, "private": private, "hub": hub}
    made = put(folder, name, **how, told=progress("sent"))  # type: ignore[arg-type]  # each as its option gives it
    for warning in made.warnings:
        say(f"warning: {warning}")
    if as_json:
        out_json(
            {name: list(value) if isinstance(value := getattr(made, name), tuple) else value for name in made.__slots__}
        )
        return
    of = f"{made.repository}@{made.release.removeprefix('v')}" if made.release else made.repository
    new = "nothing new" if made.unchanged else f"{made.files} files, {size(made.sent_bytes)} sent"
    out(f"{of}: commit {made.commit[:12]}, {new}")


@click.command
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="A copy of one's own, to be changed.")
@click.option("--frozen", is_flag=True, help="Take what junco.lock pins, and nothing else.")
@click.option(
    "--allow-unsafe-files", is_flag=True, help="Bring pickles, archives and native code too; junco loads none."
)
@hub_option
def pull(name: str, to: Path | None, frozen: bool, allow_unsafe_files: bool, hub: str | None) -> None:
    """Bring NAME, namespace/name[@version], from a hub: checked byte by byte, and nothing of it run.

    Prints the folder that it lies in.
    """
    from junco.hub.client.pulling import pull as bring

    out(str(bring(name, to, hub=hub, frozen=frozen, allow_unsafe_files=allow_unsafe_files, told=progress("came"))))


@click.command
@click.argument("what", nargs=-1)
@click.option("--frozen", is_flag=True, help="Change nothing; fail where something is not pinned, or is another now.")
@hub_option
def lock(what: tuple[str, ...], frozen: bool, hub: str | None) -> None:
    """Pin names on a hub, or what pipelines' files name, in junco.lock: each to a commit and a digest.

    Without names, what junco.lock names is asked for anew.
    """
    from junco.hub.client.locking import lock as pin

    for name, each in pin(what, hub=hub, frozen=frozen).pins.items():
        out(f"{name}: {each.kind}, commit {each.commit[:12]}, digest {each.digest[:12]}")


def progress(did: str) -> Callable[[str, int, int], None]:
    """Says on a terminal how far a large file is, a line each second.

    Args:
        did: what was done with so many bytes, "sent".
    """
    if not is_terminal(sys.stderr):
        return lambda path, done, total: None
    last = [time.monotonic()]

    def told(path: str, done: int, total: int) -> None:
        if (now := time.monotonic()) - last[0] >= _EVERY_S:
            last[0] = now
            say(f"{path}: {size(done)} of {size(total)} {did}")

    return told
