"""`adopt`: a set that another program made, taken over after a sample of it was embedded anew and agrees.

Where it does not, it is found out how the two differ: scaled, cut to fewer numbers, made in another role, in another
order, by another model.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from junco.answers.products import best
from junco.answers.units import unit
from junco.answers.verify import LEAST_COSINE
from junco.errors import InputError, SpaceError, TargetError
from junco.operator.options import options_of
from junco.pages.letters import amount
from junco.settings import user_path
from junco.store.durable import replacing, writing
from junco.store.foreign import Foreign, adopted, read_foreign
from junco.types import Vectors
from junco.types.space import LENGTH
from junco.wording import printable_lines

if TYPE_CHECKING:
    from junco.api import Pipeline
    from junco.graph.nodes import Graph
    from junco.operator.base import Operator

_NO_RELATION = 0.3
"""Cosines below it, in the mean, are those of another model."""
_LENGTH_OFF = 1e-3
_VARIED = ("role", "pooling", "normalize")
"""Parameters of a model that others may have set otherwise."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Adoption:
    """Whether a set is what a pipeline would have made.

    Attributes:
        num_rows: of the set.
        num_compared: rows that were embedded anew.
        cosine: between stored and new vectors, the lowest; ``None`` where none could be compared.
        why: how they differ; empty where they agree.
        notes: what was taken and what was changed, in words.
        missing: inputs that could not be embedded anew, each with the reason.
        written: the file that was written; empty where none was.
    """

    num_rows: int
    num_compared: int
    cosine: float | None
    why: str = ""
    notes: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    written: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it is."""
        return not self.why

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        missing = [{"input": key, "reason": reason} for key, reason in self.missing]
        return {"agrees": self.agrees, **fields, "notes": list(self.notes), "missing": missing}

    def __str__(self) -> str:
        lines = [f"{'agrees' if self.agrees else 'differs'}: {amount(self.num_rows, 'row')}"]
        lines += [f"  {self.why}"] if self.why else []
        if self.cosine is not None:
            lines.append(f"  {amount(self.num_compared, 'row')} embedded anew: cosines of {self.cosine:.4f} and more")
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  not compared: {key}: {reason}" for key, reason in self.missing[:_SHOWN]]
        lines += [f"  … {len(self.missing) - _SHOWN:,} more of these"] if len(self.missing) > _SHOWN else []
        if self.written:
            lines.append(f"  wrote {self.written}: it can be searched")
        elif self.agrees:
            lines.append("  nothing was written: say where to, --to FILE.parquet")
        return printable_lines(lines)


def adopt(
    path: str | Path,
    pipeline: Pipeline,
    to: str | Path | None = None,
    *,
    column: str | None = None,
    text: str | None = None,
    key: str | None = None,
    count: int = 50,
) -> Adoption:
    """Compare a set that another program made with a pipeline, and write it as a set of that pipeline's.

    The file itself is never changed.

    Args:
        path: a ``.parquet``, ``.csv`` or ``.jsonl`` file.
        pipeline: what is thought to have made it.
        to: the ``.parquet`` file to write, if they agree; ``None``: nothing is written.
        column: of the vectors.
        text: of what they were made of.
        key: of what names the rows; else the inputs do.
        count: how many rows are embedded anew.

    Raises:
        InputError: it is no such set, one with numbers that are not finite, or the pipeline makes several vectors of
            an input.
        SpaceError: nobody can tell which space the pipeline's vectors live in.
        TargetError: ``to`` cannot be written, or is there already.
    """
    path, to = user_path(path), None if to is None else user_path(to)
    if to is not None and (to.exists() or to.suffix.lower() != ".parquet"):
        why = "is there already, and nothing is replaced" if to.exists() else "does not end in .parquet"
        raise TargetError(f"{to} {why}: give another name")
    found = read_foreign(path, column, text, pipeline.graph.inputs)
    keys = _keys(path, found, key)
    told = _compared(found, _alone(pipeline), count)
    vectors, lengths = found.vectors, np.linalg.norm(found.vectors, axis=1)
    zeros = np.flatnonzero(lengths == 0)
    if len(zeros):
        told = _noted(
            told,
            f"{len(zeros):,} of {amount(len(vectors), 'row')} {'is' if len(zeros) == 1 else 'are'} all zeros, first "
            f"row {zeros[0] + 1:,}: no search finds them",
        )
    if told.agrees and _has_length_1(pipeline) and _lengths_off(vectors):
        lengths = lengths[lengths > 0]
        vectors = unit(vectors)
        told = _noted(told, f"lengths were {lengths.min():.3g} to {lengths.max():.3g}, and are 1 in what is written")
    if told.agrees and to is not None:
        _write(to, adopted(found, keys, vectors, pipeline.plan.output_space.column, _about(pipeline, key)))
        told = replace(told, written=str(to))
    return told


def _noted(told: Adoption, note: str) -> Adoption:
    return replace(told, notes=(*told.notes, note))


def _alone(pipeline: Pipeline) -> Pipeline:
    """The pipeline with its vectors as the only output."""
    from junco.answers.asked import vectors_alone

    column = pipeline.plan.output_space.column
    if not column:
        raise SpaceError(f"nobody can tell the space of the vectors of {pipeline}: name it, space: NAME in the file")
    return vectors_alone(pipeline, column)


def _keys(path: Path, found: Foreign, key: str | None) -> list[str]:
    if key is None:
        return found.inputs
    if key not in found.others.column_names:
        raise InputError(f"{path}: no column {key!r}: there are {', '.join(found.others.column_names)}")
    return [str(each) for each in found.others.column(key).to_pylist()]


def _compared(found: Foreign, pipeline: Pipeline, count: int) -> Adoption:
    """A sample, drawn in the same way each time."""
    num_rows = len(found.vectors)
    rows = sorted(random.Random(0).sample(range(num_rows), min(count, num_rows)))  # noqa: S311  # no secret
    new, missing = _embedded(pipeline, [found.inputs[row] for row in rows])
    sample = [(row, made) for row, made in zip(rows, new, strict=True) if made is not None]
    if not sample:
        why = "none of the inputs that were drawn could be embedded anew"
        return Adoption(num_rows, 0, None, why, (found.told,), tuple(missing))
    numbers, made = [row for row, _ in sample], np.stack([made for _, made in sample])
    why = _how_they_differ(made, numbers, found, pipeline)
    old = found.vectors[numbers]
    lowest = float(_cosines(made, old).min()) if made.shape == old.shape else None
    return Adoption(num_rows, len(sample), lowest, why, (found.told,), tuple(missing))


def _embedded(pipeline: Pipeline, inputs: Sequence[str]) -> tuple[list[Vectors | None], list[tuple[str, str]]]:
    """The vector of each input; ``None`` of those that give none, and why."""
    new: list[Vectors | None] = []
    missing: list[tuple[str, str]] = []
    for each in inputs:
        try:
            made = np.asarray(pipeline(each), np.float32)
        except Exception as error:  # each input stands for itself
            missing.append((each, str(error)))
            new.append(None)
            continue
        if made.ndim != 1:
            raise InputError(f"{pipeline} makes several vectors of an input: only one for each row can be compared")
        new.append(made)
    return new, missing


def _how_they_differ(new: Vectors, rows: Sequence[int], found: Foreign, pipeline: Pipeline) -> str:
    """In words, with what may be done; empty where they agree."""
    old, inputs = found.vectors[rows], [found.inputs[row] for row in rows]
    if new.shape[1] != old.shape[1]:
        return _other_length(new, old)
    if (_cosines(new, old) >= LEAST_COSINE).all():
        return _other_scale(new, old)
    other = next(_other_ways(old, inputs, pipeline), "") or _other_order(new, rows, found)
    return other or _unlike(new, old, inputs)


def _unlike(new: Vectors, old: Vectors, inputs: Sequence[str]) -> str:
    """How they differ where neither a setting of the model nor another row makes them the same."""
    cosines = _cosines(new, old)
    mean, num_unlike = float(cosines.mean()), int((cosines < LEAST_COSINE).sum())
    if num_unlike * 2 < len(cosines):
        first = inputs[int(np.argmin(cosines))]
        return f"{num_unlike:,} of {len(cosines):,} rows have another vector, least alike {first!r}: these changed"
    if abs(mean) < _NO_RELATION:
        return f"another model: cosines are {mean:.2f} in the mean, as of vectors that have nothing in common"
    return (
        f"near, and not the same: cosines are {mean:.2f} in the mean: another version, prompt, pooling or preparation"
    )


def _other_order(new: Vectors, rows: Sequence[int], found: Foreign) -> str:
    """Whether most of those that are not alike have their vector at another row of the whole set."""
    unlike = _cosines(new, found.vectors[rows]) < LEAST_COSINE
    nearest = best(unit(found.vectors), unit(new), 1)
    elsewhere = np.flatnonzero(unlike & (nearest.scores[:, 0] >= LEAST_COSINE))
    if len(elsewhere) * 2 <= unlike.sum():
        return ""
    first = elsewhere[0]
    return (
        f"the rows stand in another order: {len(elsewhere):,} of {len(new):,} inputs have their vector at another row, "
        f"{found.inputs[rows[first]]!r} of row {rows[first] + 1:,} at row {nearest.rows[first, 0] + 1:,}"
    )


def _other_length(new: Vectors, old: Vectors) -> str:
    width, wanted = old.shape[1], new.shape[1]
    if width < wanted and (_cosines(new[:, :width], old) >= LEAST_COSINE).all():
        cure = f"say -p truncate_dim={width}, where it takes that"
        return f"truncated: they are the first {width:,} of the pipeline's {wanted:,} numbers: {cure}"
    return f"another dimension: they have {width:,} numbers, and the pipeline makes {wanted:,}: another model"


def _other_scale(new: Vectors, old: Vectors) -> str:
    """Lengths that cannot be had back: those of vectors that were scaled to length 1, and the pipeline's are not."""
    if _lengths_off(new) and not _lengths_off(old):
        return "normalisation: they have length 1, and the pipeline's have not: ask for normalised ones, if it can"
    return ""


