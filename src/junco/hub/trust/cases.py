"""The conformance cases of a family, run on a member: what each has to give for some inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from junco.wording import NOT_OURS, brief, picture

Call = Callable[[Any], Any]
"""An input as a case has it → what the member gives for it."""
_TOLERANCE = 1e-5


def problems_of_cases(told: Mapping[str, Any], call: Call) -> Iterator[str]:
    """What a member does not do as its family's cases say, a line each.

    Args:
        told: the family's manifest.
        call: the member.
    """
    for number, case in enumerate(told["cases"], 1):
        name = f"case {number}, {picture(case.get('name', ''))}"
        try:
            yield from (f"{name}: {why}" for why in _of_case(case, call))
        except NOT_OURS as error:
            yield f"{name}: it fails: {brief(error)}"


def _of_case(case: Mapping[str, Any], call: Call) -> Iterator[str]:
    import numpy as np

    found = np.asarray(call(case["input"]), np.float64)
    if not np.isfinite(found).all():
        yield "its result is not finite"
    if (dim := case.get("dim")) is not None and found.shape[-1:] != (dim,):
        yield f"its result has the shape {found.shape}, and {dim} numbers are wanted"
    if "same_as" in case and not _alike(found, call(case["same_as"])):
        yield f"its result is another than that of {picture(case['same_as'])}, with which it should be the same"
    if "unlike" in case and _alike(found, call(case["unlike"])):
        yield f"its result is that of {picture(case['unlike'])} too, from which it should differ"


def _alike(found: Any, other: Any) -> bool:
    import numpy as np

    compared = np.asarray(other, np.float64)
    return found.shape == compared.shape and bool(np.allclose(found, compared, atol=_TOLERANCE, rtol=_TOLERANCE))


def problems_of_interface(told: Mapping[str, Any], inputs: int, outputs: int, parameters: Any) -> Iterator[str]:
    """What a member lacks of what its family's manifest says of each.

    Args:
        told: the family's manifest.
        inputs, outputs: how many the member has.
        parameters: their names.
    """
    for what, count in (("inputs", inputs), ("outputs", outputs)):
        if len(told[what]) != count:
            yield f"it has {count} {what}, and its family {', '.join(told[what])}"
    for name in told.get("parameters", ()):
        if name not in parameters:
            yield f"it lacks the parameter {name!r} of its family"


def case_input(folder: Path, value: Any) -> Any:
    """An input of a case: the path of a file of the family's folder where it names one."""
    from junco.hub.trust.golden import own_file

    return str(own_file(folder, value)) if isinstance(value, str) and (folder / value).is_file() else value
