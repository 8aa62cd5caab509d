"""Certificates by which signatures are verified: the signer's own leads to one that the user trusts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from junco.errors import InputError, IntegrityError, TrustError
from junco.hub.content.card import SIGNATURE
from junco.hub.signing.envelope import Envelope
from junco.hub.signing.keys import (
    CURVES,
    WANTED,
    KeyVerifier,
    Verifier,
    certificates_library,
    check_by,
    elliptic,
    hash_of,
    serialization_library,
)
from junco.wording import reason

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class CertificateVerifier:
    """Verifies by certificates that lead to one that is trusted.

    Attributes:
        pem: the certificates that are trusted, one after the other.
        identity: whom the signer's has to be of: a name, or an address in it; empty: anybody's.
    """

    pem: bytes
    identity: str = ""

    def verify(self, envelope: Envelope) -> str:
        """Who signed, in words: whom the signer's certificate is of.

        Raises:
            TrustError: the certificates do not lead to one that is trusted, or it is not signed by the first.
        """
        if not envelope.certificates:
            raise TrustError(f"{SIGNATURE} is signed by a key, and certificates are wanted")
        x509 = certificates_library()
        try:
            first, *between = [x509.load_der_x509_certificate(each) for each in envelope.certificates]
            _check_chain(first, between, x509.load_pem_x509_certificates(self.pem))
        except ValueError as error:
            raise TrustError(f"the certificates in {SIGNATURE} cannot be read: {reason(error)}") from None
        names = _names_of(first)
        if self.identity and self.identity not in names:
            raise TrustError(f"{SIGNATURE} is signed by {', '.join(names) or 'nobody'}, and not by {self.identity}")
        public = first.public_key()
        if not isinstance(public, elliptic().EllipticCurvePublicKey) or public.curve.name not in CURVES:
            raise TrustError(f"the certificate in {SIGNATURE} is of a key that is no elliptic curve's: {WANTED}")
        check_by(public, envelope, names[0] if names else "its certificate")
        return names[0] if names else first.fingerprint(hash_of("SHA256")).hex()[:12]


def _check_chain(first: x509.Certificate, between: list[x509.Certificate], trusted: list[x509.Certificate]) -> None:
    """Refuse certificates that do not lead to one that is trusted, as of the day when the first began to hold."""
    from cryptography.x509 import verification

    x509 = certificates_library()
    may_be_any = verification.ExtensionPolicy.permit_all()
    authorities = verification.ExtensionPolicy.webpki_defaults_ca()
    builder = verification.PolicyBuilder().store(verification.Store(trusted))
    builder = builder.time(first.not_valid_before_utc.astimezone(UTC).replace(tzinfo=None))
    builder = builder.extension_policies(ca_policy=authorities, ee_policy=may_be_any)
    try:
        builder.build_client_verifier().verify(first, between)
    except verification.VerificationError as error:
        raise TrustError(f"the certificates in {SIGNATURE} do not lead to one that is trusted: {error}") from None
    purposes = {x509.oid.ExtendedKeyUsageOID.CODE_SIGNING, x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    usages: list[bool] = []
    kinds: tuple[tuple[Any, Callable[[Any], bool]], ...] = (
        (x509.KeyUsage, lambda usage: bool(usage.digital_signature)),
        (x509.ExtendedKeyUsage, lambda usage: not purposes.isdisjoint(usage)),
    )
    for kind, may_sign in kinds:
        try:
            usages.append(may_sign(first.extensions.get_extension_for_class(kind).value))
        except x509.ExtensionNotFound:
            continue
    if not usages or not all(usages):  # a web server's has the one and not the other
        raise TrustError(f"the certificate in {SIGNATURE} is not one by which anything may be signed (its key usage)")


def _names_of(certificate: x509.Certificate) -> list[str]:
    x509 = certificates_library()
    found = [str(each.value) for each in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    try:
        also = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return found
    for kind in (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName):
        found += map(str, also.get_values_for_type(kind))
    return found


def checked_certificates(data: bytes, what: str) -> bytes:
    """Certificates as they are kept.

    Raises:
        InputError: there is none.
    """
    try:
        found = certificates_library().load_pem_x509_certificates(data)
    except ValueError as error:
        raise InputError(f"{what} holds no certificate: {reason(error)}") from None
    return b"".join(each.public_bytes(serialization_library().Encoding.PEM) for each in found)


def verifiers_of(keys: Iterable[bytes], certificates: bytes, identity: str) -> list[Verifier]:
    """Whoever says whether a signature is good, for each key, and for the certificates.

    Raises:
        IntegrityError: there is nobody.
    """
    found: list[Verifier] = [KeyVerifier(each) for each in keys]
    found += [CertificateVerifier(certificates, identity)] if certificates else []
    if not found:
        raise IntegrityError("nobody is named who may sign")
    return found
