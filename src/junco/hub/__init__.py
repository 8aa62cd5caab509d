"""The hub: operators and pipelines shared by many people, as folders of data that nothing runs from by itself.

::

    from junco import hub

    hub.push("flowers", "alice/flowers", release="1.0.0")
    folder = hub.pull("alice/flowers@1.0.0")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from junco.hub.artefact.check import check
    from junco.hub.bundles.packing import bundle
    from junco.hub.bundles.unpacking import unbundle
    from junco.hub.client.listing import delete, diff, search, show
    from junco.hub.client.locking import lock
    from junco.hub.client.pulling import pull
    from junco.hub.client.pushing import push
    from junco.hub.client.reporting import report
    from junco.hub.client.session import login, logout, whoami
    from junco.hub.signing.folders import sign, verify
    from junco.hub.signing.policy import trust_key
    from junco.hub.trust.review import review, reviews

_WHERE = {
    "bundle": "junco.hub.bundles.packing",
    "check": "junco.hub.artefact.check",
    "delete": "junco.hub.client.listing",
    "diff": "junco.hub.client.listing",
    "lock": "junco.hub.client.locking",
    "login": "junco.hub.client.session",
    "logout": "junco.hub.client.session",
    "pull": "junco.hub.client.pulling",
    "push": "junco.hub.client.pushing",
    "report": "junco.hub.client.reporting",
    "review": "junco.hub.trust.review",
    "reviews": "junco.hub.trust.review",
    "search": "junco.hub.client.listing",
    "show": "junco.hub.client.listing",
    "sign": "junco.hub.signing.folders",
    "trust_key": "junco.hub.signing.policy",
    "unbundle": "junco.hub.bundles.unpacking",
    "verify": "junco.hub.signing.folders",
    "whoami": "junco.hub.client.session",
}

__all__ = [
    "bundle",
    "check",
    "delete",
    "diff",
    "lock",
    "login",
    "logout",
    "pull",
    "push",
    "report",
    "review",
    "reviews",
    "search",
    "show",
    "sign",
    "trust_key",
    "unbundle",
    "verify",
    "whoami",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'junco.hub' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
