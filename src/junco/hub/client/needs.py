"""What an artefact takes from its hub: a pipeline what its lock pins, a tuned operator the one that was tuned."""

from __future__ import annotations

from junco.hub.artefact.check import Checked
from junco.hub.artefact.lock_file import HubLock, read_lock
from junco.hub.client.pulling import Pulled
from junco.operator.hub_names import is_commit_name


def needed_by(found: Pulled, checked: Checked) -> list[str]:
    """Names on the hub, as the artefact has them: beside its folder's ``junco.lock`` they mean what it pins."""
    if checked.kind == "pipeline":
        return [*(read_lock(found.folder) or HubLock()).pins]
    named = str(checked.told.get("operator", "")) if checked.kind == "tuned-operator" else ""
    return [named] if is_commit_name(named) else []
