"""Times to the nanosecond, which Python's own do not know: those of numpy and pandas keep them in a target."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.store.arrow import arrow

if TYPE_CHECKING:
    import pyarrow as pa

FINE_TIMES = ("datetime64[ns]", "timedelta64[ns]")
"""Of numpy; as Python's own values they would be whole numbers."""


def plain_scalar(value: np.generic) -> Any:
    """A scalar of numpy as Python has it, if that is the same."""
    return value if str(value.dtype) in FINE_TIMES else value.item()


def fine_type(value: Any) -> pa.DataType | None:
    """The type of a column of such times of pandas; ``None`` for all else, whose type Arrow finds by itself."""
    if getattr(value, "unit", None) != "ns" or not isinstance(value, (datetime, timedelta)):
        return None
    pa = arrow()
    return pa.timestamp("ns", pa.array([value]).type.tz) if isinstance(value, datetime) else pa.duration("ns")
