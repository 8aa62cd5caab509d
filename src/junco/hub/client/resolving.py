"""`fetched`: what a pipeline or a step names on a hub → the folder of it, when a plan is made. Data alone."""

from __future__ import annotations

from pathlib import Path

from junco.errors import ContractError, JuncoError, TrustError
from junco.hub.artefact.check import Checked, check
from junco.hub.artefact.lock_file import read_lock
from junco.hub.client.pulling import Pulled, pulled

_INSTEAD = {"tuned-operator": "a step, {map: %s}, or ops[%r] takes it", "pipeline": "%s is opened by pipeline(%r)"}


def fetched(name: str, kind: str, project: Path | None = None) -> Path:
    """What the entry point ``junco.hubs`` is asked for: see `junco.operator.hub_names.hub_folder`."""
    folder = Path.cwd() if project is None else project
    if (lock := read_lock(folder)) is None or name not in lock.pins:
        folder = Path.cwd()  # a file beside which nothing is pinned is of the project that one works in
    found = pulled(name, project=folder)
    checked = check(found.folder, card=False)
    if checked.kind != kind:
        raise _of_another_kind(name, kind, found, checked)
    checked.refuse()
    return found.folder


def _of_another_kind(name: str, kind: str, found: Pulled, checked: Checked) -> JuncoError:
    what = f"a {checked.kind}" if checked.kind else "no artefact of junco's"
    if checked.code:
        from junco.hub.trust.grants import is_granted

        allowed = is_granted(found.hub, found.revision)
        return TrustError(
            f"{name} is {what} with code of its own, "
            + (
                "which you trust. "
                if allowed
                else f"which nobody here allowed to run: 'junco hub trust {name}' shows it. "
            )
            + "This junco runs operators of installed packages, of none that were pulled: read it, and install it"
        )
    instead = f": {_INSTEAD[checked.kind] % (name, name)}" if checked.kind in _INSTEAD else ""
    return ContractError(f"{name} is {what}, and a {kind} is wanted{instead}")
