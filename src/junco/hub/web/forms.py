"""Forms of pages: who sent one, what stands in it, and what of it was wrong, beside its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import Response

from junco.hub.server.faults import Fault, forbidden
from junco.hub.server.front import is_own
from junco.hub.server.visits import Visit
from junco.hub.web.render import form_of

_MOST = 2_000
NO_STORE = {"Cache-Control": "no-store"}
"""Of a page that shows what is shown once."""


class Wrong(Exception):
    """A form that is shown again, with what was typed.

    Args:
        field: beside which it is said; empty: above all.
        message: English, a key of the words or a fault's.
        status: of HTTP.
    """

    def __init__(self, field: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.field, self.message, self.status = field, message, status

    def shown(self) -> dict[str, Any]:
        """For the template: messages by field."""
        return {self.field: self.message}


class Fields:
    """What was typed into a form's fields; files and repeated fields are not meant."""

    def __init__(self, form: FormData) -> None:
        self.form = form

    def text(self, name: str) -> str:
        """A field, without spaces around it; empty where there is none."""
        return self.secret(name).strip()

    def secret(self, name: str) -> str:
        """A field as it was typed: a password may begin with a space."""
        value = self.form.get(name, "")
        return value[:_MOST] if isinstance(value, str) else ""

    def needed(self, name: str) -> str:
        """A field that has to hold something.

        Raises:
            Wrong: it holds nothing.
        """
        if not (value := self.text(name)):
            raise Wrong(name, "This is needed.")
        return value

    def chosen(self, name: str) -> list[str]:
        """All boxes of one name that are ticked."""
        return [value[:_MOST] for value in self.form.getlist(name)[:50] if isinstance(value, str)]

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))


async def answered(request: Request, visit: Visit, work: Callable[[Visit, Request, Fields], Response]) -> Response:
    """What a form's work answers, in a thread.

    Raises:
        Fault: another site's page sent it, or it is not of this session.
    """
    if not is_own(request.headers, request.headers.get("host", "").lower()):
        raise forbidden("another site's page asks for this: it is not done")
    form = await form_of(request, visit)
    return await run_in_threadpool(work, visit, request, Fields(form))


def beside(fault: Fault, fields: dict[str, str], otherwise: str = "") -> Wrong:
    """A fault as what is wrong with a field.

    Args:
        fault: what the hub refused with.
        fields: the form's field by the fault's code, or by the first of its fields.
        otherwise: the field for all else.

    Raises:
        Fault: the same, where a form cannot mend it: too many requests, a busy database.
    """
    if fault.status in {429, 500, 503}:
        raise fault
    named = next(iter(fault.details.get("fields") or ()), "")
    return Wrong(fields.get(named) or fields.get(fault.code) or otherwise, fault.message, fault.status)
