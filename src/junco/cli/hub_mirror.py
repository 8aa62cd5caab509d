"""``junco hub mirror``: what a hub reads of another, listed and fetched ahead."""

from __future__ import annotations

import sys
import time

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import print_table, size
from junco.terminal import is_terminal, out, out_json, say

_EVERY_S = 1.0


@click.command(short_help="Fetch names of the mirrored hub ahead.")
@click.argument("names", nargs=-1)
@click.option("--only", multiple=True, metavar="PATTERN", help="Of paths: '*.safetensors', '*.json'; without it all.")
@hub_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def mirror(names: tuple[str, ...], only: tuple[str, ...], hub: str | None, as_json: bool) -> None:
    """Have the hub fetch NAMES, namespace/name[@revision], of the hub that it mirrors; without any, list what it has.

    It needs the token of an admin: junco hub login --admin.
    """
    from junco.hub.client.mirroring import fetch_ahead, mirrored

    if not names:
        told = mirrored(hub)
        if as_json:
            out_json(told)
            return
        rows = [
            (each["name"], size(each["here"]), size(each["bytes"]), each["commits"], each["used"] or each["updated"])
            for each in told["items"]
        ]
        print_table(("name", "here", "of", "commits", "used"), rows)
        allowed = ", ".join(told["allowed"]) or "nothing"
        say(f"{size(told['kept'])} of {size(told['limit'])} kept; {allowed} may be mirrored")
        return
    done = [fetch_ahead(name, only, hub=hub, told=_Told(name)) for name in names]
    if as_json:
        out_json(done)
        return
    for each in done:
        out(f"{each['name']}: commit {each['commit'][:12]}, {each['files']:,} files, {size(each['bytes'])}")


class _Told:
    """Tells a terminal how far it is, now and then."""

    def __init__(self, name: str) -> None:
        self.name, self.last_s = name, time.monotonic()

    def __call__(self, here: int, total: int) -> None:
        if is_terminal(sys.stderr) and time.monotonic() - self.last_s > _EVERY_S:
            self.last_s = time.monotonic()
            say(f"{self.name}: {size(here)} of {size(total)}")
