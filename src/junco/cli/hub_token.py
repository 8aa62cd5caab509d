"""``junco hub token``: tokens for other programs and machines."""

from __future__ import annotations

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import print_table
from junco.errors import InputError
from junco.terminal import out, out_json

_SCOPES = ("repo:read", "repo:write", "repo:admin", "org:admin", "user", "server:admin")


@click.command(short_help="Make tokens for programs, list and revoke them.")
@click.argument("name", required=False)
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(_SCOPES), default=("repo:read",), help="What it may do."
)
@click.option("--days", type=click.IntRange(1, 3650), default=90, help="How long it holds.")
@click.option("--only", metavar="NAMESPACE[/NAME]", help="What it gives access to; without it all that is one's own.")
@click.option("--revoke", type=int, metavar="NUMBER", help="Take back the token of that number.")
@hub_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def token(
    name: str | None,
    scopes: tuple[str, ...],
    days: int,
    only: str | None,
    revoke: int | None,
    hub: str | None,
    as_json: bool,
) -> None:
    """Make a token for what NAME says, and print it, this once; without a name list one's tokens.

    A Hugging Face client takes it as HF_TOKEN, a machine that builds as JUNCO_TOKEN.
    """
    from junco.hub.client import own_tokens

    if revoke is not None:
        own_tokens.revoke_token(revoke, hub)
        out(f"token {revoke} is taken back")
    elif name is None:
        _list(own_tokens.own_tokens(hub), as_json)
    else:
        if not name.strip():
            raise InputError("say what the token is for: junco hub token 'nightly build'")
        where = {"repository" if "/" in (only or "") else "namespace": only or ""}
        made = own_tokens.make_token(name, scopes=scopes, days=days, hub=hub, **where)
        if as_json:
            out_json({"token": made})
        else:
            out(made)


def _list(found: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        out_json(found)
        return
    rows = []
    for each in found:
        scopes = each.get("scopes")
        may = ", ".join(map(str, scopes)) if isinstance(scopes, list) else ""
        ends = "taken back" if each.get("revoked") else str(each.get("expires") or "never")[:10]
        rows.append((each.get("id"), each.get("name"), may, ends, str(each.get("last_used") or "never")[:10]))
    print_table(("number", "for", "may", "until", "last used"), rows)
