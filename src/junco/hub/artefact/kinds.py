"""Which kind of artefact a folder is: its manifest says so."""

from __future__ import annotations

from collections.abc import Collection

from junco.errors import ContractError

CARD = "README.md"
LOCK = "junco.lock"
MANIFESTS = {
    "operator.json": "tuned-operator",
    "pipeline.yaml": "pipeline",
    "operator.yaml": "operator",
    "family.yaml": "family",
    "dataset.yaml": "dataset",
}
"""The kind that each manifest makes of its folder."""


def manifest_of(paths: Collection[str]) -> tuple[str, str]:
    """The manifest among the files of a folder, and its kind.

    Raises:
        ContractError: there is none, or more than one.
    """
    found = [name for name in MANIFESTS if name in paths]
    if not found:
        raise ContractError(
            f"none of {', '.join(MANIFESTS)} lies in it, so that nobody knows what it is: 'junco new' begins a folder, "
            "op.save(…) writes that of a tuned operator"
        )
    if len(found) > 1:
        raise ContractError(f"{' and '.join(found)} lie in it: an artefact is of one kind; give each a folder")
    return found[0], MANIFESTS[found[0]]
