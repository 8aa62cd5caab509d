"""`read_entries`: where the members of a zip lie, of a zip that means the same to everybody, and of no other.

Zips are told to programs in two places, at each member and at the end, and programs believe different ones. Here both
have to say the same, members stand one after the other from the first byte to the list at the end, without gaps,
comments or anything behind it, nothing is packed, and each name is one of a few shapes. So nothing can be hidden, lead
elsewhere or grow when it is read; nothing is written before all of that is known.
"""

from __future__ import annotations

import re
import stat
import struct
from dataclasses import dataclass
from typing import IO

from junco.errors import IntegrityError
from junco.wording import picture

MOST_ENTRIES = 100_000
MOST_BYTES = 200 * 10**9
_MOST_LIST_BYTES = 64_000_000
_END, _END64, _LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_LISTED, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_FULL, _FULL_COUNT = 0xFFFFFFFF, 0xFFFF
_UTF8, _DOS_FOLDER, _ZIP64 = 0x800, 0x10, 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a zip.

    Attributes:
        name: of it.
        start: where its bytes begin in the file.
        size: how many they are.
    """

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class _Listed:
    name: bytes
    crc: int
    size: int
    at: int


def read_entries(file: IO[bytes], names: re.Pattern[str]) -> dict[str, Entry]:
    """The members of a zip, in their order.

    Args:
        file: open to be read; nothing but the heads of members and the list at the end is read.
        names: the whole names that members may have.

    Raises:
        IntegrityError: it is no zip, or one that would have to be believed; with what.
    """
    try:
        return _read(file, names)
    except (struct.error, ValueError) as error:
        why = "it is cut off" if isinstance(error, struct.error) else str(error)
        raise IntegrityError(f"it is no bundle of junco's: {why}") from None


def _read(file: IO[bytes], names: re.Pattern[str]) -> dict[str, Entry]:
    count, length, begin = _end(file)
    if count > MOST_ENTRIES or length > _MOST_LIST_BYTES:
        raise ValueError(f"it lists more than {MOST_ENTRIES:,} members")
    file.seek(begin)
    data = file.read(length)
    if len(data) != length:
        raise ValueError("it is cut off")
    found: dict[str, Entry] = {}
    at, place, total = 0, 0, 0
    for _ in range(count):
        listed, at = _listed(data, at)
        name = _named(listed.name, names)
        if name in found:
            raise ValueError(f"the member {name} stands there twice")
        if listed.at != place:
            raise ValueError(f"{name} begins at {listed.at:,}, and not where the one before it ends")
        start = _local(file, listed)
        place, total = start + listed.size, total + listed.size
        if total > MOST_BYTES or place > begin:
            raise ValueError(f"{name} is longer than there is of it, or all is more than {MOST_BYTES:,} bytes")
        found[name] = Entry(name, start, listed.size)
    if at != length or place != begin:
        raise ValueError("something stands between its members and the list of them")
    return found


def _end(file: IO[bytes]) -> tuple[int, int, int]:
    """How many members there are, and how long the list of them is and where it begins."""
    size = file.seek(0, 2)
    if size < _END.size:
        raise ValueError("it is too short to be a zip")
    file.seek(size - _END.size)
    mark, disk, first, here, count, length, begin, comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\x05\x06" or comment:
        raise ValueError("it does not end as a zip does: it is cut off, or something was put behind it")
    if disk or first or here != count:
        raise ValueError("it is a part of several")
    end = size - _END.size
    if begin + length == end and count != _FULL_COUNT and _FULL not in (length, begin):
        return count, length, begin
    large = _end64(file, end)
    for said, full, really in zip((count, length, begin), (_FULL_COUNT, _FULL, _FULL), large, strict=True):
        if said not in (full, really):
            raise ValueError("its two ends say different things")
    return large


def _end64(file: IO[bytes], end: int) -> tuple[int, int, int]:
    """The same of one that is large: more than 65,534 members or 4 GB need it, and Python writes it from 2 GiB on."""
    at = end - _LOCATOR.size - _END64.size
    if at < 0:
        raise ValueError("it is too short for what it says")
    file.seek(at)
    data = file.read(_END64.size + _LOCATOR.size)
    mark, rest, _, _, disk, first, here, count, length, begin = _END64.unpack_from(data)
    locator, on_disk, where, disks = _LOCATOR.unpack_from(data, _END64.size)
    if mark != b"PK\x06\x06" or locator != b"PK\x06\x07" or where != at or rest != _END64.size - 12:
        raise ValueError("its end is not where it says")
    if disk or first or on_disk or disks != 1 or here != count or begin + length != at:
        raise ValueError("it is a part of several, or its list of members is not where it says")
    return count, length, begin


def _listed(data: bytes, at: int) -> tuple[_Listed, int]:
    """A line of the list at the end, and where the next begins."""
    mark, _, needed, flags, method, _, _, crc, packed, size, *lengths, disk, _, outer, begin = _LISTED.unpack_from(
        data, at
    )
    named, extra, comment = lengths
    if mark != b"PK\x01\x02":
        raise ValueError("its list of members is damaged")
    name = data[at + _LISTED.size : at + _LISTED.size + named]
    after = at + _LISTED.size + named
    _check_plain(name, needed, flags, method)
    if comment or disk:
        raise ValueError(f"{picture(name)} has a comment, or is on another disk")
    if stat.S_IFMT(outer >> 16) not in (0, stat.S_IFREG) or outer & _DOS_FOLDER:
        raise ValueError(f"{picture(name)} is no plain file: a link, a folder or a device")
    size, packed, begin = _large(data[after : after + extra], name, size, packed, begin)
    if packed != size:
        raise ValueError(f"{picture(name)} says two sizes, and nothing in a bundle is packed")
    return _Listed(name, crc, size, begin), after + extra


def _local(file: IO[bytes], listed: _Listed) -> int:
    """Where a member's bytes begin; what stands before them says the same as the list."""
    file.seek(listed.at)
    data = file.read(_LOCAL.size + 2 * len(listed.name) + 64)
    mark, needed, flags, method, _, _, crc, packed, size, named, extra = _LOCAL.unpack_from(data)
    name = data[_LOCAL.size : _LOCAL.size + named]
    if mark != b"PK\x03\x04" or name != listed.name:
        raise ValueError(f"{picture(listed.name)} is called {picture(name)} where it lies")
    _check_plain(name, needed, flags, method)
    after = _LOCAL.size + named
    if extra > len(data) - after:
        raise ValueError(f"{picture(name)} holds more in its head than a bundle's members do")
    size, packed, _ = _large(data[after : after + extra], name, size, packed, 0)
    if (size, packed, crc) != (listed.size, listed.size, listed.crc):
        raise ValueError(f"{picture(name)} has another size where it lies than in the list")
    return int(listed.at + after + extra)


