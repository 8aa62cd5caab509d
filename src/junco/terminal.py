"""What reaches a terminal: the one place that writes to stdout and stderr.

Results go to stdout, everything else to stderr. Control characters are spelt out, whoever brought them, and the secrets
of addresses are masked; JSON alone, which is for programs, holds addresses as they are. What the stream's encoding does
not have is escaped; nobody is told that nobody listens on stderr.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from junco.errors import TargetError
from junco.wording import masked, printable

BOLD, RED, YELLOW, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_results: list[TextIO | None] = []


@contextmanager
def only_results_on_stdout() -> Iterator[None]:
    """Send to stderr what anybody's code prints meanwhile; what is written here goes to stdout as before."""
    _results.append(sys.stdout)
    sys.stdout = sys.stderr if sys.stderr is not None else sys.stdout
    try:
        yield
    finally:
        sys.stdout = _results.pop()


def stdout() -> TextIO | None:
    """Where results go; ``None`` where it is closed."""
    return _results[-1] if _results else sys.stdout


def out(text: str = "", *, bold: int = 0) -> None:
    """Lines of a result; on a terminal the first ``bold`` characters stand out.

    Raises:
        TargetError: stdout cannot be written.
        BrokenPipeError: its reader has gone.
    """
    shown = "\n".join(map(printable, masked(text).split("\n")))
    if bold and is_terminal(stdout()):
        shown = f"{BOLD}{shown[:bold]}{_PLAIN}{shown[bold:]}"
    _write(f"{shown}\n")


def out_json(value: Any, indent: int | None = None) -> None:
    """A value of JSON's own types: what a terminal obeys, and what the encoding does not have, is escaped as JSON is.

    Raises:
        TargetError: stdout cannot be written.
        BrokenPipeError: its reader has gone.
    """
    _write(_as_json(value, stdout(), indent) + "\n")


def out_document(text: str) -> None:
    """A document that has escaped its own text, as it is.

    Raises:
        TargetError: stdout cannot be written.
        BrokenPipeError: its reader has gone.
    """
    _write(text)


def say(text: str, colour: str = "", *, stream: TextIO | None = None) -> None:
    """A line on stderr, however many the text has. Where nobody can be told, nothing is said."""
    stream = stream or sys.stderr
    if stream is None:
        return
    shown = printable(masked(" ".join(text.split("\n"))))
    if colour and is_terminal(stream):
        shown = f"{colour}{shown}{_PLAIN}"
    with suppress(OSError, ValueError):  # closed, or full
        stream.write(_encodable(f"{shown}\n", stream))
        stream.flush()


def say_json(value: Any) -> None:
    """A value of JSON's own types as a line on stderr, escaped as `out_json` does; secrets of addresses are masked."""
    if (stream := sys.stderr) is not None:
        with suppress(OSError, ValueError):
            stream.write(masked(_as_json(value, stream)) + "\n")
            stream.flush()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that is closed is none."""
    return stream is not None and not stream.closed and stream.isatty()


def flush() -> None:
    """Have all results written.

    Raises:
        TargetError: stdout cannot be written.
        BrokenPipeError: its reader has gone.
    """
    _write("")
    if (stream := stdout()) is not None:
        with _writing():
            stream.flush()


def _write(text: str) -> None:
    if (stream := stdout()) is not None:
        with _writing():
            stream.write(_encodable(text, stream))


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # a closed file is a ValueError
        raise TargetError(f"stdout cannot be written: {getattr(error, 'strerror', None) or error}") from None


def _encodable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _as_json(value: Any, stream: TextIO | None, indent: int | None = None) -> str:
    """JSON for a stream: letters as they are where it has all of them."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=not encoding.startswith("utf"), indent=indent)
    return "".join(map(_escaped, re.split(r"(\n)", text)))


def _escaped(text: str) -> str:
    if text.isprintable() or text == "\n":
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