def _other_ways(old: Vectors, inputs: Sequence[str], pipeline: Pipeline) -> Iterator[str]:
    """Settings of the model under which they agree."""
    for node in pipeline.graph.nodes:
        if node.spec is None:
            continue
        operator = node.spec.load()
        parameters = operator.parameters()
        for name in (each for each in _VARIED if each in parameters):
            now = node.spec.params.get(name, parameters[name].default)
            for value in (each for each in _choices(_kind(operator, name)) if each != now):
                fn = node.spec.with_params({**node.spec.params, name: value})
                if _agrees(_with(pipeline.graph, node.name, fn), old, inputs, pipeline):
                    yield f"made with {name}={value!r}, and the pipeline has {name}={now!r}: say -p {name}={value}"


def _kind(operator: type[Operator], name: str) -> Any:
    """The type of a parameter; of an option what its annotation names, which alone is mostly a text."""
    options = options_of(operator)
    return options[name].type if name in options else operator.parameters()[name].annotation


def _choices(kind: Any) -> list[Any]:
    """The values that a parameter may have, where they are few."""
    if kind in (bool, "bool"):
        return [True, False]
    found: list[Any] = []
    for each in get_args(kind):
        found += _choices(each) if get_args(each) else [each] if isinstance(each, str | bool) else []
    return found


