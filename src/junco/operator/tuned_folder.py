"""`TunedFolder`: what a folder says in which a tuned operator lies. No weight is read for it, and no operator imported.

Such a folder holds ``operator.json``, which is described here, ``weights.safetensors``, and what was reported of the
training. Nothing of it is trusted, and nothing of it is code.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import ContractError, IntegrityError, TargetError, UnavailableError
from junco.operator import registry
from junco.operator.hub_names import is_commit_name, is_hub_name
from junco.operator.licences import check_licence
from junco.operator.spec import OperatorSpec
from junco.operator.tunable import OPTION
from junco.operator.tuned_card import CARD, card_in, has_own_card, licence_in, say_licence
from junco.places.files import Stamp, file_stamps
from junco.settings import user_path
from junco.wording import picture, reason

MANIFEST, WEIGHTS = "operator.json", "weights.safetensors"
KIND, VERSION = "tuned operator", 1
_REPORTS = ("report.json", "report.html")
_LICENCE_TEXT = "LICENSE"
_BESIDE = (CARD, _LICENCE_TEXT, "model.sig", "junco.lock")
"""What whoever shares it puts beside it: no part of the operator."""
_MOST_BYTES = 2**24
"""Of ``operator.json``: counts of 100,000 classes are some megabytes."""
_MOST_DEPTH = 40
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAMAGED = "it is no folder that a training wrote, or was changed since: take it anew from where it was made"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TunedFolder:
    """A folder, with what its ``operator.json`` says.

    Attributes:
        folder: where it lies.
        manifest: plain values.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def operator(self) -> str:
        """The name of the operator that was tuned."""
        return str(self.manifest["operator"])

    @property
    def params(self) -> dict[str, Any]:
        """What it was made with, those parameters left out that say where or how fast it runs."""
        return dict(self.manifest["params"])

    @property
    def sha256(self) -> str:
        """Of the weights' file."""
        return str(self.manifest["weights"]["sha256"])

    @property
    def num_bytes(self) -> int:
        """Of the weights' file."""
        return int(self.manifest["weights"]["num_bytes"])

    @property
    def head(self) -> tuple[int, int] | None:
        """How many numbers its linear map gives, of how many that it takes; ``None``: it has none."""
        shape = self.manifest["weights"].get("head")
        return None if shape is None else (shape[0], shape[1])

    @property
    def weights(self) -> Path:
        """The file."""
        return self.folder / WEIGHTS

    @property
    def files(self) -> tuple[Path, ...]:
        """All that an operator is made of: what it says, and the weights."""
        return self.folder / MANIFEST, self.weights

    @property
    def spec(self) -> OperatorSpec:
        """The operator, with nothing imported."""
        return OperatorSpec.named(self.operator, {OPTION: str(self.folder)})


def is_tuned_folder(path: Path) -> bool:
    """Whether a tuned operator lies there."""
    return (path / MANIFEST).is_file()


def read_folder(path: str | Path, owner: str = "") -> TunedFolder:
    """What a folder says; that is read once as long as the file stays what it is.

    Args:
        path: of the folder.
        owner: who asks, for messages.

    Raises:
        UnavailableError: there is no such folder, or no tuned operator in it.
        IntegrityError: what lies there is none.
    """
    folder = user_path(path)
    stamp, *_ = file_stamps([folder / MANIFEST])
    if (found := _read.get(stamp)) is None:
        found = _manifest_in(folder, f"{owner!r}: " if owner else "")
        while len(_read) >= _MOST_READ:
            _read.pop(next(iter(_read)), None)
        _read[stamp] = found
    return TunedFolder(folder, found)


_read: dict[Stamp, Mapping[str, Any]] = {}
"""What was read of files, the latest ones."""
_MOST_READ = 64


def _manifest_in(folder: Path, who: str) -> Mapping[str, Any]:
    file = folder / MANIFEST
    if not file.is_file():
        what = f"the folder {folder} holds no {MANIFEST}" if folder.is_dir() else f"there is no folder {folder}"
        cure = f"; one on a hub is brought by 'junco hub pull {folder} --to FOLDER'" if is_hub_name(str(folder)) else ""
        raise UnavailableError(
            f"{who}{what}: a tuned operator is a folder that op.save(…) or 'junco train' wrote{cure}"
        )
    problems = _problems(_parsed(file, who))
    if isinstance(problems, str):
        raise IntegrityError(f"{who}{file}: {problems}: {_DAMAGED}")
    return problems


def _parsed(file: Path, who: str) -> Any:
    try:
        if (size := file.stat().st_size) > _MOST_BYTES:
            raise IntegrityError(f"{who}{file}: it has {size:,} bytes, and at most {_MOST_BYTES:,} are read")
        text = file.read_text("utf-8")
        if _depth(text) > _MOST_DEPTH:
            raise IntegrityError(f"{who}{file}: it is nested more than {_MOST_DEPTH} deep: {_DAMAGED}")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{who}{file}: it holds no JSON ({reason(error)}): {_DAMAGED}") from None
    except OSError as error:
        raise UnavailableError(f"{who}{file}: it cannot be read: {error.strerror or error}") from error


