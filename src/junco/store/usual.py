"""What columns are mostly called that hold what is, or was, embedded; the first that is there is taken."""

from __future__ import annotations

INPUT_COLUMNS = ("input", "path", "text")
"""Of tables that are embedded: others are told from keys and numbers by what they hold."""
FOREIGN_COLUMNS = (*INPUT_COLUMNS, "content", "document", "file", "sentence", "chunk", "url", "name", "title")
"""Of sets that other programs made, where a sample shows whether it was the right one."""
