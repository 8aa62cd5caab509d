"""The routers of all pages, in the order in which they are asked."""

from __future__ import annotations

from fastapi import APIRouter

from junco.hub.web import (
    administration,
    artefact,
    difference,
    family,
    files,
    look,
    measured,
    people,
    rising,
    searching,
    settings,
    signing_in,
    start,
    tokens,
    versions,
)

ROUTERS: list[APIRouter] = [
    *(look.routes, start.routes, searching.routes),
    *(signing_in.routes, tokens.routes, people.routes, administration.routes, family.routes, rising.routes),
    people.somebody,
    *(files.routes, versions.routes, measured.routes, difference.routes, settings.routes, artefact.routes),
]
"""Those of repositories, at ``/namespace/name``, stand last."""
