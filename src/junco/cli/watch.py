"""``junco embed --watch``: the same job once more, whenever files of its sources have changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from junco.errors import JuncoError
from junco.terminal import flush, out, out_json, say
from junco.wording import on_one_screen

if TYPE_CHECKING:
    from junco.job.report import JobReport


class Pass(Protocol):
    """Runs the job once."""

    def __call__(self, *, is_first: bool) -> JobReport:
        """What it did; the first time with a bar, and as if nobody watched."""


def keep_up(run: Pass, sources: Sequence[str], to: str, *, as_json: bool) -> None:
    """Run a job, and again whenever its sources have changed, until Ctrl-C; only the first error ends it.

    Raises:
        JuncoError: the first run failed, or what is to be watched cannot be.
    """
    from junco.job.watch import changes_of
    from junco.store.target import sink_of

    own = [os.path.realpath(path) for path in sink_of(to).files]

    def is_own(path: str) -> bool:
        return any(path == file or path.startswith((f"{file}{os.sep}", f"{file}.part")) for file in own)

    report: JobReport | str | None = None
    try:
        for _ in changes_of(sources, is_own, say):
            report = _passed(run, report, as_json=as_json)
    except KeyboardInterrupt:
        if report is None:
            raise
        say("stopped watching; what is done is kept")


def _passed(run: Pass, last: JobReport | str | None, *, as_json: bool) -> JobReport | str:
    """The report of a run, which is shown, or the error that it ended with; not if that is the last one's too."""
    is_first = last is None
    try:
        report = run(is_first=is_first)
    except JuncoError as error:
        if is_first:
            raise
        if str(error) != last:
            say(on_one_screen(f"error: {error}"))
        return str(error)
    if is_first or not report.is_unchanged:
        _show(report, is_first=is_first, as_json=as_json)
    if is_first:
        say("watching: Ctrl-C ends it")
    return report


def _show(report: JobReport, *, is_first: bool, as_json: bool) -> None:
    """The first report whole, of later ones what changed in a line each."""
    if as_json:
        out_json(report.to_dict())
    else:
        out(str(report) if is_first else report.changes())
    flush()
