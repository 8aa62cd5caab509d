"""``junco hub search``, ``show``, ``diff``, ``delete``: what there is on a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import print_table, size
from junco.errors import InputError
from junco.terminal import flush, out, out_json, say

if TYPE_CHECKING:
    from junco.hub.client.listing import Difference

_SORTS = ("trending", "downloads", "likes", "updated", "created", "name")
_as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.command
@click.argument("words", nargs=-1)
@click.option("--kind", default="", help="operator, tuned-operator, pipeline, family, dataset.")
@click.option("--family", default="", help="Such as image-embedding.")
@click.option("--task", default="", help="Such as image-classification.")
@click.option("--licence", default="", help="Such as apache-2.0.")
@click.option("--namespace", default="", help="Of a user or an organisation.")
@click.option("--sort", type=click.Choice(_SORTS), default="trending")
@click.option("--limit", type=click.IntRange(1, 1000), default=20)
@hub_option
@_as_json
def search(
    words: tuple[str, ...],
    kind: str,
    family: str,
    task: str,
    licence: str,
    namespace: str,
    sort: str,
    limit: int,
    hub: str | None,
    as_json: bool,
) -> None:
    """List what holds all WORDS."""
    from junco.hub.client.listing import search as find

    how = {"kind": kind, "family": family, "task": task, "licence": licence, "namespace": namespace, "sort": sort}
    found = find(" ".join(words), **how, limit=limit, hub=hub)
    if as_json:
        out_json([dict(each.told) for each in found])
        return
    if not found:
        asked = [repr(" ".join(words))] if words else []
        asked += [f"{key} {value}" for key, value in how.items() if value and key != "sort"]
        say(f"nothing holds {', '.join(asked)}" if asked else "nothing is there")
        return
    rows = [(each.name, each.kind, each.family, each.licence, each.downloads, each.summary) for each in found]
    print_table(("name", "kind", "family", "licence", "downloads", "summary"), rows)


@click.command(short_help="Show what a hub says of a name.")
@click.argument("name")
@hub_option
@_as_json
def show(name: str, hub: str | None, as_json: bool) -> None:
    """Show what a hub says of NAME, namespace/name[@version], and its files."""
    from junco.hub.client.listing import show as look

    told = look(name, hub=hub)
    if as_json:
        out_json(told)
        return
    keys = (
        "name",
        "kind",
        "family",
        "task",
        "licence",
        "summary",
        "private",
        "latest",
        "releases",
        "downloads",
        "likes",
    )
    rows = [(key, _words(told.get(key))) for key in keys if told.get(key) not in (None, "", [])]
    revision = told["revision"]
    rows += [("commit", revision["commit"]), ("digest", revision["digest"])] if revision else []
    rows += [("warning", each) for each in told.get("warnings") or ()]
    print_table(("what", "value"), rows)
    for file in revision["files"] if revision else ():
        out(f"{size(file['size']):>10}  {file['sha256'][:12]}  {file['path']}{'  (unsafe)' if file['unsafe'] else ''}")


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@click.command(short_help="Show what differs between two versions.")
@click.argument("one")
@click.argument("other")
@click.option("--names", is_flag=True, help="Of files alone: nothing is fetched.")
@hub_option
@_as_json
def diff(one: str, other: str, names: bool, hub: str | None, as_json: bool) -> None:
    """Show what differs between ONE, namespace/name@1.0.0, and OTHER: the same, or a version of it alone.

    Of texts the lines, as diff -u does; both are fetched for it, and nothing of them run.
    """
    from junco.hub.client.line_difference import changed_lines
    from junco.hub.client.listing import compare_page
    from junco.hub.client.listing import diff as compare

    found = compare(one, other, hub=hub)
    if as_json:
        changed = [{"path": path, "from": old, "to": new} for path, old, new in found.changed]
        sides = {"from": found.before.commit, "to": found.after.commit}
        out_json({**sides, "added": list(found.added), "removed": list(found.removed), "changed": changed})
        return
    if found.is_empty:
        out("nothing differs")
    elif names:
        _list_files(found)
    else:
        for line in changed_lines(found, hub=hub):
            out(line)
    if not found.is_empty and (page := compare_page(found, hub=hub)):
        flush()
        say(page)


def _list_files(found: Difference) -> None:
    lines = [f"+ {path}" for path in found.added] + [f"- {path}" for path in found.removed]
    for line in [*lines, *(f"~ {path}: {size(old)} → {size(new)}" for path, old, new in found.changed)]:
        out(line)


@click.command(short_help="Take a name off a hub for ever.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@hub_option
def delete(name: str, yes: bool, hub: str | None) -> None:
    """Take NAME, namespace/name, off a hub for ever, with all its releases. Nobody gets its name again."""
    from junco.hub.client.listing import delete as take_away

    if not yes and click.prompt(f"all of {name} goes for ever; its name, to go on", err=True) != name:
        raise InputError("that is not its name: nothing was deleted")
    take_away(name, hub=hub)
    out(f"{name} is deleted")
