"""What a file is, by its bytes: names say what their author wants them to say."""

from __future__ import annotations

import zipfile
from pathlib import Path

from junco.hub.content.pickles import is_pickle

HEAD = 65_536
_TAIL = 66_000  # a zip's directory ends within so many bytes of its end
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x7fELF", "native"),
    (b"MZ", "native"),
    (b"\xcf\xfa\xed\xfe", "native"),
    (b"\xca\xfe\xba\xbe", "native"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "npy"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"GGUF", "gguf"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"%PDF", "pdf"),
)
PACKED = frozenset({"zip", "7z", "gzip", "bzip2", "xz", "zstd", "lz4", "rar", "tar"})
CAN_RUN = frozenset({"pickle", "npy-objects", "hdf5", "native", "zip-pickle"}) | PACKED
"""What can run code, or hide what does, in the hands of a loader that is not careful."""


def format_of(path: Path, size: int) -> str:
    """One word; ``"text"`` for UTF-8 without control characters, ``"binary"`` for what is nothing known."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    named = next((name for magic, name in _MAGIC if head.startswith(magic)), None)
    if _ends_as_a_zip(path, size):  # what stands before its members may be anything, a picture or tensors too
        return _of_zip(path)
    if named is not None:
        has_objects = named == "npy" and (b"'O'" in head[:4096] or b"|O" in head[:4096])
        return "npy-objects" if has_objects else named
    return _unnamed(head, size)


def _unnamed(head: bytes, size: int) -> str:
    if head[257:262] == b"ustar":
        return "tar"
    if is_safetensors(head, size):
        return "safetensors"
    if is_pickle(head):
        return "pickle"
    return "text" if _is_text(head, size) else "binary"


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether the bytes begin as a file of tensors does: a length, and a JSON object."""
    return size >= 8 and head[8:9] == b"{"


def _ends_as_a_zip(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        return b"PK\x05\x06" in file.read() and zipfile.is_zipfile(path)


def _of_zip(path: Path) -> str:
    """A zip that holds a pickle is what ``torch.save`` writes."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return "zip"
    return "zip-pickle" if any(name.endswith((".pkl", ".pickle")) for name in names) else "zip"


def _is_text(head: bytes, size: int) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if size <= HEAD or error.start < len(head) - 3:  # a letter may be cut where the head ends
            return False
        text = head[: error.start].decode("utf-8")
    return not any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text)
