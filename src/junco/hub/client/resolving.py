"""`fetched`: what a pipeline or a step names on a hub → the folder of it, when a plan is made. Data alone."""

from __future__ import annotations

from pathlib import Path

from junco.errors import ContractError, TrustError
from junco.hub.artefact.check import check
from junco.hub.artefact.lock_file import read_lock
from junco.hub.client.pulling import pulled

_INSTEAD = {
    "tuned-operator": "a step or ops[…] takes it: {map: %s}",
    "pipeline": "pipeline('%s') takes it",
    "operator": "its code would have to run, which junco does for installed packages alone: pip install it, or see "
    "'junco hub trust %s'",
}


def fetched(name: str, kind: str, project: Path | None = None) -> Path:
    """What the entry point ``junco.hubs`` is asked for: see `hub_folder`."""
    folder = Path.cwd() if project is None else project
    if (lock := read_lock(folder)) is None or name not in lock.pins:
        folder = Path.cwd()  # a file beside which nothing is pinned is of the project that one works in
    found = pulled(name, project=folder)
    checked = check(found.folder, card=False)
    if checked.kind != kind:
        what = f"a {checked.kind}" if checked.kind else "no artefact of junco's"
        instead = f": {_INSTEAD[checked.kind] % name}" if checked.kind in _INSTEAD else ""
        error = TrustError if checked.kind == "operator" and checked.code else ContractError
        raise error(f"{name} is {what}, and a {kind} is wanted{instead}")
    checked.refuse()
    return found.folder
