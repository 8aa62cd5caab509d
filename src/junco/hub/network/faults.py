"""What keeps a client from a hub, in words that say what to do: certificates, proxies, names, time."""

from __future__ import annotations

import re
import socket
import ssl

from junco.hub.network.ways import proxy_for
from junco.wording import brief

_OF_PROXY = re.compile(r"\b([45]\d\d)\b")


def why_unreachable(address: str, error: BaseException) -> str:
    """One line about an error of a request: what is wrong, and what to do about it.

    Args:
        address: that was asked.
        error: of httpx2.
    """
    chain = _chain(error)
    proxy = proxy_for(address)
    if (refused := next((each for each in chain if isinstance(each, ssl.SSLCertVerificationError)), None)) is not None:
        return f"{address}: {_of_certificate(refused)}"
    if any(type(each).__name__ == "ProxyError" for each in chain):
        return f"{address}: {_of_proxy(proxy, str(error))}"
    return f"{address}{_of_line(chain, proxy)}"


def _of_line(chain: list[BaseException], proxy: str | None) -> str:
    kinds = {type(each).__name__ for each in chain}
    through = f" through the proxy {shown(proxy)}" if proxy else ""
    named = f"the proxy {shown(proxy)}" if proxy else "it"
    known = (
        (ssl.SSLError, ": no TLS is spoken there (http:// instead of https://?), or none that is safe enough"),
        (
            socket.gaierror,
            f" cannot be reached: no name server knows {named}: is it spelt right, and is there a network?",
        ),
        (ConnectionRefusedError, f" cannot be reached{through}: nothing listens there"),
    )
    for kind, words in known:
        if any(isinstance(each, kind) for each in chain):
            return words
    if "ConnectTimeout" in kinds:
        return f" cannot be reached{through}: nobody answers: no route, a firewall, or HTTPS_PROXY is missing"
    if kinds & {"ReadTimeout", "WriteTimeout", "PoolTimeout", "TimeoutError"}:
        return f": it is connected{through} and then silent for too long"
    return f" cannot be reached{through}: {brief(chain[0])}"


def is_lasting(error: BaseException) -> bool:
    """Whether the same will come of it when it is tried again: certificates, and what proxies refuse."""
    chain = _chain(error)
    return any(isinstance(each, ssl.SSLError) for each in chain) or any(
        type(each).__name__ == "ProxyError" and re.search(r"\b4\d\d\b", str(each)) for each in chain
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


_CERTIFICATES = (
    (("expired",), "its certificate has expired (or this machine's clock is wrong)"),
    (("not yet valid",), "its certificate is not valid yet (is this machine's clock right?)"),
    (("mismatch", "not valid for"), "its certificate is for another name, so it may be somebody else's server"),
    (
        ("self-signed", "self signed", "unable to get local issuer", "unknown ca"),
        "its certificate is of an authority that this machine does not know: give it by "
        "'junco hub login --ca FILE', or by SSL_CERT_FILE",
    ),
)


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    said = (error.verify_message or str(error)).lower()
    found = (words for signs, words in _CERTIFICATES if any(sign in said for sign in signs))
    return next(found, f"its certificate is refused: {brief(error)}")


def _of_proxy(proxy: str | None, said: str) -> str:
    found = _OF_PROXY.search(said)
    if found and found[1] == "407":
        return f"the proxy {shown(proxy)} asks for a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT"
    told = f" answered {found[1]}" if found else f": {said[:120]}"
    return f"the proxy {shown(proxy)}{told}; NO_PROXY names hosts that are reached without it"


def shown(proxy: str | None) -> str:
    """A proxy without the name and password that may stand in its address."""
    scheme, _, rest = (proxy or "").rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest.rpartition("@")[2]
