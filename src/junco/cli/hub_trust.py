"""``junco hub trust``: code of a hub, read and allowed, commit by commit."""

from __future__ import annotations

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import print_table
from junco.errors import InputError
from junco.terminal import out, say


@click.command
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Allow it without being asked.")
@click.option("--list", "as_list", is_flag=True, help="Say what is allowed.")
@click.option("--revoke", is_flag=True, help="Take back what was allowed of NAME.")
@hub_option
def trust(name: str | None, yes: bool, as_list: bool, revoke: bool, hub: str | None) -> None:
    """Show the code of NAME, namespace/name[@version], and allow it, this commit alone.

    Shown is what differs from what was allowed last; data needs no trust.
    """
    if as_list:
        _list()
    elif name is None:
        raise InputError("say what: junco hub trust namespace/name@1.0.0, or --list")
    elif revoke:
        _revoke(name, hub)
    else:
        _allow(name, yes, hub)


def _list() -> None:
    from junco.hub.trust.grants import grants

    rows = [(each.repository, each.commit[:12], each.code_digest[:12], each.hub, each.granted) for each in grants()]
    print_table(("repository", "commit", "code", "hub", "allowed"), rows)


def _revoke(name: str, hub: str | None) -> None:
    from junco.hub.client.address import chosen_hub
    from junco.hub.client.names import parse_name
    from junco.hub.trust.grants import revoke

    asked = parse_name(name)
    gone = revoke(chosen_hub(hub), asked.repository, asked.revision if asked.is_commit else "")
    out(f"{asked.repository}: {gone} grants taken back")


def _allow(name: str, yes: bool, hub: str | None) -> None:
    from junco.hub.trust.review import review

    found = review(name, hub=hub)
    revision = found.revision
    if not revision.code:
        out(f"{name} holds no code: it can be used as it is")
        return
    if found.is_granted:
        out(f"{name} is allowed already: commit {revision.commit[:12]}, code {revision.code_digest[:12]}")
        return
    for line in found.difference():
        out(line)
    if found.requirements:
        say(f"it says it needs {', '.join(found.requirements)}; nothing is installed")
    beside = f", beside {found.before.revision.commit[:12]}, which was allowed" if found.before else ""
    say(f"{revision.repository} at {revision.commit}{beside}: code {revision.code_digest}")
    if not yes and not click.confirm("may this code run as you?", default=False, err=True):
        raise InputError("it is not allowed")
    found.grant()
    out(f"{name}: commit {revision.commit[:12]} is allowed, and no other")
