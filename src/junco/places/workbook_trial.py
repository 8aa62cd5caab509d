"""A program that reads a workbook from its input within a limit of memory, and ends well if that is enough.

Run by its path, with the limit in bytes, where modules are found, and the sheet that is asked for, if one is. It knows
nothing of junco, so that what it takes is the workbook's.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

BEGUN = b"begun"
"""Written when the limit is set; without it nothing was tried."""


def taken_sheet(calamine: Any, book: Any, asked: str | None) -> str | None:
    """The sheet that is asked for, or the first that people see; ``None`` where there are none."""
    seen = [each.name for each in book.sheets_metadata if each.visible == calamine.SheetVisibleEnum.Visible]
    return asked if asked is not None else next(iter(seen or book.sheet_names), None)


def _limited(most_bytes: int) -> bool:
    """Set the limit, where the system knows such limits; and leave no picture of memory behind when it is met."""
    try:
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        most_bytes = most_bytes if most == resource.RLIM_INFINITY else min(most_bytes, most)
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return False
    return True


def _try(most_bytes: int, asked: str | None) -> None:
    import python_calamine

    content = sys.stdin.buffer.read()
    if not _limited(most_bytes):
        return
    sys.stdout.buffer.write(BEGUN)
    sys.stdout.buffer.flush()
    try:
        with python_calamine.CalamineWorkbook.from_object(io.BytesIO(content)) as book:
            taken = taken_sheet(python_calamine, book, asked)
            if taken is not None:
                book.get_sheet_by_name(taken).to_python()
    except MemoryError:
        raise
    except Exception:  # it is no workbook, or not so: whoever reads it next will say it
        return


if __name__ == "__main__":
    sys.path.extend(sys.argv[2].split(os.pathsep))
    _try(int(sys.argv[1]), next(iter(sys.argv[3:]), None))
