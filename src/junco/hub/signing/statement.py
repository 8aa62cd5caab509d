"""What is signed: an in-toto statement of model-signing, version 1.0, that names every file with its sha256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from junco.errors import IntegrityError
from junco.hub.artefact.tree import MOST_FILES, SHA256, File
from junco.hub.content import paths
from junco.hub.content.card import SIGNATURE
from junco.wording import picture, some_listed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://model_signing/signature/v1.0"
_AGAIN = "sign the folder again: junco hub sign"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a signature says.

    Attributes:
        name: of what was signed; where it is one on a hub, the signature is of nothing else.
        files: paths and their sha256.
    """

    name: str
    files: Mapping[str, str]

    def check(self, files: Iterable[File]) -> None:
        """Refuse files that are not those that were signed: others, more or fewer.

        Raises:
            IntegrityError: with which.
        """
        here = {file.path: file.sha256 for file in files if file.path != SIGNATURE}
        problems = [
            *(f"{path} is not signed" for path in sorted(here.keys() - self.files.keys())),
            *(f"{path} is signed, and missing" for path in sorted(self.files.keys() - here.keys())),
            *(
                f"{path} is another than the one that is signed"
                for path in sorted(here.keys() & self.files.keys())
                if here[path] != self.files[path]
            ),
        ]
        if problems:
            raise IntegrityError(f"{SIGNATURE} is of other files: {some_listed(problems)}: {_AGAIN}")


def write_statement(name: str, files: Iterable[File]) -> bytes:
    """The statement of some files, as it is signed."""
    listed = sorted((file for file in files if file.path != SIGNATURE), key=lambda file: PurePosixPath(file.path))
    told = {
        "_type": _TYPE,
        "subject": [{"name": name, "digest": {"sha256": _root(file.sha256 for file in listed)}}],
        "predicateType": _PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE],
            },
            "resources": [{"name": file.path, "algorithm": "sha256", "digest": file.sha256} for file in listed],
        },
    }
    return json.dumps(told, indent=1).encode()


def read_statement(payload: bytes) -> Statement:
    """What a signed text says. Read it only once the signature over it is known to be good.

    Raises:
        IntegrityError: it is no statement of model-signing 1.0 by files and sha256, or contradicts itself.
    """
    try:
        told = json.loads(payload)
        return _read(told)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        why = str(error) if type(error) is ValueError else "it says too little"
        raise IntegrityError(f"what {SIGNATURE} signs is no statement of model-signing 1.0: {why}") from None


def _read(told: Any) -> Statement:
    if told["_type"] != _TYPE or told["predicateType"] != _PREDICATE:
        raise ValueError(f"it is {picture(told['predicateType'])}, and {_PREDICATE} is wanted")
    (subject,) = told["subject"]
    how, resources = told["predicate"]["serialization"], told["predicate"]["resources"]
    if how["method"] != "files" or how["hash_type"] != "sha256":
        raise ValueError(f"files are hashed by {picture(how['hash_type'])} in {picture(how['method'])}, not by sha256")
    if len(resources) > MOST_FILES:
        raise ValueError(f"it names more than {MOST_FILES:,} files")
    files: dict[str, str] = {}
    for each in resources:
        name, digest = each["name"], each["digest"]
        if each["algorithm"] != "sha256" or SHA256.fullmatch(digest) is None:
            raise ValueError(f"the file {picture(name)} has no sha256")
        if paths.problem_of(name) is not None or name in files:
            raise ValueError(f"the path {picture(name)} may not be, or stands there twice")
        files[name] = digest
    if _root(files.values()) != subject["digest"]["sha256"]:
        raise ValueError("its digest is not that of its files")
    return Statement(str(subject["name"]), files)


def _root(digests: Iterable[str]) -> str:
    made = hashlib.sha256()
    for digest in digests:
        made.update(bytes.fromhex(digest))
    return made.hexdigest()
