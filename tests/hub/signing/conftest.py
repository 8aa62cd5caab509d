"""Keys, certificates and folders to sign, made by openssl as anybody would make them."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

from junco.hub.artefact.beginnings import begin

_spec = importlib.util.spec_from_file_location(
    "hub_client_conftest", Path(__file__).parent.parent / "client/conftest.py"
)
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)
served = pytest.fixture(scope="module", name="served")(_shared.hub.__wrapped__)
machine = _shared.machine


@pytest.fixture(name="hub")
def the_hub(served):
    return served


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """Keys of alice and mallory (P-256), of others that may not sign, and certificates: root, between, alice's."""
    top = tmp_path_factory.mktemp("pki")
    for name, curve in (
        ("alice", "prime256v1"),
        ("mallory", "prime256v1"),
        ("p384", "secp384r1"),
        ("other", "secp256k1"),
    ):
        openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", top / f"{name}.key")
        openssl("ec", "-in", top / f"{name}.key", "-pubout", "-out", top / f"{name}.pub")
    openssl("genrsa", "-out", top / "rsa.key", "2048")
    openssl("rsa", "-in", top / "rsa.key", "-pubout", "-out", top / "rsa.pub")
    openssl("ec", "-in", top / "alice.key", "-aes256", "-passout", "pass:secret", "-out", top / "locked.key")
    for root in ("root", "another-root"):
        _authority(top, root)
    _certificate(top, "between", "root", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
    _certificate(top, "alice", "between", "keyUsage=critical,digitalSignature\nsubjectAltName=email:alice@x.example\n")
    _certificate(top, "mallory", "another-root", "keyUsage=critical,digitalSignature\n")
    _certificate(top, "server", "between", "keyUsage=critical,keyEncipherment\n", key="p384")
    for name, purpose in (("web", "serverAuth"), ("signer", "codeSigning")):
        _certificate(
            top, name, "between", f"keyUsage=critical,digitalSignature\nextendedKeyUsage={purpose}\n", key="p384"
        )
    _certificate(top, "below", "alice", "keyUsage=critical,digitalSignature\n", key="mallory")
    return top


def _authority(top, name):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", top / f"{name}.key")
    more = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    subject = ["-subj", f"/CN={name}", "-days", "3650"]
    openssl("req", "-x509", "-new", "-key", top / f"{name}.key", *subject, *more, "-out", top / f"{name}.crt")


def _certificate(top, name, issuer, extensions, key=""):
    own = top / f"{key or name}.key"
    if not own.exists():
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", own)
    openssl("req", "-new", "-key", own, "-subj", f"/CN={name}", "-out", top / f"{name}.csr")
    told = top / f"{name}.ext"
    told.write_text(f"{extensions}subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    by = ["-CA", top / f"{issuer}.crt", "-CAkey", top / f"{issuer}.key", "-CAcreateserial", "-days", "3000"]
    openssl("x509", "-req", "-in", top / f"{name}.csr", *by, "-extfile", told, "-out", top / f"{name}.crt")


@pytest.fixture
def folder(tmp_path):
    """A small artefact whose files are sorted otherwise as texts than as paths."""
    made = begin("pipeline-family", "flowers", tmp_path / "flowers")
    (made / "cases.txt").write_text("what the cases are\n")
    return made
