"""``junco hub login``, ``logout``, ``whoami``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from junco.cli.printing import print_table
from junco.errors import InputError, NoHubError
from junco.settings import settings
from junco.terminal import out, out_json

hub_option = click.option("--hub", metavar="ADDRESS", help="Without it JUNCO_HUB, or where one logged in last.")


@click.command(short_help="Log in to a hub, and keep a token for it.")
@click.argument("address", required=False)
@click.option("--user", metavar="NAME", help="Without it, and without --token-stdin, it is asked for.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@click.option("--token-stdin", is_flag=True, help="Keep a token that was made before, read from stdin.")
@click.option("--days", type=click.IntRange(1, 3650), default=90, help="How long the token holds.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="PEM: the authority of one's network, believed for this hub from then on.",
)
@click.option("--admin", is_flag=True, help="The token may do what whoever runs the hub may.")
def login(
    address: str | None,
    user: str | None,
    password_stdin: bool,
    token_stdin: bool,
    days: int,
    ca: Path | None,
    admin: bool,
) -> None:
    """Keep a token for the hub at ADDRESS, which is the one that is meant from then on."""
    from junco.hub.client.address import chosen_hub
    from junco.hub.client.session import login as log_in
    from junco.hub.client.tokens import last_login

    if (said := address or settings().hub or last_login()) is None:
        raise NoHubError("say where to log in: junco hub login ADDRESS")
    hub = chosen_hub(said)
    if token_stdin:
        account = log_in(hub, token=_line("token"), authority=ca)
    else:
        user = user or click.prompt("user", err=True)
        password = _line("password") if password_stdin else click.prompt("password", hide_input=True, err=True)
        account = log_in(hub, user, password, days=days, authority=ca, admin=admin)
    out(f"{account.user} at {account.hub}, until {account.expires or 'the token is revoked'}")


def _line(what: str) -> str:
    if not (given := sys.stdin.readline().rstrip("\r\n")):
        raise InputError(f"stdin holds no {what}")
    return given


@click.command
@hub_option
def logout(hub: str | None) -> None:
    """Revoke the token of a hub, and forget it."""
    from junco.hub.client.session import logout as log_out

    out(f"logged out of {log_out(hub)}")


@click.command
@hub_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def whoami(hub: str | None, as_json: bool) -> None:
    """Say who one is on a hub."""
    from junco.hub.client.session import whoami as who

    found = who(hub)
    told = {"user": found.user, "hub": found.hub, "organisations": list(found.organisations)}
    told |= {"scopes": list(found.scopes), "expires": found.expires}
    if as_json:
        out_json(told)
    else:
        print_table(
            ("what", "value"),
            [(key, ", ".join(each) if isinstance(each, list) else each) for key, each in told.items()],
        )
