"""Data sets: a catalogue of open ones, rows of each as they are asked for, and tools for one's own.

::

    from junco import datasets, pipeline

    data = datasets.load("textiles", "test")
    pipeline("image-embedding").evaluate(data)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from junco.datasets.card import DataCard
    from junco.datasets.catalogue import cards, find
    from junco.datasets.data_report import DataReport, report
    from junco.datasets.getting import get
    from junco.datasets.loading import load
    from junco.datasets.rows import Rows
    from junco.datasets.splitting import split
    from junco.datasets.table import write_table
    from junco.datasets.writing_card import write_card

_WHERE = {
    "DataCard": "junco.datasets.card",
    "DataReport": "junco.datasets.data_report",
    "Rows": "junco.datasets.rows",
    "cards": "junco.datasets.catalogue",
    "find": "junco.datasets.catalogue",
    "get": "junco.datasets.getting",
    "load": "junco.datasets.loading",
    "report": "junco.datasets.data_report",
    "split": "junco.datasets.splitting",
    "write_card": "junco.datasets.writing_card",
    "write_table": "junco.datasets.table",
}

__all__ = [
    "DataCard",
    "DataReport",
    "Rows",
    "cards",
    "find",
    "get",
    "load",
    "report",
    "split",
    "write_card",
    "write_table",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'junco.datasets' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
