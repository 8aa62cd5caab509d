"""`part_of`: from ``scope`` to the part of a network that is trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from junco.errors import TrainError
from junco.train.args import TrainingArgs
from junco.train.head_network import Head, HeadPart
from junco.train.lora import LoraPart
from junco.train.parts import Part
from junco.train.task import TrainTask
from junco.wording import did_you_mean, nearest

if TYPE_CHECKING:
    from torch import nn


def part_of(task: TrainTask, args: TrainingArgs) -> Part:
    """What is trained.

    Raises:
        TrainError: there is no layer of a name, with those near to it; or nothing in it can be trained.
    """
    network = task.network
    if isinstance(network, Head):
        return HeadPart(network)
    if args.scope == "head":
        raise TrainError(f"{task.name!r}: scope='head' trains a map on vectors, which head_task() lends, not a network")
    if args.scope == "lora":
        return LoraPart(network, args.rank, task.name)
    if args.scope == "all":
        modules: Sequence[nn.Module] = [network]
        names = _trainable(network, [""])
    else:
        full = [_full_name(task, name) for name in args.scope]
        modules = [network.get_submodule(name) for name in full]
        names = _trainable(network, full)
    if not names:
        raise TrainError(
            f"{task.name!r}: scope={args.scope!r} has no weights that can be trained: take layers that have"
        )
    return Part(network, names, modules, "network.")


def _trainable(network: nn.Module, layers: Iterable[str]) -> set[str]:
    inside = tuple(f"{layer}." if layer else "" for layer in layers)
    trained = {
        id(weight)
        for name, weight in network.named_parameters(remove_duplicate=False)
        if name.startswith(inside) and weight.is_floating_point()
    }
    return {name for name, weight in network.named_parameters() if id(weight) in trained}


def _full_name(task: TrainTask, name: str) -> str:
    full = f"{task.inside}.{name}" if task.inside else name
    known = {each for each, _ in task.network.named_modules() if each}
    if full in known:
        return full
    begin = f"{task.inside}." if task.inside else ""
    names = [each.removeprefix(begin) for each in known if each.startswith(begin)]
    raise TrainError(
        f"{task.name!r}: scope: there is no layer {name!r}.{did_you_mean(nearest(name, sorted(names)))} "
        "op.layers() lists them"
    )
