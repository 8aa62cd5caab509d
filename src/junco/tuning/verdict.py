"""`verdict`: numbers of a training run → words: better, not better, worse, over-fitted, too little to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from junco.metrics.interval import Estimate
from junco.pages.letters import amount
from junco.train.history import Epoch, History

Kind = Literal["better", "not better", "worse", "over-fitted", "too little data", "nothing held out"]
USEFUL = 0.02
"""The least gain of a measure between 0 and 1 that is worth a training run, as far as nobody says otherwise."""
FAR = 0.2
"""So far above the held-out items the examples themselves are where they were learned by heart."""
FALL = 0.01
"""That a measure loses after its best epoch, before it counts as lost."""
FEWEST_TO_TELL = 20
"""Held-out items: intervals of fewer are too narrow, all the more as the best epoch was chosen by the same items."""
_LONG = 0.5
"""The share of all epochs that came after the best one where it came long before the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The numbers that a verdict is made of.

    Attributes:
        measure: the name of the measure that decides.
        before, after, gain: of it, with intervals, on what was held out; ``None``: nothing was.
        on_examples: the same measure of the examples themselves, afterwards; ``None``: nobody measured it.
        history: the run's epochs.
        is_parent_kept: the weights that were there before are the ones that were kept.
    """

    measure: str
    before: Estimate | None
    after: Estimate | None
    gain: Estimate | None
    history: History
    on_examples: float | None = None
    is_parent_kept: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the numbers say.

    Attributes:
        kind: in a word.
        sentences: one or two.
        advice: what may help, a line each.
    """

    kind: Kind
    sentences: tuple[str, ...]
    advice: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.sentences)


def verdict(read: Readings) -> Verdict:
    """What the numbers say, without advice."""
    if read.before is None or read.after is None or read.gain is None or not read.gain.num_items:
        return _unknown(read)
    if read.is_parent_kept or read.gain.is_below_zero:
        return _worse(read, read.before, read.after, read.gain)
    if read.gain.num_items < FEWEST_TO_TELL:
        return _too_few(read, read.before, read.after, read.gain)
    if read.gain.is_above_zero:
        rose = f"{read.measure} rose from {read.before.mean:.3f} to {read.after.mean:.3f}"
        said = f"Better: {rose}, by {between(read.gain)}, on {_items(read.gain)}."
        little = (f"That is little: it is hardly more than {read.gain.high:.3f}.",) if read.gain.high < USEFUL else ()
        return Verdict("better", (said, *little, *_lost_later(read.history)))
    return _not_told(read, read.before, read.after, read.gain)


def _not_told(read: Readings, before: Estimate, after: Estimate, gain: Estimate) -> Verdict:
    """Of a difference that may be chance."""
    moved = f"{read.measure} went from {before.mean:.3f} to {after.mean:.3f}"
    by = f"{moved}, by {between(gain)}"
    if sign := by_heart(read):
        return Verdict("over-fitted", (f"Over-fitted: {by}, which is not told apart from chance.", sign))
    if little := _little(read, before):
        return Verdict("not better", (f"Not better: {by}, on {_items(gain)}.", little.rstrip()))
    if half_width(gain) > USEFUL:
        return _too_little(moved, gain)
    at_most = f"If there is a gain, it is hardly above {max(0.0, gain.high):.3f}."
    said = f"Not better: {by}, which {_items(gain)} do not tell apart from chance."
    return Verdict("not better", (said, at_most))


def _items(gain: Estimate) -> str:
    return amount(gain.num_items, "held-out item")


def between(gain: Estimate) -> str:
    """A difference and its interval."""
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def half_width(gain: Estimate) -> float:
    """From the middle of the interval to its ends."""
    return (gain.high - gain.low) / 2


def items_to_tell(gain: Estimate) -> tuple[int, float]:
    """How many held-out items would tell a gain from chance, roughly, and which gain.

    An interval gets narrower with the root of the number of items. The gain is the one that was found, or the least
    that is useful where less was found.
    """
    wanted = max(USEFUL, gain.mean)
    return _round_up(gain.num_items * (half_width(gain) / wanted) ** 2), wanted


