"""`sign` and `verify`: the signature of a folder, or of what was pulled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from junco.errors import InputError, IntegrityError, ParameterError, TrustError
from junco.hub.artefact.check import check
from junco.hub.artefact.tree import File, files_of
from junco.hub.client.private import write_whole
from junco.hub.content.card import SIGNATURE
from junco.hub.signing.certificates import checked_certificates, verifiers_of
from junco.hub.signing.envelope import Envelope
from junco.hub.signing.found import envelope_in
from junco.hub.signing.keys import Password, Verifier, read_pem, signed
from junco.hub.signing.statement import Statement, read_statement, write_statement
from junco.operator.hub_names import is_hub_name
from junco.settings import user_path
from junco.wording import picture


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that is good.

    Attributes:
        by: who signed, in words.
        name: of what was signed, as the signer called it.
        files: how many files it is over.
    """

    by: str
    name: str
    files: int


def sign(
    folder: str | Path,
    key: str | Path,
    *,
    name: str = "",
    certificates: Sequence[str | Path] = (),
    password: Password | None = None,
) -> Path:
    """Sign a folder: ``model.sig`` in it, over all its files, which model-signing's own tools can verify.

    Args:
        folder: an artefact, which is checked before.
        key: the file of a private key, of the curve P-256, P-384 or P-521.
        name: ``namespace/name`` on a hub: then the signature is good for nothing else.
        certificates: files of the key's certificate, and of those that lead from it to one that others trust.
        password: asked for where the key is encrypted.

    Returns:
        The file of the signature.

    Raises:
        ContractError: something is wrong with the folder; with all of it.
        InputError: the key cannot sign.
        TargetError: it cannot be written.
    """
    top = user_path(folder).absolute()
    if name and not is_hub_name(name):
        raise ParameterError(f"{picture(name)} is no name on a hub: namespace/name")
    if "@" in name:
        raise ParameterError(f"{picture(name)}: a signature is of all versions of a name: {name.partition('@')[0]!r}")
    checked = check(top)
    others = tuple(each for each in checked.problems if each.path != SIGNATURE)  # the one before is replaced
    replace(checked, problems=others).refuse()
    payload = write_statement(name or top.name, files_of(top))
    chain = b"".join(read_pem(each, "certificate") for each in certificates)
    made = signed(payload, read_pem(key, "key"), chain, password)
    write_whole(top / SIGNATURE, made.to_json())
    (top / SIGNATURE).chmod(0o644)
    return top / SIGNATURE


def verify(
    what: str | Path,
    *,
    key: str | Path | None = None,
    certificates: Sequence[str | Path] = (),
    identity: str = "",
    hub: str | None = None,
) -> Signed:
    """Whether a folder, or what lies on a hub, is signed by whom one trusts: every file of it, and no other.

    Args:
        what: a folder, or ``namespace/name[@version]``, which is pulled.
        key: the file of a public key.
        certificates: files of those that are trusted, instead.
        identity: whom the signer's certificate has to be of.
        hub: the address of the hub.

    Raises:
        TrustError: it is not signed, or not by them.
        IntegrityError: what is signed are other files, or the signature is none.
    """
    if (key is None) == (not certificates):
        raise InputError("say who may have signed: a public key, --key FILE (key=), or --certificate-chain FILE")
    keys = [read_pem(key, "key")] if key is not None else []
    chain = b"".join(read_pem(each, "certificate") for each in certificates)
    verifiers = verifiers_of(keys, checked_certificates(chain, "what is trusted") if chain else b"", identity)
    if is_hub_name(what) and not user_path(what).exists():
        from junco.hub.client.pulling import pulled

        found = pulled(str(what), hub=hub, project=Path.cwd())
        try:
            return verified(found.folder, found.revision.files, verifiers, found.revision.repository)
        except (TrustError, IntegrityError) as error:
            raise type(error)(str(error).replace(str(found.folder), str(what))) from None
    top = user_path(what)
    return verified(top, files_of(top), verifiers)


def verified(folder: Path, files: Iterable[File], verifiers: Sequence[Verifier], repository: str = "") -> Signed:
    """The good signature of a folder whose files were hashed.

    Args:
        folder: where they lie.
        files: all of them, with their sha256.
        verifiers: of whom one has to agree.
        repository: ``namespace/name`` that it is; where the signer named one, it has to be this.

    Raises:
        TrustError: it is not signed, or by nobody of them.
        IntegrityError: what is signed are other files, or the signature is none.
    """
    envelope = envelope_in(folder)
    by = _who(envelope, verifiers)
    told = read_statement(envelope.payload)
    told.check(files)
    _check_name(told, repository)
    return Signed(by, told.name, len(told.files))


def _check_name(told: Statement, repository: str) -> None:
    named = told.name.partition("@")[0].lower()
    if repository and is_hub_name(told.name) and named != repository.lower():
        raise IntegrityError(f"{SIGNATURE} is of {told.name}, and this is {repository}: it was taken from there")


def _who(envelope: Envelope, verifiers: Sequence[Verifier]) -> str:
    refused: list[TrustError] = []
    for each in verifiers:
        try:
            return each.verify(envelope)
        except TrustError as error:
            refused.append(error)
    raise refused[0]
