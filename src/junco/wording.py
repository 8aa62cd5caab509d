"""What messages are made of: text that may be shown, a short picture of a value, the names nearest to another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_AT = r" at 0x[0-9A-Fa-f]+"
# patterns stay texts here: `re` keeps what it compiled, and a program that shows no message compiles none
_USER = (
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30}://)(?P<user>[^\s/?#:@\[\]\"']{0,500})"
    # a port, or the next address of a chain, is no password; one may hold what should have been quoted
    r"(?:(?P<colon>:)(?!\d{0,5}[/?#]|:[a-z0-9+]{1,30}:)(?:[^\s/?#\"<>]{0,2000}|[^\s\"<>]{0,2000}))?@"
)
_PAIR = r"(?P<sign>[?&;#])(?P<name>[^\s=&;?#/'\"]{1,100})=(?P<value>[^\s&;#'\"<>)\]}]+)"
_OPENING = (
    r"(?i)signature|token|secret|passw|passphrase|credential|api[-_.]?key|(?:access|account|shared)[-_.]?key"
    r"|authorization|(?:^|[-_.])(?:key|sig|pwd|pass|auth|jwt|sas|sid|code|j?session(?:[-_.]?id)?)$"
)
_SAID = r"(?i)(?P<name>\b(?:password|passwd|pwd|client_secret) ?= ?|\b(?:Bearer|Basic) (?=[\w.~+/=-]{8}))[^\s,;&'\"]+"
_NAMED = (
    r"(?i:(?P<name>(?P<mark>['\"])[\w.-]{0,60}(?:password|passwd|token|secret|api[-_]?key|access[-_]?key)(?P=mark)"
    r" ?[:=] ?(?P<open>['\"])))(?:(?!(?P=open))[^\n]){1,2000}"
)
_BARE = (
    r"(?P<name>\b[A-Z][A-Z0-9_]{0,60}(?:TOKEN|SECRET|PASSWORD|API_KEY|ACCESS_KEY)=|"
    r"(?i:\bpassword): (?!(?:none|null|no|not|is|missing|wrong|required)\b)|"
    r"\b(?:hf_|ghp_|github_pat_)(?=[A-Za-z0-9]{16}))[^\s,;&'\"]+"
)
_LONGEST_USER = 19
"""Characters of a user's name in an address; what is longer is a token."""
SCREEN_LINES, SCREEN_WIDTH = 20, 100
"""What a message may fill."""
_HEAD, _TAIL = 13, 6  # of a message that is longer: what is wrong stands first, the cure last
_LOOKED_AT = 10_000  # characters at either end of a text of any length
_LONGEST_NAME = 200
"""Characters of a name that others are compared with: comparing takes the square of it."""
_LEAST_PART = 3
"""Letters of a part of a name by which the name is suggested."""
MOST_SAID = 1_000
"""Letters of what an exception says that a message repeats: no message is longer than a screen."""
NOT_OURS = (Exception, SystemExit)
"""What somebody else's class or module may raise when it is only looked at, which must hide nothing and end nobody."""


_SPACES = frozenset("\u00a0\u1680\u202f\u205f\u3000") | frozenset(map(chr, range(0x2000, 0x200B)))
"""Blanks of other widths: they indent Chinese paragraphs and hold numbers together, and move nothing."""


def printable(text: str) -> str:
    """A text without control characters: what would move a cursor, turn the direction or ring is spelt out."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in _SPACES else _spelt(letter) for letter in text)


def printable_lines(lines: Iterable[str]) -> str:
    """Lines as one text, each of them `printable`: a name with a line break in it stays on its line."""
    return "\n".join(map(printable, lines))


def masked(text: str) -> str:
    """A text whose addresses tell no secret; for every message, log and page that an address may come into.

    ``user:password@`` becomes ``user:***@`` (a token as the user ``***@``), and in a query the values of what signs or
    opens (``X-Amz-Signature=``, ``sig=``, ``token=``, ``key=`` …) become ``***``, as do ``password=…``, ``Bearer …``,
    ``'password': '…'``, ``HF_TOKEN=…`` and ``hf_…`` elsewhere.
    It takes one address or any text with addresses in it; what is masked stays as it is. Errors of junco,
    `picture` and `brief` mask what they show; what has to find an address again keeps the address itself.
    """
    if "://" in text:
        text = re.sub(_USER, _without_password, text)
    if "=" in text:
        text = re.sub(_PAIR, _without_value, text)
    for pattern in (_SAID, _NAMED, _BARE):
        text = re.sub(pattern, r"\g<name>***", text)
    return text


def _without_password(found: re.Match[str]) -> str:
    is_name = len(found["user"]) <= _LONGEST_USER and "%3a" not in found["user"].lower()  # else a password is in it
    user = found["user"] if is_name else "***"
    return f"{found['scheme']}{user}{':***' if found['colon'] else ''}@"


def _without_value(found: re.Match[str]) -> str:
    from urllib.parse import unquote

    is_secret = re.search(_OPENING, unquote(found["name"])) is not None
    return f"{found['sign']}{found['name']}={'***' if is_secret else found['value']}"


def on_one_screen(text: str) -> str:
    """A message as it is shown, whatever has come into it: `masked`, `printable`, and no longer than a screen.

    Of one that is longer the middle is left out: what is wrong stands at the beginning, and the cure at the end.
    """
    if len(text) > 2 * _LOOKED_AT:
        text = f"{text[:_LOOKED_AT]} … {text[-_LOOKED_AT:]}"
    lines = [printable(line) for line in masked(text).split("\n")]
    if sum(map(_num_rows, lines)) <= SCREEN_LINES:
        return "\n".join(lines)
    tail = [line[::-1] for line in reversed(_first_rows([line[::-1] for line in reversed(lines)], _TAIL))]
    return "\n".join(_first_rows(lines, _HEAD)) + " … " + "\n".join(tail)


def _num_rows(line: str) -> int:
    return max(1, -(-len(line) // SCREEN_WIDTH))


def _first_rows(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, as much of them as so many rows of a screen hold."""
    taken: list[str] = []
    for line in lines:
        if most <= 0:
            break
        taken.append(line[: most * SCREEN_WIDTH])
        most -= _num_rows(line)
    return taken


