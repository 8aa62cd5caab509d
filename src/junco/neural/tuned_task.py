"""How operators lend their networks to a trainer: by `source` and `prepare`, as pictures, as tokens, as patches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError
from junco.neural import passes
from junco.neural.text_encoder import padded
from junco.operator.tunable import untunable
from junco.runtime.source import Arrays, Source
from junco.train.task import Row, Side, Tensors, TrainTask, stacked_tensors

if TYPE_CHECKING:
    import torch

    from junco.neural.operator import NeuralOperator
    from junco.neural.patches import PatchEmbedding

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Lent:
    """The network of an operator, with its weights.

    Attributes:
        network: the module that the operator's `Source` builds, whose names tuned weights have.
        vectors: the same, cut where vectors are taken and with what was trained behind it.
        source: of the network.
    """

    network: torch.nn.Module
    vectors: torch.nn.Module
    source: Source

    @classmethod
    def of(cls, operator: NeuralOperator) -> Lent:
        """Built on the CPU.

        Raises:
            ContractError: the operator has no torch module, or a constructor that does not take ``tuned``.
        """
        operator.check_tuning()
        operator.fetch()
        source = operator.whole_source()
        if source.build is None:
            raise untunable(operator.name, "its model is an ONNX file, in which no gradient reaches the weights")
        module = source.build().eval()
        ended = operator.ended_source(replace(source, build=lambda: module)).build
        assert ended is not None
        return cls(module, ended(), source)

    def taken(self, arrays: Arrays) -> Arrays:
        """Arrays of the dtypes that the network takes."""
        return passes.as_taken(arrays, passes.dtypes_of(self.source.inputs), self.source.name)

    def task(self, rows: Callable[[Sequence[Any], Side], list[Row]], **more: Any) -> TrainTask:
        """The task of this network, whose rows go through it as they are unless ``more`` says it otherwise."""
        usual: dict[str, Any] = {"collate": stacked_tensors, "forward": lambda tensors, side: self.vectors(*tensors)}
        return TrainTask(self.source.name, self.network, rows, inside=self.source.network, **{**usual, **more})


def task_of(operator: NeuralOperator) -> TrainTask:
    """The task of an operator by its `prepare`, which is called for each item by itself.

    Where it fills items of a pass up to one shape, rows are filled up in the same way, with what it fills them with.

    Raises:
        ContractError: what it makes of several items is not what it makes of each, filled up at its end.
    """
    lent = Lent.of(operator)
    prepared, count = operator._prepared, len(operator._kinds)

    def row(item: Any) -> Row:
        columns = [[each] for each in item] if count > 1 else [[item]]
        return tuple(array[0] for array in lent.taken(prepared(operator._checked(columns))))

    golden = operator.golden()
    items = list(zip(*golden, strict=True)) if count > 1 else list(golden)
    together = lent.taken(prepared(golden if count > 1 else (golden,)))
    fills = fills_of(together, [row(item) for item in items], operator.name)
    return lent.task(
        lambda items, side: [row(item) for item in items],
        collate=lambda rows, side: tensors_of(filled_up(rows, fills)),
    )


def fills_of(together: Arrays, rows: Sequence[Row], owner: str) -> list[Any]:
    """With what an author's ``prepare`` fills items of a pass up to one shape, for each input.

    Raises:
        ContractError: it does something else.
    """
    fills = []
    for number, array in enumerate(together):
        short = next((place for place, row in enumerate(rows) if row[number].shape != array.shape[1:]), None)
        last = array[(0 if short is None else short, *(-1 for _ in array.shape[1:]))]
        fills.append(array.dtype.type(0) if short is None else last)
    same = filled_up(rows, fills)
    if any(a.shape != b.shape or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in
           zip(same, together, strict=True)):  # fmt: skip
        raise ContractError(
            f"{owner!r}: what prepare() gives for several items is not what it gives for each, filled up at the end: "
            "define train_task(self), with rows and collate of its own"
        )
    return fills


def filled_up(rows: Sequence[Row], fills: Sequence[Any]) -> Arrays:
    """Rows as the arrays of one pass, those that are smaller filled up at their ends."""
    made = []
    for arrays, fill in zip(zip(*rows, strict=True), fills, strict=True):
        if len({array.shape for array in arrays}) == 1:
            made.append(np.stack(arrays))
            continue
        shape = tuple(max(sizes) for sizes in zip(*(array.shape for array in arrays), strict=True))
        block = np.full((len(arrays), *shape), fill, arrays[0].dtype)
        for place, array in zip(block, arrays, strict=True):
            place[tuple(slice(size) for size in array.shape)] = array
        made.append(block)
    return tuple(made)


def tensors_of(arrays: Arrays) -> Tensors:
    """Arrays of a pass as tensors."""
    import torch

    return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


def task_of_pictures(operator: Any) -> TrainTask:
    """The task of an `ImageEmbedding`: pictures on the exact way into the model; levels of uint8 can be augmented."""
    from junco.neural.augment import cropped_and_mirrored

    lent = Lent.of(operator)
    preparation = operator.preparation()

    def row(image: Any) -> Row:
        prepared = preparation.exact(operator.bounded(image, preparation.resized_side))
        return (lent.taken((prepared[None],))[0][0],)

    def rows(images: Sequence[Any], side: Side) -> list[Row]:
        return [row(image) for image in operator._checked([images])[0]]

    is_levels = lent.source.golden[0].dtype == np.uint8 and lent.source.golden[0].shape[-1:] == (3,)
    return lent.task(rows, augment=cropped_and_mirrored if is_levels else None)


def task_of_texts(
    operator: NeuralOperator,
    ids_of: Callable[[Sequence[str], Side], Sequence[Any]],
    pad_id: int = 0,
    *,
    is_scaled: bool = False,
    most: int | None = None,
) -> TrainTask:
    """The task of a model of token ids and their mask.

    Args:
        operator: whose it is.
        ids_of: texts of a side → the ids of each.
        pad_id: what fills up shorter texts.
        is_scaled: whether vectors are scaled to length 1 behind the network.
        most: leading numbers that are kept then.
    """
    lent = Lent.of(operator)

    def rows(texts: Sequence[str], side: Side) -> list[Row]:
        return [(np.asarray(ids, np.int64),) for ids in ids_of(texts, side)]

    def collate(rows: Sequence[Row], side: Side) -> Tensors:
        return tensors_of(padded([row[0] for row in rows], pad_id, max(len(row[0]) for row in rows)))

    def forward(tensors: Tensors, side: Side) -> torch.Tensor:
        import torch

        found: torch.Tensor = lent.vectors(*tensors)
        return (torch.nn.functional.normalize(found, dim=1) if is_scaled else found)[:, :most]

    return lent.task(rows, collate=collate, forward=forward)


def task_of_patches(operator: PatchEmbedding) -> TrainTask:
    """The task of a `PatchEmbedding`: an item's vector is the mean of its patches', or their most.

    A row is (shares of the patches, then for each input of the model all its numbers in a line, and the shape that
    they have in each patch). A pass is (patches of each item, shares, inputs); patches that differ in shape go through
    the model one by one.
    """
    lent = Lent.of(operator)
    num_inputs, is_most = len(lent.source.golden), operator.pool_of_patches == "max"

    def row(item: Any) -> Row:
        patches = [each if isinstance(each, tuple) else (each,) for each in operator._cut(item)]
        shares = operator.shares(item, len(patches))
        told: list[Array] = [np.ones(len(patches), np.float32) if shares is None else np.asarray(shares, np.float32)]
        for number in range(num_inputs):
            arrays = [lent.taken(tuple(array[None] for array in patch))[number][0] for patch in patches]
            told += [np.concatenate([array.ravel() for array in arrays]), np.array([array.shape for array in arrays])]
        return tuple(told)

    def collate(rows: Sequence[Row], side: Side) -> Tensors:
        counts = np.array([len(row[0]) for row in rows], np.int64)
        inputs = [[patch for row in rows for patch in _patches(row, number)] for number in range(num_inputs)]
        head = (counts, np.concatenate([row[0] for row in rows]))
        if all(len({patch.shape for patch in patches}) == 1 for patches in inputs) and not _is_single(lent.source):
            return tensors_of((*head, *(np.stack(patches) for patches in inputs)))
        return tensors_of((*head, *(patch[None] for patches in zip(*inputs, strict=True) for patch in patches)))

    def forward(tensors: Tensors, side: Side) -> torch.Tensor:
        import torch

        counts, shares, *inputs = tensors
        passes = [inputs[start : start + num_inputs] for start in range(0, len(inputs), num_inputs)]
        numbers = torch.cat([lent.vectors(*each) for each in passes])
        pieces = zip(torch.split(numbers, counts.tolist()), torch.split(shares, counts.tolist()), strict=True)
        pooled = [each.amax(0) if is_most else (each * (share / share.sum())[:, None]).sum(0) for each, share in pieces]
        return torch.stack(pooled)

    return lent.task(lambda items, side: [row(item) for item in items], collate=collate, forward=forward)


def _patches(row: Row, number: int) -> list[Array]:
    """The arrays of one input, of each patch."""
    flat, shapes = row[1 + 2 * number], row[2 + 2 * number]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [piece.reshape(tuple(shape)) for piece, shape in zip(np.split(flat, ends), shapes, strict=True)]


def _is_single(source: Source) -> bool:
    """Whether a model takes one row a pass."""
    return source.inputs[0].shape[0] == 1


def task_of_towers(operators: Mapping[str, Any], lead: str) -> TrainTask:
    """The task of a model with a network for pictures and one for texts, whose vectors live in one space.

    A row begins with the number of its network; a pass is of one network.

    Args:
        operators: by what items are, ``image`` and ``text``, an operator of each.
        lead: the network in which names of layers begin.
    """
    import torch

    lent = {part: Lent.of(operator) for part, operator in operators.items()}
    names, fills = list(lent), {part: _fills_of_part(operator, lent[part]) for part, operator in operators.items()}

    def row(item: Any) -> Row:
        part = "text" if isinstance(item, str) else "image"
        operator = operators[part if part in operators else lead]  # which refuses what it does not take
        arrays = lent[part].taken(operator._prepared([operator.rows_of([item])]))
        return np.array(names.index(part), np.int64), *(array[0] for array in arrays)

    def collate(rows: Sequence[Row], side: Side) -> Tensors:
        parts = np.array([int(row[0]) for row in rows], np.int64)
        if len(set(parts.tolist())) > 1:
            raise ContractError(
                f"{operators[lead].name!r}: a batch holds {' and '.join(names)}s of one side: pair them, so that each "
                "side is of one kind"
            )
        filled = filled_up([row[1:] for row in rows], fills[names[parts[0]]])
        return (torch.from_numpy(parts), *tensors_of(filled))

    def forward(tensors: Tensors, side: Side) -> torch.Tensor:
        part, *inputs = tensors
        found: torch.Tensor = lent[names[int(part[0])]].vectors(*inputs)
        return found

    network = torch.nn.ModuleDict({part: each.network for part, each in lent.items()})
    inside = f"{lead}.{lent[lead].source.network}".rstrip(".")
    name = operators[lead].name
    return TrainTask(name, network, lambda items, side: [row(item) for item in items], collate, forward, inside=inside)


def _fills_of_part(operator: Any, lent: Lent) -> list[Any]:
    golden = operator.golden()
    rows = [tuple(array[0] for array in lent.taken(operator._prepared([[item]]))) for item in golden]
    return fills_of(lent.taken(operator._prepared([golden])), rows, operator.name)
