"""`advice`: what may help, by what is seen of a run; a line each, the most telling first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from junco.pages.letters import amount
from junco.tuning.verdict import Kind, Readings, by_heart

MOST_LINES = 4
_SKEWED = 10
"""So many times as many items the largest label has as the smallest, where labels are out of balance."""
_MUCH = 0.5
"""Share of all mistakes that is between two labels, where these two are the ones to look at."""
_LEAST_MISTAKES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What else is seen of a run.

    Attributes:
        scope: what was trained.
        balance: whether every label was seen as often as every other.
        counts: held-out items of each label.
        confused: two labels, and how many items of either are taken for the other afterwards; those of most first.
        num_mistakes: items that are taken for something else afterwards, of ``num_asked``.
        suspects: items whose label may be wrong, by what they are called.
        is_pictured: whether items are pictures.
    """

    scope: str = "head"
    balance: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)
    confused: tuple[tuple[str, str, int], ...] = ()
    num_mistakes: int = 0
    num_asked: int = 0
    suspects: tuple[str, ...] = ()
    is_pictured: bool = False


def advice(kind: Kind, read: Readings, seen: Circumstances) -> tuple[str, ...]:
    """What may help.

    Args:
        kind: of the verdict.
        read: the numbers that it was made of.
        seen: what else is seen.
    """
    lines = [*_of_ending(read), *_of_data(kind), *_of_scope(kind, read, seen), *_of_labels(seen), *_of_epochs(read)]
    return tuple(lines[:MOST_LINES])


def _of_ending(read: Readings) -> Iterator[str]:
    if read.history.ending == "not finite":
        yield "The loss was no number any more: a lower rate (lr=…), or precision='float32', keeps it one."
    if read.history.ending == "interrupted":
        yield "It was interrupted: the same call with resume=True goes on from there."


def _of_data(kind: Kind) -> Iterator[str]:
    if kind == "nothing held out":
        yield "Hold a part out to measure by: eval_data=0.2, or a folder or table of its own."
    if kind == "too little data":
        yield "More items to measure by, by a larger eval_data or more labelled items, make the interval narrower."


def _of_scope(kind: Kind, read: Readings, seen: Circumstances) -> Iterator[str]:
    if kind == "over-fitted" or (kind == "worse" and by_heart(read)):
        smaller = "" if seen.scope == "head" else ", a smaller scope ('head' or 'lora')"
        yield f"More varied examples, fewer epochs{smaller} or a higher weight_decay leave less to learn by heart."
    elif kind == "better" and read.on_examples is not None and by_heart(read):
        known = f"Of its examples {read.measure} is {read.on_examples:.3f} by now"
        yield f"{known}: more examples help more than more epochs."
    elif kind in ("not better", "worse") and seen.scope == "head":
        yield (
            "A head only turns and weighs what the network sees already; scope='lora' or scope='all' change what it "
            "sees."
        )
    elif kind == "worse":
        yield "A lower rate (lr=…) or a smaller scope ('head' or 'lora') moves less away from what was there."
    elif kind == "not better" and seen.scope == "lora":
        yield "scope='all' changes more than the small matrices of LoRA; a higher rank lies between."


def _of_labels(seen: Circumstances) -> Iterator[str]:
    yield from _of_confused(seen)
    if seen.suspects:
        some = ", ".join(seen.suspects[:3]) + (", …" if len(seen.suspects) > 3 else "")
        have, whose = ("has", "its label") if len(seen.suspects) == 1 else ("have", "their labels")
        count = amount(len(seen.suspects), "item")
        yield f"{count} {have} neighbours of one other label alone; {whose} may be wrong: {some}"
    if len(seen.counts) > 1:
        rare, often = (pick(seen.counts, key=lambda name: seen.counts[name]) for pick in (min, max))
        if seen.counts[often] >= _SKEWED * seen.counts[rare]:
            how = "" if seen.balance else ", or balance=True"
            yield (
                f"Labels are out of balance, {often} with {seen.counts[often]:,} held-out items beside {rare} with "
                f"{seen.counts[rare]:,}: more examples of the rare ones{how} may help them."
            )


def _of_confused(seen: Circumstances) -> Iterator[str]:
    one, other, count = seen.confused[0] if seen.confused else ("", "", 0)
    if seen.num_mistakes < _LEAST_MISTAKES or count < _MUCH * seen.num_mistakes:
        return
    said = f"{count:,} of {seen.num_mistakes:,} mistakes are between {one} and {other}"
    if seen.is_pictured:
        yield (
            f"{said}: where they differ in small local faults, pictures of a higher resolution or crops of them "
            "show what one small picture does not."
        )
    elif len(seen.counts) > 2:
        yield f"{said}: more examples of these two, or clearer borders between them, help most."


def _of_epochs(read: Readings) -> Iterator[str]:
    epochs = read.history.epochs
    is_last_best = len(epochs) > 1 and read.history.best is epochs[-1]
    if is_last_best and read.history.ending in ("done", "steps"):
        more = 2 * epochs[-1].number
        yield f"The last epoch was the best one, so that more may be better still: epochs={more}."