def _spelt(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def picture(value: object, most: int = 80) -> str:
    """A short picture of a value for messages: type and shape for arrays, a cut ``repr`` for the rest; never raises."""
    try:
        return _pictured(value, most)
    except NOT_OURS as error:
        return _cut(f"<{type(value).__name__}, which raised {type(error).__name__} when it was looked at>", most)


def _pictured(value: object, most: int) -> str:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{type(value).__name__}{tuple(shape)} {dtype}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{type(value).__name__} of {len(value)} bytes"
    if isinstance(value, (list, tuple, set, frozenset, dict)) and len(value) > 8:
        return f"{type(value).__name__} of {len(value)} items"
    params = getattr(type(value), "__dataclass_params__", None)
    if params is not None and params.repr:  # its own repr would print whole arrays
        fields = [field.name for field in getattr(value, "__dataclass_fields__", {}).values() if field.repr]
        text = ", ".join(f"{name}={picture(getattr(value, name, None))}" for name in fields)
        return _cut(f"{type(value).__name__}({text})", most)
    try:
        text = repr(value)
    except NOT_OURS as error:  # a user's __repr__ must not hide the error we are describing
        text = f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    return _cut(placeless(text[: 20 * most]), most)  # it may be megabytes long


def placeless(text: str) -> str:
    """A text without the addresses in memory that a plain ``repr`` names: they differ from one run to the next."""
    return re.sub(_AT, "", text)


def _cut(text: str, most: int) -> str:
    text = masked(text[:_LOOKED_AT])
    text = text if len(text) <= most else text[: most - 1] + "…"
    return printable(text)  # a class of somebody's own shows itself as it likes


def said_by(error: BaseException) -> str:
    """What an exception of somebody else's code says; nothing where it fails at that; never raises."""
    try:
        return str(error)
    except NOT_OURS:  # as with a value's repr
        return ""


def brief(error: BaseException) -> str:
    """An exception of somebody else's code as one line: its type, and the first line of what it says."""
    kind = type(error).__name__
    said = said_by(error).strip().splitlines()
    return _cut(f"{kind}: {said[0]}" if said else kind, MOST_SAID)


def reason(error: BaseException) -> str:
    """The same with all lines that it says, put into one; of a group of exceptions each is told."""
    kind, said = type(error).__name__, said_by(error)
    text = " ".join(said[: 2 * MOST_SAID].split())
    told = _cut(f"{kind}: {text}" if text else kind, MOST_SAID)
    if issubclass(type(error), BaseExceptionGroup):
        told = _cut(f"{told}: {'; '.join(map(reason, error.exceptions))}", MOST_SAID)  # type: ignore[attr-defined]
    return told


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known names most like ``name``, best first: before all others those of the same words in another order."""
    import difflib  # only where a name is wrong

    if len(name) > _LONGEST_NAME:
        return ()
    folded = {k.casefold(): k for k in known if len(k) <= _LONGEST_NAME}
    turned = [each for each in folded if _words(each) == _words(name.casefold())]
    like = difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.6)
    return tuple(folded[m] for m in dict.fromkeys([*turned, *like]))[:most]


def _words(name: str) -> list[str]:
    return sorted(re.split(r"[-_.\s]+", name))


def and_listed(names: Sequence[str]) -> str:
    """Names in a sentence: commas between them, and the last after an "and"."""
    return " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names)


def some_listed(names: Sequence[object], most: int = 5) -> str:
    """The first of many in a sentence, and how many more there are."""
    more = [f"{len(names) - most:,} more"] if len(names) > most else []
    return and_listed([*map(str, names[:most]), *more])


def holding(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known names that have another in them, the shortest first: of ``resnet50`` ``image-embedding-resnet50``."""
    part = _squeezed(name)
    found = (each for each in known if len(part) >= _LEAST_PART and part in _squeezed(each))
    return tuple(sorted(found, key=lambda each: (len(each), each))[:most])


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def did_you_mean(suggestions: Iterable[str]) -> str:
    """A sentence that names suggestions, with a space before it; nothing where there are none."""
    listed = " or ".join(repr(s) for s in suggestions)
    return f" Did you mean {listed}?" if listed else ""
