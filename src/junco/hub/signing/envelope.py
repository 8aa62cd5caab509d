"""The file of a signature: a Sigstore bundle with a DSSE envelope, and who signed: a key's hash, or certificates."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from junco.errors import IntegrityError
from junco.hub.content.card import SIGNATURE
from junco.hub.signing.statement import PAYLOAD_TYPE
from junco.wording import picture

MOST_BYTES = 32_000_000
_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_MOST_CERTIFICATES = 10


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signature with what it is over.

    Attributes:
        payload: the bytes of a statement.
        signature: over `signed_bytes` of it, in DER.
        hint: the sha256 of the public key's PEM; empty where certificates say whose it is.
        certificates: in DER, the signer's first.
    """

    payload: bytes
    signature: bytes
    hint: str = ""
    certificates: tuple[bytes, ...] = ()

    def to_json(self) -> bytes:
        """As it is written to ``model.sig``."""
        material: dict[str, Any] = {"publicKey": {"hint": self.hint}}
        if self.certificates:
            listed = [{"rawBytes": base64.b64encode(each).decode()} for each in self.certificates]
            material = {"x509CertificateChain": {"certificates": listed}}
        envelope = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(self.signature).decode(), "keyid": ""}],
        }
        told = {
            "mediaType": _MEDIA_TYPE,
            "verificationMaterial": {**material, "tlogEntries": []},
            "dsseEnvelope": envelope,
        }
        return json.dumps(told).encode()


def signed_bytes(payload: bytes) -> bytes:
    """What is really signed: the type and the lengths stand before the payload (DSSE's pre-authentication encoding)."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def read_envelope(data: bytes) -> Envelope:
    """What ``model.sig`` holds; nothing of it is believed yet.

    Raises:
        IntegrityError: it holds something else.
    """
    if len(data) > MOST_BYTES:
        raise IntegrityError(f"{SIGNATURE} has more than {MOST_BYTES:,} bytes")
    try:
        return _read(json.loads(data))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        why = str(error) if type(error) is ValueError else "it is cut off, or something else"
        raise IntegrityError(f"{SIGNATURE} is no signature of model-signing: {why}") from None


def _read(told: Any) -> Envelope:
    if told["mediaType"] != _MEDIA_TYPE:
        raise ValueError(f"it is {picture(told['mediaType'])}, and {_MEDIA_TYPE} is wanted")
    envelope, material = told["dsseEnvelope"], told["verificationMaterial"]
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"it signs {picture(envelope['payloadType'])}, and {PAYLOAD_TYPE} is wanted")
    if len(envelope["signatures"]) != 1:
        raise ValueError("it holds more than one signature, or none")
    listed = material.get("x509CertificateChain", {}).get("certificates", [])
    if len(listed) > _MOST_CERTIFICATES or "certificate" in material:
        raise ValueError("it is signed without keys of one's own (Sigstore), which needs a network to be verified")
    return Envelope(
        base64.b64decode(envelope["payload"], validate=True),
        base64.b64decode(envelope["signatures"][0]["sig"], validate=True),
        str(material.get("publicKey", {}).get("hint") or ""),
        tuple(base64.b64decode(each["rawBytes"], validate=True) for each in listed),
    )
