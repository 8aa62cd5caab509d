"""Keys and certificates that sign, and by which signatures are verified: elliptic curves, from PEM files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from junco.errors import InputError, MissingExtraError, TargetError, TrustError
from junco.hub.content.card import SIGNATURE
from junco.hub.signing.envelope import Envelope, signed_bytes
from junco.settings import user_path
from junco.wording import reason

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
_MOST_PEM_BYTES = 1_000_000
Password = Callable[[], str]
"""Asked for where a private key is encrypted."""


class Verifier(Protocol):
    """Whoever says whether a signature is good."""

    def verify(self, envelope: Envelope) -> str:
        """Who signed, in words.

        Raises:
            TrustError: somebody else did, or nobody.
        """


@dataclass(frozen=True, slots=True)
class KeyVerifier:
    """Verifies by one public key.

    Attributes:
        pem: the key.
    """

    pem: bytes

    def verify(self, envelope: Envelope) -> str:
        """Who signed, in words: the key's hash.

        Raises:
            TrustError: it is not signed by this key.
        """
        public = _public_key(self.pem, "the key")
        mine = hint_of(public)
        if envelope.hint and envelope.hint != mine:
            raise TrustError(f"{SIGNATURE} is signed by the key {envelope.hint[:12]}, and not by {mine[:12]}")
        check_by(public, envelope, f"the key {mine[:12]}")
        return f"the key {mine[:12]}"


def check_by(public: ec.EllipticCurvePublicKey, envelope: Envelope, who: str) -> None:
    """Refuse what is not signed by a key.

    Raises:
        TrustError: naming ``who`` it should be.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        public.verify(envelope.signature, signed_bytes(envelope.payload), _ecdsa(public.curve.name))
    except InvalidSignature:
        raise TrustError(f"{SIGNATURE} is not signed by {who}: it is forged, or was changed") from None


def signed(payload: bytes, key: bytes, certificates: bytes = b"", password: Password | None = None) -> Envelope:
    """A payload, signed.

    Args:
        payload: a statement's bytes.
        key: a private key in PEM.
        certificates: in PEM, the key's own first, where these go with it.
        password: asked for where the key is encrypted.

    Raises:
        InputError: the key cannot sign, or the certificate is another key's.
    """
    private = _private_key(key, password)
    signature = private.sign(signed_bytes(payload), _ecdsa(private.curve.name))
    if not certificates:
        return Envelope(payload, signature, hint_of(private.public_key()))
    try:
        chain = certificates_library().load_pem_x509_certificates(certificates)
    except ValueError as error:
        raise InputError(f"the certificates are none: {reason(error)}") from None
    if chain[0].public_key() != private.public_key():
        raise InputError("the first certificate is of another key than the one that signs")
    encoding = serialization_library().Encoding.DER
    return Envelope(payload, signature, certificates=tuple(each.public_bytes(encoding) for each in chain))


def new_key(path: str | Path, password: str = "") -> tuple[Path, Path, str]:
    """Make a key: ``NAME.key``, which stays secret, and ``NAME.pub``, for whoever verifies.

    Returns:
        Both files, and the public key's hash.

    Raises:
        TargetError: there is such a file, or it cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    serialization = serialization_library()
    made = ec.generate_private_key(ec.SECP256R1())
    secret = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    private = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    top = user_path(path).absolute()
    files = top.with_name(f"{top.name}.key"), top.with_name(f"{top.name}.pub")
    for file, data, mode in zip(files, (private, _pem_of(made.public_key())), (0o600, 0o644), strict=True):
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise TargetError(f"{file} is there already: keys are never replaced, give another name") from None
        except OSError as error:
            raise TargetError(f"{file} cannot be written: {error.strerror or error}") from None
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
    return *files, hint_of(made.public_key())


def read_pem(path: str | Path, what: str) -> bytes:
    """The bytes of a file of keys or certificates.

    Raises:
        InputError: there is none, or it is too large to be one.
    """
    file = user_path(path)
    try:
        if file.stat().st_size > _MOST_PEM_BYTES:
            raise InputError(f"{file} is no {what}: it has more than {_MOST_PEM_BYTES:,} bytes")
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}, the {what}, cannot be read: {error.strerror or error}") from None


def public_pem(data: bytes, what: str) -> bytes:
    """A public key as it is kept, of a PEM that holds one, and nothing secret.

    Raises:
        InputError: it holds none, or a private one.
    """
    return _pem_of(_public_key(data, what))


def hint_of(public: ec.EllipticCurvePublicKey) -> str:
    """The sha256 of a public key, by which signatures name it."""
    return hashlib.sha256(_pem_of(public)).hexdigest()


def hint_of_pem(data: bytes) -> str:
    """The same, of a public key in PEM."""
    return hint_of(_public_key(data, "the key"))


def _pem_of(public: ec.EllipticCurvePublicKey) -> bytes:
    serialization = serialization_library()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


WANTED = "one of the curves P-256, P-384, P-521, as 'junco hub keys' makes"


def _public_key(data: bytes, what: str) -> ec.EllipticCurvePublicKey:
    if b"PRIVATE KEY" in data:
        raise InputError(f"{what} is a private one, which is for whoever signs alone: give the public key (.pub)")
    try:
        found = serialization_library().load_pem_public_key(data)
    except ValueError as error:
        raise InputError(f"{what} is no public key in PEM: {reason(error)}") from None
    made: ec.EllipticCurvePublicKey = _on_curve(found, elliptic().EllipticCurvePublicKey, what)
    return made


def _private_key(data: bytes, password: Password | None) -> ec.EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm

    load = serialization_library().load_pem_private_key
    try:
        try:
            found = load(data, None)
        except TypeError:  # it is encrypted
            if password is None:
                raise InputError("the key is encrypted, and its password was not given") from None
            found = load(data, password().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"the key is no private key in PEM, or its password is wrong: {reason(error)}") from None
    made: ec.EllipticCurvePrivateKey = _on_curve(found, elliptic().EllipticCurvePrivateKey, "the key")
    return made


def _on_curve(key: Any, kind: type[Any], what: str) -> Any:
    if not isinstance(key, kind) or key.curve.name not in CURVES:
        raise InputError(f"{what} is none that signs models: {WANTED}")
    return key


def _ecdsa(curve: str) -> Any:
    return elliptic().ECDSA(hash_of(CURVES[curve]))


def hash_of(name: str) -> Any:
    """A hash of the library's, by its name."""
    from cryptography.hazmat.primitives import hashes

    return getattr(hashes, name)()


def elliptic() -> Any:
    """The library's part for elliptic curves."""
    _needed()
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec


def serialization_library() -> Any:
    """The library's part for files of keys."""
    _needed()
    from cryptography.hazmat.primitives import serialization

    return serialization


def certificates_library() -> Any:
    """The library's part for certificates."""
    _needed()
    from cryptography import x509

    return x509


def _needed() -> None:
    try:
        import cryptography  # noqa: F401  # whether it is here
    except ModuleNotFoundError:
        raise MissingExtraError("cryptography", "hub", "a signature") from None
