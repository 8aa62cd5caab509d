"""The routers of all pages, in the order in which they are asked."""

from __future__ import annotations

from fastapi import APIRouter

from junco.hub.web import look, start

ROUTERS: list[APIRouter] = [look.routes, start.routes]
"""Those of repositories, at ``/namespace/name``, stand last."""
