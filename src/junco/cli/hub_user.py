"""``junco hub user``: the users of a hub, for whoever may write in its folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from junco.cli.hub import database_option, hub_in, store_option
from junco.cli.printing import print_table
from junco.errors import InputError
from junco.terminal import out, out_json, say

_given = click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin; without it one is made and shown."
)


@click.group
def user() -> None:
    """The users of a hub in a folder of this machine."""


@user.command
@click.argument("name")
@click.option("--admin", is_flag=True, help="May do all there is to do.")
@_given
@store_option
@database_option
def add(name: str, admin: bool, password_stdin: bool, store: Path, database: str | None) -> None:
    """Make the user NAME."""
    opened, given = hub_in(store, database), _password(password_stdin)
    made = _accounts().add_user(opened, name, given, admin=admin)
    if given is None:
        out(made)


@user.command("list")
@store_option
@database_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_users(store: Path, database: str | None, as_json: bool) -> None:
    """Name all users, who is an admin, and who may not enter."""
    found = _accounts().users(hub_in(store, database))
    if as_json:
        out_json(found)
        return
    rows = [
        (each["user"], "admin" if each["admin"] else "", "disabled" if each["disabled"] else "", each["created"][:10])
        for each in found
    ]
    print_table(("user", "role", "state", "since"), rows)


@user.command
@click.argument("name")
@_given
@store_option
@database_option
def password(name: str, password_stdin: bool, store: Path, database: str | None) -> None:
    """Give the user NAME another password, for one that is forgotten.

    Their browsers have to log in again; their tokens stay good.
    """
    opened, given = hub_in(store, database), _password(password_stdin)
    chosen = _accounts().renew_password(opened, name, given)
    if given is None:
        out(chosen)


@user.command
@click.argument("name")
@store_option
@database_option
def disable(name: str, store: Path, database: str | None) -> None:
    """Shut the user NAME out: all their tokens and sessions are ended."""
    _accounts().disable_user(hub_in(store, database), name, disabled=True)
    say(f"{name} may not enter any more")


@user.command
@click.argument("name")
@store_option
@database_option
def enable(name: str, store: Path, database: str | None) -> None:
    """Let the user NAME in again; what was ended stays so."""
    _accounts().disable_user(hub_in(store, database), name, disabled=False)
    say(f"{name} may enter again")


def _password(from_stdin: bool) -> str | None:
    given = sys.stdin.readline().rstrip("\n") if from_stdin else None
    if given == "":
        raise InputError("stdin holds no password")
    return given


def _accounts() -> Any:
    from junco.hub.server.accounts import administering

    return administering
