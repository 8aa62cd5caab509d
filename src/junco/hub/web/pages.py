"""The routers of all pages, in the order in which they are asked."""

from __future__ import annotations

from fastapi import APIRouter

from junco.hub.web import administration, family, look, people, rising, signing_in, start, tokens

ROUTERS: list[APIRouter] = [
    *(module.routes for module in (look, start, signing_in, tokens, people, administration, family, rising)),
    people.somebody,
]
"""Those of repositories, at ``/namespace/name``, stand last."""
