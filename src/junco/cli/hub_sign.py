"""``junco hub keys``, ``sign``, ``verify``: whose an artefact is, and that nobody changed it."""

from __future__ import annotations

from pathlib import Path

import click

from junco.cli.hub_session import hub_option
from junco.terminal import out, say

_FILE = click.Path(dir_okay=False, path_type=Path)
_certificates = click.option(
    "--certificate-chain", "chain", multiple=True, type=_FILE, metavar="FILE", help="Of certificates; may be repeated."
)


@click.command(short_help="Make a key to sign with.")
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--password", "with_password", is_flag=True, help="Encrypt the key by a password, which is asked for.")
def keys(name: Path, with_password: bool) -> None:
    """Make a key to sign with: NAME.key, to be kept secret, and NAME.pub, for whoever verifies.

    Of the curve P-256. It is what openssl ecparam -name prime256v1 -genkey makes.
    """
    from junco.hub.signing.keys import new_key

    password = _password(confirm=True) if with_password else ""
    private, public, hint = new_key(name, password)
    out(str(public))
    say(f"{private} signs, and is yours alone; its public key, {public.name}, has the hash {hint[:12]}")


@click.command(short_help="Sign all files of a folder.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="The private key.")
@click.option("--as", "name", default="", metavar="NAME", help="namespace/name: the signature is good for that alone.")
@_certificates
def sign(folder: Path, key: Path, name: str, chain: tuple[Path, ...]) -> None:
    """Sign all files of FOLDER: model.sig in it, as OpenSSF's model-signing writes it.

    With --certificate-chain, the key's own certificate first, then those that lead to one that others trust.
    """
    from junco.hub.signing.folders import sign as put

    out(str(put(folder, key, name=name, certificates=chain, password=lambda: _password(confirm=False))))


@click.command(short_help="Say whether a signature is good.")
@click.argument("what")
@click.option("--key", type=_FILE, metavar="FILE", help="The public key of whom one trusts.")
@_certificates
@click.option("--identity", default="", metavar="NAME", help="Whom the signer's certificate has to be of.")
@hub_option
def verify(what: str, key: Path | None, chain: tuple[Path, ...], identity: str, hub: str | None) -> None:
    """Whether WHAT, a folder or namespace/name[@version], is signed by whom one trusts: each file, and no other.

    The exit status is 2 where it is not.
    """
    from junco.hub.signing.folders import verify as look

    found = look(what, key=key, certificates=chain, identity=identity, hub=hub)
    out(f"{what}: {found.files} files, signed by {found.by} as {found.name}")


def _password(*, confirm: bool) -> str:
    found: str = click.prompt("password of the key", hide_input=True, confirmation_prompt=confirm, err=True)
    return found
