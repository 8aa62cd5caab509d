"""What a hub's answers mean to people: its errors as errors of junco's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from junco.errors import ContractError, UnavailableError, rebuilt
from junco.wording import printable


class HubError(UnavailableError):
    """A hub refused, or could not do, what was asked.

    Attributes:
        status: of HTTP.
        code: one word: ``"no-repository"``, ``"forbidden"`` ….
        details: what the hub says beside.
    """

    def __init__(self, message: str, status: int, code: str = "", details: Mapping[str, Any] | None = None) -> None:
        self.status, self.code, self.details = status, code, dict(details or {})
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), self.args, self.__dict__)


class RefusedError(HubError, ContractError):
    """A hub does not take what was pushed: all that is wrong is in the message."""


def fault_of(hub: str, status: int, told: Any, *, has_token: bool) -> HubError:
    """The error of an answer.

    Args:
        hub: its address.
        status: of HTTP.
        told: the JSON of the answer, if it is some.
        has_token: whether a token was sent.
    """
    error = _mapping(_mapping(told).get("error"))
    code, message = str(error.get("code", ""))[:40], printable(str(error.get("message", "")))[:1000]
    details = _mapping(error.get("details"))
    if not code:
        return HubError(f"{hub} answered {status}, and nothing that a junco hub says: is it one?", status)
    if status == 401:
        message = message.partition(": junco hub login")[0]  # which hub is said here, once
    if status == 401 or (code == "no-repository" and not has_token):
        message += f" (log in: junco hub login {hub})"
    if code == "forbidden" and "scope" in details:
        message += f" (the token lacks the scope {printable(str(details['scope']))[:40]}: log in again with it)"
    if status == 429:
        message += " (it is asked too often: wait a while)"
    problems = details.get("problems") or details.get("paths") or details.get("fields")
    if isinstance(problems, list) and problems:
        message += f": {'; '.join(map(_line, problems[:20]))}"
        return RefusedError(f"{hub}: {message}", status, code, details)
    return HubError(f"{hub}: {message}", status, code, details)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(problem: Any) -> str:
    if isinstance(problem, dict):
        return printable(": ".join(str(each) for each in problem.values()))[:300]
    return printable(str(problem))[:300]
