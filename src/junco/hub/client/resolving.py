"""`fetched`: what a pipeline or a step names on a hub → its folder or its class, when a plan is made.

Data is used as it is; code runs where its caller allowed it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.hub.artefact.check import Checked, check
from junco.hub.artefact.lock_file import read_lock
from junco.hub.client.pulling import pulled
from junco.operator.hub_names import OtherKindError, is_hub_name

_INSTEAD = {
    "tuned-operator": "a step, {map: %s}, or ops[%r] takes it",
    "operator": "a step, {map: %s}, or ops[%r] takes it",
    "pipeline": "%s is opened by pipeline(%r)",
}
_WANTED = {"operator": "an operator", "pipeline": "a pipeline"}


def fetched(name: str, kind: str, project: Path | None = None) -> Path | type[Any]:
    """What the entry point ``junco.hubs`` is asked for: see `junco.operator.hub_names`.

    Args:
        name: ``namespace/name[@version]``.
        kind: ``"pipeline"``, or ``"operator"``, tuned or with code.
        project: the folder whose ``junco.lock`` pins it; ``None``: the working folder.
    """
    folder = Path.cwd() if project is None else project
    if (lock := read_lock(folder)) is None or name not in lock.pins:
        folder = Path.cwd()  # a file beside which nothing is pinned is of the project that one works in
    found = pulled(name, project=folder)
    checked = check(found.folder, card=False)
    if checked.kind.removeprefix("tuned-") != kind:
        what = _WANTED.get(checked.kind, f"a {checked.kind}") if checked.kind else "no artefact of junco's"
        instead = f": {_INSTEAD[checked.kind] % (name, name)}" if checked.kind in _INSTEAD else ""
        raise OtherKindError(
            f"{name} is {what}, and {_WANTED[kind]} is wanted{instead}", checked.kind, _family(checked)
        )
    if checked.kind == "operator":
        from junco.hub.trust.loading import check_allowed, operator_class

        check_allowed(name, found, checked)
        checked.refuse()
        return operator_class(name, found, checked)
    checked.refuse()
    return found.folder


def _family(checked: Checked) -> str:
    """Of an operator; empty where what was tuned lies on a hub itself, or it is none."""
    told = checked.told
    named = str(told.get("family") or told.get("operator") or "") if checked.kind.endswith("operator") else ""
    return "" if is_hub_name(named) else named.partition(".")[0]
