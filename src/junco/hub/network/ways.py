"""A client of HTTP for one address: whose certificates are believed, through which proxy, and nothing else of the
environment. No file of passwords is read, no redirection is followed, nothing is unpacked.
"""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from junco.errors import InputError, MissingExtraError
from junco.settings import certificate_bundles

if TYPE_CHECKING:
    import httpx2


def client_for(
    address: str,
    headers: Mapping[str, str],
    *,
    silent_s: float,
    connect_s: float,
    authorities: tuple[Path, ...] = (),
) -> httpx2.Client:
    """A client that talks to ``address``, and to what lies behind the same proxy.

    Args:
        address: of a hub.
        headers: of every request.
        silent_s: without a byte.
        connect_s: until there is a connection.
        authorities: PEM files with certificates of authorities that are believed beside the machine's.

    Raises:
        InputError: a file of certificates holds none, or the environment names a proxy that is no address.
        MissingExtraError: there is nothing that speaks HTTP.
    """
    try:
        import httpx2
    except ModuleNotFoundError:
        raise MissingExtraError("httpx2", "hub", "a hub") from None
    proxy = proxy_for(address)
    context = certificates(authorities) if proxy or address.startswith("https:") else True
    timeout = httpx2.Timeout(silent_s, connect=connect_s)
    try:
        return httpx2.Client(
            headers={"Accept-Encoding": "identity", "User-Agent": "junco", **headers},
            verify=context,
            timeout=timeout,
            proxy=proxy,
            follow_redirects=False,
            trust_env=False,
        )
    except (ValueError, ImportError, httpx2.InvalidURL):  # socks is a package of its own
        raise InputError(
            f"the environment's proxy for {address} is none that is spoken to: HTTPS_PROXY=http://HOST:PORT"
        ) from None


def proxy_for(address: str) -> str | None:
    """The proxy by which an address is reached, as ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``
    (in either case of letters) say; ``None`` where there is none.
    """
    parts = urlsplit(address)
    named = urllib.request.getproxies_environment()
    found = named.get(parts.scheme.lower()) or named.get("all")
    host = parts.hostname or ""
    if not found or urllib.request.proxy_bypass_environment(host, named):  # type: ignore[attr-defined]
        return None
    return found if "://" in found else f"http://{found}"


def certificates(authorities: tuple[Path, ...] = ()) -> ssl.SSLContext:
    """Whose certificates are believed: the machine's authorities (or those of ``SSL_CERT_FILE``, ``SSL_CERT_DIR``),
    those of ``REQUESTS_CA_BUNDLE`` and ``CURL_CA_BUNDLE``, and these.

    Raises:
        InputError: a file is not there, or holds no certificate.
    """
    import httpx2

    try:
        context: ssl.SSLContext = httpx2.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"SSL_CERT_FILE or SSL_CERT_DIR holds no certificates that can be read: {error}") from None
    for file in (*map(Path, certificate_bundles()), *authorities):
        try:
            folder = str(file) if file.is_dir() else None
            context.load_verify_locations(cafile=None if folder else str(file), capath=folder)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if isinstance(error, FileNotFoundError) else "no PEM of certificates"
            raise InputError(f"{file} cannot be used as certificates of authorities: {why}") from None
    return context
