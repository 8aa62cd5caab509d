"""A hub that runs: opened, listening, and closed in order."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError

from junco.errors import InputError
from junco.hub.server.accounts.administering import add_user
from junco.hub.server.blobs.collect import collect
from junco.hub.server.clock import DAY
from junco.hub.server.hub import Hub
from junco.hub.server.tables.people import User

_BACKLOG = 512
_STOP_S = 10
_FIRST_TIDY_S = 600
log = logging.getLogger("junco.hub")


def first_admin(hub: Hub) -> tuple[str, str] | None:
    """The name and the password of a hub's first admin, who is made now; ``None`` where there are users."""
    with hub.database.reading() as session:
        if session.scalar(select(exists().where(User.id.is_not(None)))):
            return None
    return "hubadmin", add_user(hub, "hubadmin", admin=True)


def serve(
    hub: Hub,
    host: str,
    port: int,
    ready: Callable[[str], None],
    proxies: str = "",
    tls: tuple[Path, Path] | None = None,
) -> None:
    """Answer requests until Ctrl-C or SIGTERM; those at work are ended first.

    Args:
        hub: that is served.
        host: an address of this machine.
        port: to listen at; 0 takes one that is free.
        ready: is told the address, when requests are taken.
        proxies: addresses of reverse proxies, with a comma between: what they say of who asks, and whether by TLS,
            is believed.
        tls: the files of a certificate and of its key, where the hub speaks TLS itself.

    Raises:
        InputError: the port is taken, or may not be used.
    """
    taken = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    server = server_of(hub, proxies, tls)
    with contextlib.closing(taken), contextlib.suppress(KeyboardInterrupt), _told_to_end(), _tidied(hub):
        ready(f"{'https' if tls else 'http'}://{shown}:{taken.getsockname()[1]}")
        server.run(sockets=[taken])
    hub.close()


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """SIGTERM is as Ctrl-C is: uvicorn ends what is at work first, and sends the signal on."""

    def end(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _tidied(hub: Hub) -> Iterator[None]:
    """Meanwhile garbage is let go of, once a day."""
    ended = threading.Event()

    def tidy() -> None:
        wait = _FIRST_TIDY_S
        while not ended.wait(wait):
            wait = DAY
            try:
                collect(hub)
            except (OSError, SQLAlchemyError):  # a full disk, a locked database: tomorrow again
                log.exception("garbage was not collected")

    thread = threading.Thread(target=tidy, name="junco hub garbage", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_STOP_S)


def tls_of(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """The files by which a hub speaks TLS, which fit each other; ``None`` where there are none.

    Raises:
        InputError: one is missing, or they cannot be used.
    """
    import ssl

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise InputError("TLS needs both: --certificate FILE --key FILE")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "reason", None) or error
        raise InputError(f"{certificate} and {key} are no certificate and its key (PEM, no password): {why}") from None
    return certificate, key


def server_of(hub: Hub, proxies: str = "", tls: tuple[Path, Path] | None = None) -> Any:
    """What answers for a hub: uvicorn's, which runs on sockets that listen."""
    import uvicorn

    from junco.hub.server.app import make_app
    from junco.hub.server.connections import Connection

    return uvicorn.Server(
        uvicorn.Config(
            make_app(hub),
            http=Connection,
            log_level="warning",
            access_log=False,  # addresses hold signatures
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            timeout_graceful_shutdown=_STOP_S,
            timeout_keep_alive=15,
            lifespan="off",
            ssl_certfile=tls[0] if tls else None,
            ssl_keyfile=tls[1] if tls else None,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        InputError: it cannot be.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once on sockets that say they are TCP's, and 40 ms later on others
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        taken.close()
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{host} port {port} cannot be listened at: {why}; --port 0 takes one that is free") from None
    return taken


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def store_of(path: Path) -> Path:
    """The folder of a hub that is there.

    Raises:
        InputError: there is none.
    """
    if not (path / "incoming").is_dir():
        raise InputError(f"there is no hub in {path}: junco hub serve {path} makes one")
    return path
