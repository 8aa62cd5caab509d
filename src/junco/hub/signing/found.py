"""The signature that lies in a folder, and what is wrong with it whoever signed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from junco.errors import IntegrityError, TrustError
from junco.hub.artefact.tree import File, Problem
from junco.hub.content.card import SIGNATURE
from junco.hub.signing.envelope import MOST_BYTES, Envelope, read_envelope
from junco.hub.signing.statement import read_statement
from junco.places.files import file_sha256


def envelope_in(folder: Path) -> Envelope:
    """What ``model.sig`` in a folder holds; nothing of it is believed yet.

    Raises:
        TrustError: there is none.
        IntegrityError: it is no signature.
    """
    file = folder / SIGNATURE
    if not file.is_file():
        raise TrustError(f"{folder} is not signed: there is no {SIGNATURE}")
    try:
        with file.open("rb") as opened:
            return read_envelope(opened.read(MOST_BYTES + 1))
    except OSError as error:
        raise IntegrityError(f"{file} cannot be read: {error.strerror or error}") from None


def problems_of_signature(folder: Path, paths: Collection[str]) -> list[Problem]:
    """What is wrong with the signature in a folder: that it is none, or of other files."""
    if SIGNATURE not in paths:
        return []
    try:
        told = read_statement(envelope_in(folder).payload)
        told.check(File(path, (folder / path).stat().st_size, file_sha256(folder / path)) for path in paths)
    except (IntegrityError, OSError) as error:
        return [Problem(SIGNATURE, str(error).removeprefix(f"{SIGNATURE} "))]
    return []
