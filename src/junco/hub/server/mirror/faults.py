"""What a request gets where the hub that is mirrored cannot, or may not, give what is asked for."""

from __future__ import annotations

from junco.hub.server.faults import Fault


class Away(Fault):
    """The other hub cannot be asked now: what is kept is used where there is some."""


def silent(why: str) -> Away:
    """It did not answer in time."""
    return Away(504, "upstream-silent", f"the hub that is mirrored: {why}", headers={"Retry-After": "15"})


def failed(why: str) -> Away:
    """It answered with an error of its own, or with nothing that is an answer."""
    return Away(502, "upstream-failed", f"the hub that is mirrored: {why}", headers={"Retry-After": "15"})


def refused(why: str) -> Fault:
    """It answered with what is not taken: other bytes than were promised, too much, a way that leads elsewhere."""
    return Fault(502, "upstream-refused", f"what the mirrored hub sends is not taken: {why}")


def gated(name: str, *, has_token: bool) -> Fault:
    """It is for those who have asked for it."""
    what = "a token that may read it" if not has_token else "leave from its owner for the operator's token"
    why = (
        f"{name} is private or gated where it comes from: this hub needs {what}, and --mirror-allow {name} "
        "with its whole name"
    )
    return Fault(403, "gated", why, headers={"X-Error-Code": "GatedRepo"})


def busy() -> Away:
    """Too many wait for the other hub already."""
    return Away(503, "upstream-busy", "too many wait for the hub that is mirrored: try again", headers={
        "Retry-After": "5",
    })  # fmt: skip
