"""Certificate authorities that one believes for one hub: a company's own, kept when one logs in."""

from __future__ import annotations

import ssl
from pathlib import Path

from junco.errors import InputError
from junco.hub.client.address import key_of
from junco.hub.client.private import hub_home
from junco.settings import settings

_MOST_BYTES = 4_000_000


def keep_authority(address: str, file: Path) -> None:
    """Believe the authorities of a PEM file for a hub from now on, beside those that the machine believes.

    Raises:
        InputError: it holds no certificate.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        if "BEGIN CERTIFICATE" not in (text := file.read_text("ascii")):
            raise ValueError("it is no PEM of certificates")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=text)
        if not context.cert_store_stats()["x509_ca"]:
            raise ValueError("it has no certificate of an authority: the server's own is not enough")
    except (OSError, ValueError, ssl.SSLError) as error:
        why = "it is no PEM of certificates" if isinstance(error, (ssl.SSLError, UnicodeDecodeError)) else error
        raise InputError(f"--ca {file}: {why}") from None
    target = hub_home() / "authorities"
    target.mkdir(mode=0o700, exist_ok=True)
    kept = target / f"{key_of(address)}.pem"
    part = kept.with_suffix(".part")
    part.write_text(text, "ascii")
    part.chmod(0o600)
    part.replace(kept)


def authorities_of(address: str) -> tuple[Path, ...]:
    """The file that was kept for a hub, if there is one."""
    kept = settings().home / "hub" / "authorities" / f"{key_of(address)}.pem"
    return (kept,) if kept.is_file() else ()
