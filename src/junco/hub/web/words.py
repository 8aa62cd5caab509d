"""The pages' words in two languages: the English text is the key of the Chinese one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = {"en": "English", "zh": "中文"}

SAID = {
    "liked": "You like this now.",
    "unliked": "You do not like this any more.",
    "made-private": "This is private now: its members alone see it.",
    "made-public": "This is public now: everybody sees it.",
    "deleted": "It is deleted. Its name stays taken, so that nobody is served something else by it.",
    "signed-in": "You are signed in.",
    "signed-out": "You are signed out.",
    "joined": "Welcome: this is your page.",
    "password-changed": "Your password is changed.",
    "report-dropped": "The report is taken away.",
    "token-revoked": "The token is good no more.",
    "organisation-made": "The organisation is there. Add its members.",
    "member-set": "The role is set.",
    "member-gone": "The member is removed.",
    "user-disabled": "The user may not enter any more; all their tokens and sessions are ended.",
    "user-enabled": "The user may enter again.",
    "wrong-name": "The name was not typed as it is: nothing was deleted.",
}
"""What a page says once after a form was sent, by a word that travels in a cookie (`render.redirect`)."""


@cache
def chinese() -> dict[str, str]:
    """Chinese texts by their English ones, of all files in ``words/zh``."""
    from junco.graph.yaml_text import parse, plain

    found: dict[str, str] = {}
    for file in sorted(files("junco.hub.web").joinpath("words", "zh").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            found |= plain(parse(file.read_text("utf-8"), file.name))
    return found


def translated(language: str, text: str, **values: Any) -> str:
    """A text in a language, with values where it has ``{name}``; one that has no translation stays English."""
    shown = chinese().get(text, text) if language == "zh" else text
    return shown.format(**values) if values else shown


def wanted_language(accepted: str) -> str:
    """The language that a browser likes best of those there are (its header ``Accept-Language``)."""
    liked: list[tuple[float, int, str]] = []
    for number, part in enumerate(accepted[:500].split(",")[:20]):
        name, _, rest = part.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            liked.append((-_quality(rest), number, language))
    return min(liked)[2] if liked else "en"


def _quality(text: str) -> float:
    _, _, number = text.partition("q=")
    try:
        return float(number) if number.strip() else 1.0
    except ValueError:
        return 0.0
