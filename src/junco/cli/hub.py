"""``junco hub``: the group, and the commands of whoever runs a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from junco.cli.later import Later
from junco.errors import InputError, MissingExtraError
from junco.terminal import flush, out, say

_STORE = click.Path(file_okay=False, path_type=Path)
store_option = click.option("--store", type=_STORE, required=True, metavar="FOLDER", help="Of the hub.")
database_option = click.option("--database", metavar="URL", help="postgresql://…; without it SQLite in the folder.")
_blobs = click.option("--blobs", metavar="URL", help="s3://BUCKET/PREFIX; without it files in the folder.")


def _of_mirror(command: Any) -> Any:
    """The options by which another hub is read through this one."""
    for option in reversed((
        click.option("--mirror", metavar="URL", help="Another hub, read through this one: https://huggingface.co"),
        click.option("--mirror-allow", multiple=True, metavar="PATTERN", help="NAMESPACE/NAME, with * in the name."),
        click.option("--mirror-size", default="200GB", metavar="SIZE", help="Of large files that are kept."),
        click.option("--mirror-token-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="With the token for that hub; or JUNCO_MIRROR_TOKEN."),
    )):  # fmt: skip
        command = option(command)
    return command


def _tls(command: Any) -> Any:
    """The options by which the hub speaks TLS itself."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option("--key", type=file, metavar="FILE", help="PEM: the certificate's private key.")(command)
    named = click.option("--certificate", type=file, metavar="FILE", help="PEM: of this hub, and of who vouches.")
    return named(command)


class _Hub(Later):
    """Those of whoever uses a hub are imported when they are used."""

    places = {
        **dict.fromkeys(("login", "logout", "whoami"), "junco.cli.hub_session"),
        **dict.fromkeys(("push", "pull", "lock"), "junco.cli.hub_moving"),
        **dict.fromkeys(("search", "show", "diff", "delete"), "junco.cli.hub_listing"),
        "report": "junco.cli.hub_report",
        "trust": "junco.cli.hub_trust",
        **dict.fromkeys(("keys", "sign", "verify"), "junco.cli.hub_sign"),
        **dict.fromkeys(("bundle", "unbundle"), "junco.cli.hub_bundle"),
        "token": "junco.cli.hub_token",
        "mirror": "junco.cli.hub_mirror",
        "user": "junco.cli.hub_user",
    }


@click.group(cls=_Hub)
def hub() -> None:
    """Operators and pipelines, shared: a hub to run, and one to use."""


@hub.command
@click.argument("store", type=_STORE)
@click.option("--port", type=click.IntRange(0, 65535), default=7997, metavar="NUMBER", help="0 takes one that is free.")
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Without it this machine alone reaches the hub.")
@database_option
@_blobs
@click.option("--open-sign-up", is_flag=True, help="Anybody may become a user.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="By which the hub may be called, from elsewhere.")
@click.option("--proxy", multiple=True, metavar="ADDRESS", help="Of a reverse proxy: who asks is who it says asks.")
@_of_mirror
@_tls
def serve(
    store: Path,
    port: int,
    host: str,
    database: str | None,
    blobs: str | None,
    open_sign_up: bool,
    allow_host: tuple[str, ...],
    proxy: tuple[str, ...],
    certificate: Path | None,
    key: Path | None,
    **mirror: Any,
) -> None:
    """Run a hub in the folder STORE, until Ctrl-C.

    The first time, the folder is made, and an admin, whose password is shown once.
    TLS is a reverse proxy's, or by --certificate and --key: beyond this machine, passwords and tokens go in the clear
    without.
    """
    server = _server()
    tls = server.tls_of(certificate, key)
    hosts = frozenset(name.lower() for name in (*allow_host, *([] if server.is_loopback(host) else [host])))
    mirroring = _mirroring(**mirror)
    opened = _open(store, database=database, blobs=blobs, hosts=hosts, open_sign_up=open_sign_up, mirroring=mirroring)
    admin = server.first_admin(opened)

    def ready(address: str) -> None:
        if admin is not None:
            say(f"the first admin is {admin[0]}, with the password {admin[1]} (it is not shown again)")
        if mirroring is not None:
            say(f"{', '.join(mirroring.allowed)} of {mirroring.upstream} can be read here")
            if mirroring.named:
                whose = "whoever signs up" if open_sign_up else "every user of this hub"
                say(f"what is gated or private there of {', '.join(mirroring.named)} is read with your token, "
                    f"and {whose} reads it here")  # fmt: skip
        if not server.is_loopback(host) and tls is None:
            say("without TLS in front of it (a reverse proxy), tokens can be read on the way")
        out(address)
        flush()
        say("Ctrl-C ends it")

    server.serve(opened, host, port, ready, ",".join(proxy), tls)
    say("ended")


@hub.command
@store_option
@database_option
@_blobs
def collect(store: Path, database: str | None, blobs: str | None) -> None:
    """Let go of files that no commit names; the hub may run meanwhile."""
    server = _server()
    from junco.hub.server.blobs.collect import collect as collect_garbage

    gone = collect_garbage(_open(server.store_of(store), database=database, blobs=blobs))
    out(f"{gone.blobs:,} files, {gone.bytes:,} bytes")


@hub.command
@store_option
@database_option
@_blobs
@click.pass_context
def check(context: click.Context, store: Path, database: str | None, blobs: str | None) -> None:
    """Read all files again, and name those whose bytes are damaged.

    Their bytes are let go of, so that whoever has such a file can push it again.
    The exit status is 1 where there are any.
    """
    server = _server()
    from junco.hub.server.blobs.check import check as check_all

    found = 0
    for damaged in check_all(_open(server.store_of(store), database=database, blobs=blobs)):
        found += 1
        out(f"{damaged.sha256}  {', '.join(damaged.files) or 'of no commit'}")
    say(f"{found:,} damaged" if found else "all are whole")
    if found:
        context.exit(1)


@hub.command(short_help="Copy a hub's folder, while the hub runs.")
@click.argument("target", type=click.Path(path_type=Path))
@store_option
def backup(target: Path, store: Path) -> None:
    """Copy a hub's folder to TARGET, while the hub runs: whole, and of one moment."""
    server = _server()
    from junco.hub.server.backup import back_up

    copied = back_up(server.store_of(store), target)
    out(f"{copied:,} files")


def _mirroring(
    mirror: str | None, mirror_allow: tuple[str, ...], mirror_size: str, mirror_token_file: Path | None
) -> Any:
    from junco.hub.server.mirror.options import bytes_of, mirroring_of
    from junco.settings import secret

    token = secret("JUNCO_MIRROR_TOKEN")
    if mirror_token_file is not None:
        try:
            token = mirror_token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{mirror_token_file} cannot be read: a file with a token in it is meant") from None
    return mirroring_of(mirror, mirror_allow, token, bytes_of(mirror_size))


def _server() -> Any:
    try:
        from junco.hub.server import serve as module
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("junco"):
            raise
        raise MissingExtraError(error.name or "a package", "hub-server") from None
    return module


def hub_in(store: Path, database: str | None) -> Any:
    """The hub of a folder, which is there.

    Raises:
        InputError: there is none.
        MissingExtraError: what a hub needs is not installed.
    """
    return _open(_server().store_of(store), database=database)


def _open(store: Path, **more: Any) -> Any:
    from junco.hub.server.hub import open_hub

    return open_hub(store, **more)
