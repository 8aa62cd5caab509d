"""Who may ask: the browser of whoever holds the address, from the pages of this server, and nobody else.

A page of another site that is open in the same browser can send requests to this machine. It does not know the token in
the address; and what it sends names itself in ``Host`` (where its name was bound to this machine's address), ``Origin``
or ``Sec-Fetch-Site``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
_NAMES = (LOOPBACK, "localhost")
_POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self' data:; style-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: nothing runs but the server's own script, nobody else reads or frames a page."""


def new_token() -> str:
    """What an address has to hold: nobody guesses it."""
    return secrets.token_urlsafe(18)


def refusal(method: str, headers: Mapping[str, str | None], port: int) -> str:
    """Why a request is refused, whatever it asks for; empty where it is not.

    Args:
        method: in capitals.
        headers: ``Host``, ``Origin``, ``Sec-Fetch-Site``, ``Sec-Fetch-Mode`` as they came.
        port: that the server listens at.
    """
    hosts = [f"{name}:{port}" for name in _NAMES]
    if (headers.get("Host") or "").lower() not in hosts:
        return "this server answers to 127.0.0.1 alone"
    origin = headers.get("Origin")
    if origin is not None and origin.lower() not in [f"http://{host}" for host in hosts]:
        return "another site's page asks"
    is_visit = method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate"
    if headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and not is_visit:
        return "another site's page asks"
    return ""


def is_token(given: str, token: str) -> bool:
    """Whether it is the token, compared in a time that tells nothing."""
    return secrets.compare_digest(given.encode(), token.encode())
