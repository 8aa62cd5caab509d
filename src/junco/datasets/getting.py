"""`get`: a data set into a folder of one's own: a folder for each class, a table, or the layout of BEIR."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from junco.datasets.card import DataCard
from junco.datasets.loading import AnyRows, load
from junco.datasets.rows import LABEL, RetrievalRows, Rows
from junco.datasets.tables import write_rows
from junco.datasets.writing_card import write_card
from junco.errors import InputError, TargetError
from junco.places.cell import has_bytes
from junco.settings import user_path
from junco.store.durable import moved, removed, writing

_MEDIA = ("path", "image", "audio", "video")
_PLAIN = re.compile(r"[^\W_][\w ()+,.-]{0,99}")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def get(
    name: str,
    to: str | os.PathLike[str] | None = None,
    split: str | None = None,
    *,
    accept_licence: bool = False,
) -> Path:
    """Write a data set into a new folder, whole or not at all, with its card beside it.

    Pictures and sounds go into a folder for each label, within one for each part where its makers cut it into parts;
    rows of texts into tables; a retrieval set as BEIR lays it out.

    Args:
        name: as `load` takes it.
        to: the folder; ``None``: one of the data set's name in the working folder.
        split: of that part alone.
        accept_licence: that its terms were read, where they are restricted.

    Returns:
        The folder.

    Raises:
        TargetError: something is there already, or it cannot be written.
        JuncoError: as `load`.
    """
    data = load(name, split, accept_licence=accept_licence)
    target = (user_path(to, "--to") if to is not None else Path(data.card.id.rpartition("/")[2])).absolute()
    with new_folder(target) as folder:
        _write(data, folder)
        write_card(folder, data.card)
    return target


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder that stands at its place once all of it is written.

    Raises:
        TargetError: something is there, or it cannot be written.
    """
    with writing(str(target)):
        if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
            raise TargetError(f"{target} is there already and not empty: give another folder, or move it away")
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.part-{os.urandom(4).hex()}")
        aside.mkdir()
        try:
            yield aside
            if target.exists():
                target.rmdir()
            moved(aside, target)
        finally:
            removed(aside)


def _write(data: AnyRows, folder: Path) -> None:
    if isinstance(data, RetrievalRows):
        _write_retrieval(data, folder)
        return
    assert isinstance(data, Rows)
    parts: Mapping[str, Rows] = data.parts or {data.split or data.card.id.rpartition("/")[2]: data}
    column = next((name for name in _MEDIA if name in data.column_names), None)
    for name, rows in parts.items():
        if column is None:
            write_rows(rows, rows.column_names, folder / f"{plain_name(name)}.parquet")
        else:
            _write_files(rows, column, folder / plain_name(name) if data.parts else folder)


def _write_files(rows: Rows, column: str, folder: Path) -> None:
    """A file for each item, in a folder for each label."""
    taken: set[Path] = set()
    for number, row in enumerate(rows):
        place = folder / plain_name(str(row[LABEL])) if row.get(LABEL) is not None else folder
        given, ending, content = _content(row[column], rows.card)
        file = place / (given or f"{number:06d}{ending}")
        if file in taken:
            file = place / f"{number:06d}{ending}"
        taken.add(file)
        place.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _content(value: Any, card: DataCard) -> tuple[str, str, bytes]:
    """The name of an item's file where it has one that may be kept, how names of such files end, and its bytes.

    Raises:
        InputError: it is none of what is written.
    """
    if isinstance(value, str):
        name = re.sub(r"^[0-9a-f]{16}-", "", Path(value).name)
        return _kept(name), _ending(name), Path(value).read_bytes()
    if isinstance(value, Mapping) and has_bytes(value):
        name = Path(str(value["path"] or "")).name
        content = value["bytes"] if value["bytes"] is not None else Path(value["path"]).read_bytes()
        return _kept(name), _ending(name), content
    if getattr(value, "ndim", 0) == 3:
        import io

        from PIL import Image

        stored = io.BytesIO()
        Image.fromarray(value).save(stored, "png")
        return "", ".png", stored.getvalue()
    raise InputError(f"{card.id}: an item is of {type(value).__name__}, which is no file: load() gives its rows")


def _kept(name: str) -> str:
    return name if _is_plain(name) and _ending(name) else ""


def _ending(name: str) -> str:
    found = Path(name).suffix
    return found.lower() if _ENDING.fullmatch(found) else ""


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and not name.endswith((".", " ")) and not _RESERVED.fullmatch(name)


def plain_name(text: str) -> str:
    """A name of a folder for a label, whatever it says: what no file's name should hold is spelt out."""
    if _is_plain(text):
        return text
    return "".join(
        letter if re.fullmatch(r"[\w-]", letter) else f"%{letter.encode('utf-8', 'surrogatepass').hex()}"
        for letter in text[:60]
    ) + ("%" if not text or len(text) > 60 or _RESERVED.fullmatch(text) else "")


def _write_retrieval(data: RetrievalRows, folder: Path) -> None:
    known = data.known()
    for name, texts in (("corpus", known.corpus), ("queries", known.queries)):
        lines = (json.dumps({"_id": key, "text": text}, ensure_ascii=False) for key, text in texts.items())
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    (folder / "qrels").mkdir()
    rows = [f"{query}\t{item}\t{gain:g}" for query, gains in known.relevant.items() for item, gain in gains.items()]
    text = "\n".join(["query-id\tcorpus-id\tscore", *rows, ""])
    (folder / "qrels" / f"{plain_name(data.split)}.tsv").write_text(text, "utf-8")
