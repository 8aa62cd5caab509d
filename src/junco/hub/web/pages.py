"""The routers of all pages, in the order in which they are asked."""

from __future__ import annotations

from fastapi import APIRouter

from junco.hub.web import artefact, difference, files, look, searching, settings, start, versions

ROUTERS: list[APIRouter] = [
    *(look.routes, start.routes, searching.routes),
    *(files.routes, versions.routes, difference.routes, settings.routes, artefact.routes),
]
"""Those of repositories, at ``/namespace/name``, stand last."""