def _with(graph: Graph, name: str, fn: Any) -> Graph:
    return replace(graph, nodes=tuple(replace(node, fn=fn) if node.name == name else node for node in graph.nodes))


def _agrees(graph: Graph, old: Vectors, inputs: Sequence[str], pipeline: Pipeline) -> bool:
    with pipeline.with_graph(graph) as other:
        new, missing = _embedded(other, inputs)
    if missing:
        return False
    made = np.stack([each for each in new if each is not None])
    return made.shape == old.shape and bool((_cosines(made, old) >= LEAST_COSINE).all())


def _cosines(new: Vectors, old: Vectors) -> Vectors:
    found: Vectors = (unit(np.ascontiguousarray(new)) * unit(np.ascontiguousarray(old))).sum(axis=1)
    return found


def _lengths_off(vectors: Vectors) -> bool:
    """Whether any is not of length 1, but for zeros, which cannot be."""
    lengths = np.linalg.norm(vectors, axis=1)
    return bool((np.abs(lengths[lengths > 0] - 1) > _LENGTH_OFF).any())


def _has_length_1(pipeline: Pipeline) -> bool:
    space = pipeline.plan.output_space.space
    return space is not None and space.parts.get(LENGTH) is True


def _about(pipeline: Pipeline, key: str | None) -> dict[str, str]:
    from junco.job.identity import about_pipeline

    found = pipeline.plan.output_space
    return about_pipeline(pipeline.graph, found.space, found.column, key)


def _write(to: Path, table: Any) -> None:
    from junco.store.parquet import write_table

    with writing(str(to)), replacing(to) as file:
        write_table(file, iter([table]), table.schema)
