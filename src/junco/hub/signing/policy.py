"""Whose signatures this user wants: for a namespace of a hub, the keys or certificates by which all of it is signed.

They lie in JUNCO_HOME, in a file of this user's alone. What a namespace with keys holds is used only where it is signed
by one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from junco.errors import IntegrityError, JuncoError, ParameterError, TrustError
from junco.hub.client.address import chosen_hub
from junco.hub.client.private import alone, hub_home, read_private, write_private
from junco.hub.client.revision import Revision
from junco.hub.signing.certificates import checked_certificates, verifiers_of
from junco.hub.signing.keys import hint_of_pem, public_pem, read_pem
from junco.operator.hub_names import is_hub_name
from junco.settings import settings
from junco.wording import picture


def trust_key(namespace: str, key: str | Path, *, hub: str | None = None) -> str:
    """Want all of a namespace to be signed by a key, beside those that may sign already: the key, in words.

    Raises:
        InputError: the file holds no public key.
        ParameterError: it is no namespace.
    """
    pem = public_pem(read_pem(key, "key"), str(key)).decode()
    _change(
        namespace, hub, lambda said: {**said, "keys": sorted({*said.get("keys", ()), pem})}, hint_of_pem(pem.encode())
    )
    return f"the key {hint_of_pem(pem.encode())[:12]}"


def trust_certificates(
    namespace: str, certificates: Sequence[str | Path], identity: str = "", *, hub: str | None = None
) -> str:
    """Want all of a namespace to be signed by whoever has a certificate that leads to one of these: who, in words.

    Args:
        namespace: of the hub.
        certificates: files of those that are trusted.
        identity: whom the signer's own has to be of; empty: anybody's.
        hub: the address of the hub.

    Raises:
        InputError: a file holds no certificate.
    """
    pem = checked_certificates(b"".join(read_pem(each, "certificate") for each in certificates), "what is trusted")
    who = identity or "whoever has a certificate of theirs"
    _change(namespace, hub, lambda said: {**said, "certificates": pem.decode(), "identity": identity}, who)
    return who


def forget(namespace: str, *, hub: str | None = None) -> int:
    """Want no signatures of a namespace any more: how many keys there were."""
    address = chosen_hub(hub)
    from junco.hub.trust.log import note

    with alone():
        kept = _kept()
        said = kept.get(address, {}).pop(_named(namespace), {})
        if said:
            note("forget keys", hub=address, namespace=namespace)
            write_private(_file(), kept)
    return len(said.get("keys", ())) + bool(said.get("certificates"))


def check_signed(hub: str, revision: Revision, folder: Path) -> str:
    """Refuse what has to be signed and is not: who signed, in words; empty where nobody has to.

    Raises:
        TrustError: it is not signed, or not by whom this user wants.
        IntegrityError: its signature is of other files.
    """
    said = _kept().get(hub, {}).get(_named(revision.repository.partition("/")[0]))
    if not said:
        return ""
    from junco.hub.signing.folders import verified

    keys = [str(each).encode() for each in said.get("keys", ())]
    verifiers = verifiers_of(keys, str(said.get("certificates", "")).encode(), str(said.get("identity", "")))
    try:
        return verified(folder, revision.files, verifiers, revision.repository).by
    except (TrustError, IntegrityError) as error:
        raise type(error)(
            f"{revision.repository} at {revision.commit[:12]} is not used: {_without(error, folder)}. On this machine "
            f"all of {revision.repository.partition('/')[0]} has to be signed ('junco hub trust --list')"
        ) from None


def wanted() -> list[tuple[str, str, str]]:
    """What has to be signed: hub, namespace, and by whom in words."""
    return [
        (
            hub,
            namespace,
            ", ".join([*(hint_of_pem(str(key).encode())[:12] for key in said.get("keys", ())), *_whose(said)]),
        )
        for hub, namespaces in _kept().items()
        for namespace, said in namespaces.items()
    ]


def _whose(said: Mapping[str, Any]) -> list[str]:
    return [str(said.get("identity") or "certificates")] if said.get("certificates") else []


def _without(error: JuncoError, folder: Path) -> str:
    return str(error).replace(f"{folder} ", "it ")


def _change(namespace: str, hub: str | None, change: Any, who: str) -> None:
    from junco.hub.trust.log import note

    address, name = chosen_hub(hub), _named(namespace)
    with alone():
        kept = _kept()
        note("trust key", hub=address, namespace=namespace, key=who)
        said = kept.setdefault(address, {})
        said[name] = change(said.get(name, {}))
        write_private(_file(), kept)


def _named(namespace: str) -> str:
    if not is_hub_name(f"{namespace}/x"):
        raise ParameterError(f"{picture(namespace)} is no namespace of a hub")
    return namespace.lower()


def _file() -> Path:
    return hub_home() / "signers.json"


def _kept() -> dict[str, dict[str, Any]]:
    if not (settings().home / "hub" / "signers.json").exists():
        return {}
    found = read_private(_file())
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise IntegrityError(f"{_file()} holds no keys: move it away, and say again whose signatures you want")
    return found