def _check_plain(name: bytes, needed: int, flags: int, method: int) -> None:
    if method:
        raise ValueError(f"{picture(name)} is packed, and nothing in a bundle is")
    if flags & ~_UTF8 or needed > 45:
        raise ValueError(f"{picture(name)} is encrypted, or its size follows it")


def _large(extra: bytes, name: bytes, size: int, packed: int, begin: int) -> tuple[int, int, int]:
    """Sizes and place of a member, where they are too large for their fields: they stand in one more."""
    wanted = [value == _FULL for value in (size, packed, begin)]
    if not extra and not any(wanted):
        return size, packed, begin
    kind, length = struct.unpack_from("<2H", extra)
    if kind != _ZIP64 or length != 8 * sum(wanted) or len(extra) != 4 + length:
        raise ValueError(f"{picture(name)} holds more in its head than a bundle's members do")
    values = iter(struct.unpack_from(f"<{sum(wanted)}Q", extra, 4))
    size, packed, begin = (
        next(values) if is_there else value for is_there, value in zip(wanted, (size, packed, begin), strict=True)
    )
    return size, packed, begin


def _named(name: bytes, names: re.Pattern[str]) -> str:
    text = name.decode("ascii", "replace")
    if names.fullmatch(text) is None:
        raise ValueError(f"it holds {picture(text)}, which no bundle does")
    return text
