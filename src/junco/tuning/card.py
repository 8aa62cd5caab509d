"""`write_card`: the page of a tuned operator for people, ``README.md``: every number in it is the report's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.graph.yaml_text import dump
from junco.operator import tuned_card
from junco.operator.base import Operator
from junco.operator.tuned_folder import read_folder
from junco.pages.letters import amount
from junco.tuning.report_text import notes, table_of_measures, trained
from junco.wording import printable

if TYPE_CHECKING:
    from junco.tuning.report import TrainReport

_SIGNS = re.compile(r"([\\`*<>\[\]|])")
_ON_A_HUB = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@.*)?", re.ASCII)
_MOST_LABELS = 20
_FEW_LABELS = 5


def write_card(folder: Path, report: TrainReport, licence: str = "") -> None:
    """Write the card of a tuned folder, unless somebody wrote one of his own there.

    Args:
        folder: of the tuned operator.
        report: of the run that made it.
        licence: under which it is shared; empty: nobody said.

    Raises:
        TargetError: it cannot be written.
    """
    if tuned_card.has_own_card(folder):
        return
    body = card_body(report, read_folder(folder).manifest)
    head = dump(_head(report, tuned_card.mark_of(body)), flow=False)
    text = f"---\n{head}---\n{body}"
    tuned_card.write(folder, tuned_card.with_licence(text, licence) if licence else text)


def _head(report: TrainReport, mark: str) -> dict[str, Any]:
    family = report.name.partition(".")[0] if "/" not in report.name else ""
    tags = ["junco:tuned-operator", *([f"family:{family}"] if family else [])]
    named = [_ON_A_HUB.fullmatch(str(each)) for each in (report.name, report.params.get("model", ""))]
    base = next((found[1] for found in named if found), None)
    return {"library_name": "junco", "tags": tags, **({"base_model": base} if base else {}), tuned_card.MARK: mark}


def card_body(report: TrainReport, manifest: Mapping[str, Any]) -> str:
    """The text of a card beneath its head, as Markdown.

    Args:
        report: of the run.
        manifest: of the tuned folder.
    """
    parts = [
        f"# {report.name}, tuned",
        _summary(report),
        f"## How to use it\n\n{_use(report)}",
        f"## How good it is\n\n{_measured(report)}",
        "## What it was made of\n\n" + _table(["", ""], list(_made_of(report, manifest))),
        "## Limits\n\n" + "\n".join(f"- {line}" for line in _limits(report)),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(report: TrainReport) -> str:
    said = f"Tuned from {report.name} on {amount(report.num_examples, 'example')}{_of_labels(report)}."
    read = report.readings
    if read.before is None or read.after is None:
        return f"{said} Nothing was held out to measure it by."
    held_out = amount(read.before.num_items, "held-out item")
    return f"{said} On {held_out} {read.measure} was {read.before.mean:.3f} before and is {read.after.mean:.3f} now."


def _counts(report: TrainReport) -> Mapping[str, int]:
    counts = (report.split.get("train") or {}).get("counts")
    return counts if isinstance(counts, Mapping) else {}


def _of_labels(report: TrainReport) -> str:
    counts = _counts(report)
    if not counts:
        return ""
    named = f" ({', '.join(map(_plain, counts))})" if len(counts) <= _FEW_LABELS else ""
    return f" of {amount(len(counts), 'label')}{named}"


def _use(report: TrainReport) -> str:
    from junco.tuning.decoding import family_step

    home = family_step(report.operator) if isinstance(report.operator, Operator) else None
    lines = ["from junco import Operator" + (", pipeline" if home else ""), "", 'tuned = Operator.load("FOLDER")']
    if home:
        lines.append(f"embed = pipeline({home[0]!r}).replace({home[1]!r}, tuned)")
    code = "\n".join(lines)
    return (
        f"FOLDER is where this folder lies; on a hub, `ops[…]` with its name there takes the place of the second line."
        f"\n\n```python\n{code}\n```\n\nIts vectors have a space of their own: they cannot be compared with those of "
        f"{report.name}."
    )


def _measured(report: TrainReport) -> str:
    said = _plain(" ".join(report.verdict.sentences))
    rows = table_of_measures(report)
    if not rows:
        return said
    lines = [said, _table(rows[0], rows[1:]), *(f"{_plain(line)}." for line in notes(report)[:2])]
    return "\n\n".join(lines)


def _made_of(report: TrainReport, manifest: Mapping[str, Any]) -> Iterator[list[str]]:
    yield ["operator", report.name]
    if params := manifest["params"]:
        yield ["parameters", ", ".join(f"{name}={value!r}" for name, value in params.items())]
    if before := (manifest.get("parent") or {}).get("weights"):
        yield ["its weights", str(before)]
    yield ["trained", trained(report)]
    for name, key in (("data", "train"), ("held out", "eval")):
        if side := report.split.get(key):
            number = amount(int(side.get("num_items", 0)), "item")
            yield [name, f"{number}, fingerprint {side.get('fingerprint', '')}"]
    if counts := _counts(report):
        shown = [f"{label} {count:,}" for label, count in list(counts.items())[:_MOST_LABELS]]
        more = [f"{len(counts) - _MOST_LABELS:,} more"] if len(counts) > _MOST_LABELS else []
        yield ["labels", ", ".join([*shown, *more])]
    if made := manifest.get("made"):
        yield ["made by", ", ".join(f"{name} {version}" for name, version in made.items())]


def _limits(report: TrainReport) -> Iterator[str]:
    if report.evaluation is None:
        yield "Nothing was held out, so that nobody knows how good it is."
    elif report.split.get("how") == "share":
        yield "It was measured by items of the same data; of other data nothing is known."
    if counts := _counts(report):
        few, labels = amount(min(counts.values()), "example"), amount(len(counts), "label")
        yield f"It was trained to tell {labels} apart; the rarest has {few}."
    if report.rejects:
        yield f"{amount(len(report.rejects), 'item')} could not be read, and had no part in it."
    yield f"What {report.name} may not be used for, by its licence, this may not either."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: Any) -> str:
    """A text on one line in which no sign means anything to Markdown."""
    return _SIGNS.sub(r"\\\1", printable(" ".join(str(text).split())))
