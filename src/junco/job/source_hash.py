"""`hash_of_source`: a hash of a whole source that is one file, by which a job sees that nothing in it is new.

Its content alone counts, not size or time, so a list that was written to within the time's own steps is seen to be
another one. Of files that a list names nothing is known here: only lists of texts have such a hash.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

from junco.job.kinds import is_url, kind_of
from junco.job.wanted import Wanted
from junco.runtime.machine import version
from junco.settings import user_path


def hash_of_source(source: Any, wanted: Wanted) -> str | None:
    """The hash; ``None`` where a source has none, or cannot be read just now."""
    if not isinstance(source, (str, os.PathLike)) or not wanted.is_text or is_url(os.fsdecode(source)):
        return None
    path = user_path(os.fsdecode(source), "the source")
    try:
        if not (path.is_file() and kind_of(path.name) is not None):
            return None
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # whoever reads it will say why
        return None
    # another version may read a list in another way
    told: tuple[object, ...] = (version("junco"), path.name, wanted.column, wanted.reading, content)
    if wanted.keeping is not None:
        told = (*told, wanted.keeping.key, wanted.keeping.asked)
    return hashlib.sha256(repr(told).encode()).hexdigest()
