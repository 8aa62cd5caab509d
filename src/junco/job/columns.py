"""Which columns of a table hold the inputs, and which travel to the target with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from junco.errors import JobError
from junco.job.choice import Choice, is_missing
from junco.job.item import BadRow
from junco.job.wanted import Wanted
from junco.store.usual import INPUT_COLUMNS
from junco.wording import did_you_mean, nearest, picture

_KEY = re.compile(
    r"(?:^|[\s_.-])(?:id|ids|key|index|idx|nr|no|num|number|label|uuid)$"
    r"|(?:号|編號|编号|序号|番号|번호)$"
    r"|^(?:unnamed: \d+|)$"
)
_NUMBER = re.compile(r"[-+\d.,:/%Ee $€£¥TZ]+")
_MOST_NAMES, _MOST_SHOWN = 20, 6


def choose(
    there: Sequence[Any],
    wanted: Wanted,
    name: str,
    with_bytes: Collection[int] = (),
    may_be_texts: Callable[[int], bool] = lambda at: True,
    sample: Callable[[int], Iterable[Any]] = lambda at: (),
) -> Choice:
    """Choose by name, as exactly as can be: case and blanks around do not count where nothing fits better.

    Without a name that fits: the column of pictures or sounds, the only one of texts, or the first that is no key.

    Args:
        there: the table's columns.
        wanted: the pipeline's input columns, and the one that was asked for.
        name: of the table, for messages.
        with_bytes: positions of columns that hold files' contents, as Hugging Face's data sets do.
        may_be_texts: whether the column at a position may hold texts; where they are wanted, no other is guessed.
        sample: some values of the column at a position, as far as they are known.

    Raises:
        JobError: no such column, two of one name, several of files, or several of texts with nothing to tell which.
    """
    texts = [str(each) for each in there]
    if not texts:
        raise JobError(f"{name} has no columns")
    wanted.see(texts)
    return _with_kept(_of_inputs(texts, wanted, name, with_bytes, may_be_texts, sample), texts, wanted, name)


def _of_inputs(
    texts: Sequence[str],
    wanted: Wanted,
    name: str,
    with_bytes: Collection[int],
    may_be_texts: Callable[[int], bool],
    sample: Callable[[int], Iterable[Any]],
) -> Choice:
    asked = (wanted.column,) if wanted.column is not None else wanted.columns
    found = [position_of(each, texts, name) for each in asked]
    if None not in found:
        return _choice([at for at in found if at is not None], texts)
    missing = asked[found.index(None)]
    if wanted.column is not None:
        raise _missing(missing, texts, name)
    if len(asked) > 1:
        raise JobError(
            f"{name} has no column {missing!r}; the pipeline takes {', '.join(asked)}; its columns: {listed(texts)}"
        )
    if with_bytes and not wanted.is_text:
        return _of_files(texts, name, sorted(with_bytes))
    others = _told_apart(texts, wanted, name)
    if not wanted.is_text:
        return _guess(texts, name, lambda at: True, others)
    return _guess(texts, name, may_be_texts, others, sample)


def _told_apart(texts: Sequence[str], wanted: Wanted, name: str) -> set[int]:
    """Columns that the caller says are something else than the input: the key, and what is kept by its name."""
    keeping = wanted.keeping
    if keeping is None:
        return set()
    named = [*([] if keeping.key is None else [keeping.key]), *(keeping.asked if keeping.asked != "*" else ())]
    return {at for each in named if (at := position_of(each, texts, name)) is not None}


def _with_kept(choice: Choice, texts: Sequence[str], wanted: Wanted, name: str) -> Choice:
    """The same with the columns of the key and of what rows keep."""
    keeping = wanted.keeping
    if keeping is None:
        return choice
    key = [] if keeping.key is None else [_position_there(keeping.key, texts, name)]
    if keeping.asked == "*":
        is_told = not key or not wanted.is_text  # by a key of its own a row does not tell the text that it came from
        named = (*key, *(choice.positions if is_told else ()))
        others = [texts[at] for at in range(len(texts)) if at not in named]
    else:
        others = list(keeping.asked)
    kept = list(dict.fromkeys(_position_there(each, texts, name) for each in others))
    keeping.note([texts[at] for at in kept], name)
    positions = (*choice.positions, *key, *kept)
    told = choice.told + "".join(f"; key {texts[at]!r}" for at in key)
    told += f"; kept: {listed([texts[at] for at in kept])}" if kept else ""
    return replace(
        choice,
        positions=positions,
        names=tuple(texts[at] for at in positions),
        told=told,
        keeping=keeping,
        num_kept=len(kept),
    )


def _position_there(wanted: str, texts: Sequence[str], name: str) -> int:
    """Where a column stands that has to be there."""
    found = position_of(wanted, texts, name)
    if found is None:
        raise _missing(wanted, texts, name)
    return found


def _missing(wanted: str, texts: Sequence[str], name: str) -> JobError:
    near = did_you_mean(nearest(wanted, texts, 1))
    return JobError(f"{name} has no column {wanted!r}; its columns: {listed(texts)}{'.' if near else ''}{near}")


def _of_files(texts: Sequence[str], name: str, with_bytes: Sequence[int]) -> Choice:
    for at in with_bytes:
        position_of(texts[at], texts, name)
    if len(with_bytes) > 1:
        several = listed([texts[at] for at in with_bytes])
        raise JobError(f"{name} has {len(with_bytes)} columns of files: {several}: say which with column= (--column)")
    return _choice(with_bytes, texts, "which holds files")


def _guess(
    texts: Sequence[str],
    name: str,
    is_fit: Callable[[int], bool],
    others: Collection[int],
    sample: Callable[[int], Iterable[Any]] | None = None,
) -> Choice:
    """The column where none is named as the pipeline's input; one that is not fit only if there are no others.

    Args:
        texts: all columns.
        name: of the table.
        is_fit: whether a column may hold inputs.
        others: columns that are said to be something else.
        sample: some values of a column, where a wrong one would be taken without a word: a text may be any.

    Raises:
        JobError: another has the same name, or several could be meant.
    """
    usual = (at for each in INPUT_COLUMNS if (at := position_of(each, texts, name)) is not None)
    if (found := next(filter(is_fit, usual), None)) is not None:
        return _choice([found], texts)
    left = [at for at in range(len(texts)) if at not in others] or list(range(len(texts)))
    no_keys = [at for at in left if not _KEY.search(_folded(texts[at]))] or left[:1]
    keys = [at for at in left if at not in no_keys]
    fitting = list(filter(is_fit, [*no_keys, *keys]))
    if sample is not None:
        wordy = [at for at in fitting if at in no_keys and not _are_numbers(sample(at))]
        _check_one(wordy, texts, name, sample)
        fitting = [*wordy, *fitting]
    found = next(iter(fitting), no_keys[0])
    position_of(texts[found], texts, name)
    what = "the first that is no key" if found == no_keys[0] else "the first that holds texts"
    return _choice([found], texts, f"{what}; another with column= (--column)" if len(texts) > 1 else "")


def _check_one(wordy: Sequence[int], texts: Sequence[str], name: str, sample: Callable[[int], Iterable[Any]]) -> None:
    """Refuse to choose where nobody can tell which of several columns of texts is meant.

    Raises:
        JobError: with them, and what stands in them.
    """
    if len(wordy) < 2:
        return
    position_of(texts[wordy[0]], texts, name)
    shown = [texts[at] + _first_of(sample(at)) for at in wordy[:_MOST_SHOWN]]
    more = f" and {len(wordy) - _MOST_SHOWN:,} more" if len(wordy) > _MOST_SHOWN else ""
    raise JobError(
        f"{name} has {len(wordy)} columns that may hold the texts: {', '.join(shown)}{more}: say which with column= "
        "(--column)"
    )


def _first_of(values: Iterable[Any]) -> str:
    """The first value that is one, for a message."""
    there = (value for value in values if isinstance(value, str) and value.strip())
    first = next(there, None)
    return f" ({picture(first, 40)})" if first is not None else ""


def _are_numbers(values: Iterable[Any]) -> bool:
    """Whether texts are numbers, or times as people write them, or nothing: what no text to embed is."""
    there = [value for value in values if isinstance(value, str) and value.strip()]
    return bool(there) and all(_NUMBER.fullmatch(value.strip()) for value in there)


def may_be_texts(values: Iterable[Any]) -> bool:
    """Whether a column may hold texts, by some of its values; what is missing says nothing."""
    there = [value for value in values if not (is_missing(value) or isinstance(value, BadRow))]
    return not there or any(isinstance(value, str) for value in there)


def _choice(positions: Sequence[int], texts: Sequence[str], why: str = "") -> Choice:
    names = tuple(texts[at] for at in positions)
    told = f"{'column' if len(names) == 1 else 'columns'} {', '.join(map(repr, names))}"
    if len(texts) > len(names):
        told += f" of {listed(texts)}"
    return Choice(tuple(positions), names, f"{told} ({why})" if why else told)


def position_of(wanted: str, texts: Sequence[str], name: str) -> int | None:
    """Where a column stands among all, if it is there; where none is named so exactly, case and blanks do not count.

    Raises:
        JobError: it is there twice.
    """
    same = [at for at, each in enumerate(texts) if each == wanted]
    same = same or [at for at, each in enumerate(texts) if _folded(each) == _folded(wanted)]
    if len(same) > 1:
        twice = " and ".join(sorted({repr(texts[at]) for at in same}))
        raise JobError(f"{name} has {len(same)} columns named {twice}: give each a name of its own")
    return same[0] if same else None


def check_no_column(wanted: Wanted, what: str) -> None:
    """Refuse the name of a column where there are none.

    Raises:
        JobError: one was asked for.
    """
    keeping = wanted.keeping
    if wanted.column is not None:
        asked, option = f"there is no column {wanted.column!r}", "column= (--column)"
    elif keeping is not None and keeping.key is not None:
        asked, option = f"there is no column {keeping.key!r}", "key= (--key)"
    elif keeping is not None:
        asked, option = "there are no columns to keep", "keep= (--keep)"
    else:
        return
    raise JobError(f"{what}, so {asked}: leave {option} away, or give a table (.csv, .jsonl, .parquet …)")


def is_known(text: str, wanted: Wanted) -> bool:
    """Whether a text is the name of a column that inputs usually stand in."""
    return _folded(text) in {_folded(each) for each in (wanted.column or "", *wanted.columns, *INPUT_COLUMNS) if each}


def _folded(text: str) -> str:
    return text.strip().casefold()


def listed(texts: Sequence[str]) -> str:
    """Names of columns for a message, which may be many and long."""
    more = f" and {len(texts) - _MOST_NAMES:,} more" if len(texts) > _MOST_NAMES else ""
    return ", ".join(text if len(text) <= 80 else text[:79] + "…" for text in texts[:_MOST_NAMES]) + more