def by_heart(read: Readings) -> str:
    """How it is seen that the examples were learned by heart, as a sentence; empty where it is not."""
    if read.on_examples is not None and read.after is not None and read.on_examples - read.after.mean > FAR:
        return (
            f"Its examples were learned by heart: of them {read.measure} is {read.on_examples:.3f}, of what it has not "
            f"seen {read.after.mean:.3f}."
        )
    if fallen := _fallen(read.history):
        best, last = fallen
        name = read.history.metric
        return (
            f"What was held out was best in epoch {best.number} of {last.number} and lost from there, {name} from "
            f"{best.measures[name]:.3f} to {last.measures[name]:.3f}: the examples were learned by heart."
        )
    return ""


def _fallen(history: History) -> tuple[Epoch, Epoch] | None:
    """The best and the last epoch, where the best came long before and the measure fell from there."""
    if not history.epochs:
        return None
    best, last = history.best, history.epochs[-1]
    there = [epoch.measures.get(history.metric, math.nan) for epoch in (best, last)]
    late = last.number - best.number
    is_long = late >= 2 and late >= _LONG * last.number
    return (best, last) if is_long and there[0] - there[1] >= FALL else None


def _lost_later(history: History) -> tuple[str, ...]:
    """Of a better one: which epoch is kept where it got worse again afterwards."""
    if (fallen := _fallen(history)) is None:
        return ()
    best, last = (epoch.number for epoch in fallen)
    return (f"It was best after epoch {best} of {last} and then lost again: the weights of epoch {best} are kept.",)


def _unknown(read: Readings) -> Verdict:
    said = "Nothing was held out, so nobody knows whether this is better."
    measures = read.history.epochs[-1].measures if read.history.epochs else {}
    if read.history.metric in measures:
        name = read.history.metric
        also = f"Of the examples themselves {name} is {measures[name]:.3f}, which says nothing of others."
        return Verdict("nothing held out", (said, also))
    return Verdict("nothing held out", (said,))


def _worse(read: Readings, before: Estimate, after: Estimate, gain: Estimate) -> Verdict:
    items = _items(gain)
    kept = "The weights that were there before are kept."
    if gain.is_below_zero:
        fell = f"{read.measure} fell from {before.mean:.3f} to {after.mean:.3f}, by {between(gain)}, on {items}"
        instead = kept if read.is_parent_kept else "Go on with what was there before."
        return Verdict("worse", (f"Worse: {fell}.", instead))
    name, tried = read.history.metric, [each for each in read.history.epochs if each.number]
    best = max((each.measures.get(name, math.nan) for each in tried), default=math.nan)
    if math.isnan(best):
        return Verdict(
            "worse", (f"Worse: no epoch came to its end; {read.measure} was {before.mean:.3f} before.", kept)
        )
    first = read.history.epochs[0].measures.get(name, before.mean)
    lost = f"no epoch was better than what was there: {name} {first:.3f} before, {best:.3f} at best in {len(tried)}"
    if first - best >= FALL:
        return Verdict("worse", (f"Worse: {lost}, on {items}.", kept))
    return Verdict("not better", (f"Not better: {lost}, on {items}.", f"{_little(read, before)}{kept}"))


def _little(read: Readings, before: Estimate) -> str:
    """That there was little to gain, with a space after it; else nothing."""
    if 1 - before.mean >= USEFUL:
        return ""
    return f"There was little to gain: {read.measure} was {before.mean:.3f} of 1 already. "


def _too_little(moved: str, gain: Estimate) -> Verdict:
    count, wanted = items_to_tell(gain)
    said = (
        f"Too little data to say: {moved}, and by {_items(gain)} the difference may be anything "
        f"from {gain.low:+.3f} to {gain.high:+.3f}."
    )
    return Verdict("too little data", (said, f"About {count:,} held-out items would show a gain of {wanted:.3f}."))


def _too_few(read: Readings, before: Estimate, after: Estimate, gain: Estimate) -> Verdict:
    said = (
        f"Too little data to say: {read.measure} went from {before.mean:.3f} to {after.mean:.3f}, but only "
        f"{_items(gain)} told so."
    )
    return Verdict("too little data", (said, f"Hold out {FEWEST_TO_TELL} at least, and rather hundreds."))


def _round_up(count: float) -> int:
    """To two digits, as an estimate is worth no more."""
    unit: int = 10 ** max(0, len(str(math.ceil(count))) - 2)
    return math.ceil(count / unit) * unit
