"""``junco hub push``, ``pull``, ``lock``: to a hub and from it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import size
from junco.terminal import is_terminal, out, out_json, say

if TYPE_CHECKING:
    from junco.hub.artefact.lock_file import Pin

_EVERY_S = 1.0


@click.command(short_help="Put a folder on a hub, checked before.")
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
    from junco.hub.client.address import chosen_hub
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
    out(f"{chosen_hub(hub)}/{made.repository}")


@click.command(short_help="Bring what lies on a hub, checked.")
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


@click.command(short_help="Pin names on a hub in junco.lock.")
@click.argument("what", nargs=-1)
@click.option("--frozen", is_flag=True, help="Change nothing; fail where something is not pinned, or is another now.")
@click.option("--drop", is_flag=True, help="Pin these names no more.")
@hub_option
def lock(what: tuple[str, ...], frozen: bool, drop: bool, hub: str | None) -> None:
    """Pin names on a hub, or what pipelines' files name, in junco.lock: each to a commit and a digest.

    Without names, what junco.lock names is asked for anew.
    """
    from junco.hub.client import locking

    if drop:
        locking.drop(what)
        for name in what:
            out(f"{name} is pinned no more")
        return
    before = locking.locked(what).pins
    pins = locking.lock(what, hub=hub, frozen=frozen).pins
    for name, each in pins.items():
        out(f"{name}: {each.kind}, commit {each.commit[:12]}, digest {each.digest[:12]}")
    _say_changes(what, before, pins)


def _say_changes(what: tuple[str, ...], before: Mapping[str, Pin], pins: Mapping[str, Pin]) -> None:
    """Which pins moved, and which other versions of what was named stay."""
    from junco.hub.client.pulling import version_of

    for name, pin in pins.items():
        if name in before and before[name].commit != pin.commit:
            say(f"{name}: was {version_of(before[name])}, and is {version_of(pin)} from now on")
        of_same = name.partition("@")[0] in {each.partition("@")[0] for each in what if each in pins}
        if name in before and name not in what and of_same:
            say(f"{name} stays pinned, to {version_of(pin)}: 'junco hub lock --drop {name}' lets go of it")


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