def _depth(text: str) -> int:
    """How many brackets are open at once, at most, wherever they stand."""
    depth = most = 0
    for sign in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        if sign in "[{":
            depth += 1
            most = max(most, depth)
        elif sign in "]}":
            depth -= 1
    return most


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it says a key twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _problems(told: Any) -> Mapping[str, Any] | str:
    """The manifest, or what is wrong with it."""
    if not isinstance(told, dict):
        return f"it must hold an object in braces, not {picture(told)}"
    if told.get("junco") != VERSION or type(told.get("junco")) is not int:
        return f"this junco reads version {VERSION} of such files, not {picture(told.get('junco'))}"
    if told.get("kind") != KIND:
        return f"its kind must be {KIND!r}, not {picture(told.get('kind'))}"
    for key, is_good, wanted in _KEYS:
        if not is_good(told.get(key)):
            return f"{key!r} must be {wanted}, not {picture(told.get(key))}"
    return told


def _is_name(value: Any) -> bool:
    """A name that is installed, or one on a hub with its commit: what was tuned has to stay what it was."""
    if not isinstance(value, str):
        return False
    return is_commit_name(value) or ("." in value and registry.NAME.fullmatch(value) is not None)


def _are_params(value: Any) -> bool:
    return isinstance(value, dict) and all(key.isidentifier() and key != OPTION for key in value)


def _are_weights(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("file") != WEIGHTS:
        return False
    head, num_bytes = value.get("head"), value.get("num_bytes")
    return (
        isinstance(value.get("sha256"), str)
        and _SHA256.fullmatch(value["sha256"]) is not None
        and _is_count(num_bytes)
        and (head is None or (isinstance(head, list) and len(head) == 2 and all(map(_is_count, head))))
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**62


_KEYS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("operator", _is_name, "the name of an operator, family.member, or namespace/name@COMMIT on a hub"),
    ("params", _are_params, "a mapping of parameters"),
    ("weights", _are_weights, f"the file {WEIGHTS!r} beside it with its sha256, num_bytes and head"),
    ("parent", lambda value: value is None or isinstance(value, dict), "a mapping"),
)


def copy_folder(tuned: TunedFolder, path: str | Path, licence: str | None = None) -> Path:
    """Copy a tuned operator to another folder, whole or not at all; a card of somebody's own that is there stays.

    Args:
        tuned: where it lies.
        path: of the other folder.
        licence: for its card; ``None``: what the card says already, or the one that it takes the place of.

    Raises:
        InputError: there is no licence of that name.
        TargetError: it cannot be written, or something else lies there.
    """
    target = user_path(path).absolute()
    if licence is not None:
        check_licence(licence)
    if target != tuned.folder.absolute():
        before = "" if has_own_card(target) else licence_in(card_in(target))
        with new_folder(target) as made:
            for name in (MANIFEST, WEIGHTS, *_REPORTS, CARD, _LICENCE_TEXT):
                if (tuned.folder / name).is_file():
                    shutil.copyfile(tuned.folder / name, made / name)
        licence = licence or ("" if licence_in(card_in(target)) else before)
    if licence:
        say_licence(target, licence)
    return target


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to be filled, which takes the place of ``target`` at the end; after an error that is as it was.

    Raises:
        TargetError: it cannot be written, or something else than a tuned operator lies there.
    """
    check_free(target)
    aside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        made = aside / "new"
        made.mkdir()
        yield made
        _keep_own(target, made)
        if target.exists():
            target.rename(aside / "old")
        try:
            made.rename(target)
        except OSError:
            with suppress(OSError):
                (aside / "old").rename(target)
            raise
    except OSError as error:
        raise TargetError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _keep_own(target: Path, made: Path) -> None:
    """Put into a new folder what people wrote into the one whose place it takes: its licence's text, and its card."""
    for name in (CARD, _LICENCE_TEXT):
        if (target / name).exists() and (name != CARD or has_own_card(target)):
            shutil.copyfile(target / name, made / name)


def check_free(target: Path) -> None:
    """Refuse to put a tuned operator in the place of something else.

    Raises:
        TargetError: with what is there.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise TargetError(f"{target} is a {'link' if target.is_symlink() else 'file'}: give the folder another name")
    if not target.is_dir():
        return
    others = sorted({each.name for each in target.iterdir()} - {MANIFEST, WEIGHTS, *_REPORTS, *_BESIDE})
    if others:
        raise TargetError(f"the folder {target} holds other things, {picture(others[0])} first: give another one")


def told_wrongly(tuned: TunedFolder, owner: str, problem: str) -> ContractError:
    """The error of a folder that does not fit the operator which it was given to."""
    return ContractError(f"{owner!r}: tuned={str(tuned.folder)!r}: {problem}")
