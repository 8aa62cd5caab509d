"""``junco hub trust``: code of a hub, read and allowed, commit by commit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import print_table
from junco.errors import InputError
from junco.terminal import is_terminal, out, say

if TYPE_CHECKING:
    from junco.hub.trust.review import Review

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Show code of a hub, and allow it to run.")
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Allow it without being asked.")
@click.option("--list", "as_list", is_flag=True, help="Say what is allowed.")
@click.option("--log", "as_log", is_flag=True, help="Say what was allowed and taken back, and when.")
@click.option("--revoke", is_flag=True, help="Take back what was allowed of NAME, or the keys of a namespace.")
@click.option(
    "--key", type=_FILE, metavar="FILE", help="A public key: all of the namespace NAME has to be signed by it."
)
@click.option(
    "--certificate-chain", "chain", multiple=True, type=_FILE, metavar="FILE", help="The same, of certificates."
)
@click.option("--identity", metavar="NAME", help="Whom a certificate has to be of: an address, a name.")
@hub_option
def trust(  # each is one decision of the caller's, by name
    name: str | None,
    yes: bool,
    as_list: bool,
    as_log: bool,
    revoke: bool,
    key: Path | None,
    chain: tuple[Path, ...],
    identity: str | None,
    hub: str | None,
) -> None:
    """Show the code of NAME, namespace/name[@version], and allow it, this commit alone.

    Shown is what differs from what was allowed last; data needs no trust. Of a pipeline, the code of all its operators.
    With --key NAME is a namespace: what comes from it has to be signed from then on.
    """
    if as_list:
        _list()
    elif as_log:
        _log()
    elif name is None:
        raise InputError("say what: junco hub trust namespace/name@1.0.0, or --list")
    elif key is not None or chain:
        _sign_for(name, key, chain, identity or "", hub)
    elif revoke:
        _revoke(name, hub)
    else:
        _allow(name, yes, hub)


def _list() -> None:
    from junco.hub.signing.policy import wanted
    from junco.hub.trust.grants import grants

    rows = [(each.repository, each.commit[:12], each.code_digest[:12], each.hub, each.granted) for each in grants()]
    print_table(("repository", "commit", "code", "hub", "allowed"), rows)
    if signers := wanted():
        print_table(("namespace", "has to be signed by", "hub"), [(space, who, hub) for hub, space, who in signers])


def _log() -> None:
    from junco.hub.trust.log import notes

    for each in notes():
        what = ", ".join(f"{key} {value}" for key, value in each.items() if key not in ("at", "action"))
        out(f"{each.get('at')} {each.get('action')}: {what}")


def _sign_for(namespace: str, key: Path | None, chain: tuple[Path, ...], identity: str, hub: str | None) -> None:
    from junco.hub.signing.policy import trust_certificates, trust_key

    said = (
        trust_key(namespace, key, hub=hub)
        if key is not None
        else trust_certificates(namespace, chain, identity, hub=hub)
    )
    out(f"{namespace}: what comes from it has to be signed by {said}")


def _revoke(name: str, hub: str | None) -> None:
    from junco.hub.client.address import chosen_hub
    from junco.hub.client.names import parse_name
    from junco.hub.trust.grants import revoke

    if "/" not in name:
        from junco.hub.signing.policy import forget
        from junco.pages.letters import amount

        out(f"{name}: {amount(forget(name, hub=hub), 'key')} less; what comes from it need not be signed any more")
        return
    asked = parse_name(name)
    gone = revoke(chosen_hub(hub), asked.repository, asked.revision if asked.is_commit else "")
    out(f"{asked.repository}: {gone} grants taken back")


def _allow(name: str, yes: bool, hub: str | None) -> None:
    from junco.hub.trust.review import reviews

    found = reviews(name, hub=hub)
    if not found:
        out(f"{name} holds no code: it can be used as it is")
        return
    for each in (new := [each for each in found if not each.is_granted]):
        _show(each)
    if new and not yes and not _is_wanted():
        raise InputError("it is not allowed")
    for each in found:
        revision = each.revision
        asked = name if revision.repository.lower() == name.partition("@")[0].lower() else revision.repository
        if each in new:
            each.grant()
            out(f"{asked}: commit {revision.commit[:12]} is allowed, and no other")
        else:
            out(f"{asked} is allowed already: commit {revision.commit[:12]}, code {revision.code_digest[:12]}")


def _is_wanted() -> bool:
    try:
        return click.confirm("may this code run as you?", default=False, err=True)
    except click.Abort:
        if is_terminal(sys.stdin):
            raise
        raise InputError("nobody is here to ask: --yes allows it, once you have read it") from None


def _show(found: Review) -> None:
    """What somebody has to read before it is allowed."""
    revision = found.revision
    for line in found.difference():
        out(line)
    if found.requirements:
        say(f"it says it needs {', '.join(found.requirements)}; nothing is installed")
    for missing in found.unsatisfied:
        say(f"not here: {missing}")
    beside = f", beside {found.before.revision.commit[:12]}, which was allowed" if found.before else ""
    say(f"{revision.repository} at {revision.commit}{beside}: code {revision.code_digest}")
