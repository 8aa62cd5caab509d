"""What is asked of every block: each check makes its case anew, and fails with what is wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import junco.nn
from blocks import Case, Equality
from junco.errors import ParameterError
from junco.runtime import onnx_runtime, openvino_runtime
from junco.runtime.source import Input, Source

MOST_OFF = 1e-5
MOST_OFF_GRADIENT = 1e-4
MOST_OFF_CONVERTED = 1e-4
"""Of the output's scale: another runtime adds up in another order."""
STRANGE_SIZES = (-1, 0, 10**12)
"""No size, none, and terabytes."""


class _Called(nn.Module):
    """A block that is a function."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self._function(*inputs)


def made(case: Case) -> nn.Module:
    """The case's block in eval mode; what its making left constant is drawn."""
    torch.manual_seed(0)
    block = case.make()
    block = block if isinstance(block, nn.Module) else _Called(block)
    draw_constants(block)
    return block.eval()


def draw_constants(module: nn.Module) -> None:
    """Draw weights and statistics that are the same number all over: a 0 or 1 hides what it scales."""
    with torch.no_grad():
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            is_statistic = name.endswith(("running_mean", "running_var"))
            if (isinstance(tensor, nn.Parameter) or is_statistic) and bool((tensor == tensor.flatten()[0]).all()):
                tensor += 0.1 * torch.rand_like(tensor)


def given(case: Case, rows: int | None = None) -> tuple[Tensor, ...]:
    """Inputs of unit size, or tokens, with another number of rows where one is given."""
    torch.manual_seed(1)
    own = case.inputs[0][0]
    rows = own if rows is None else rows
    shapes = [(rows if shape[0] == own else shape[0], *shape[1:]) for shape in case.inputs]
    return tuple(torch.randint(case.num_tokens, each) if case.num_tokens else torch.randn(each) for each in shapes)


def in_type(inputs: tuple[Tensor, ...], dtype: torch.dtype) -> tuple[Tensor, ...]:
    """The same in another type; tokens stay whole numbers."""
    return tuple(each.to(dtype) if each.is_floating_point() else each for each in inputs)


def output_shape(case: Case, rows: int) -> tuple[int, ...]:
    """What comes out of so many rows."""
    return (case.output[0] * rows // case.inputs[0][0], *case.output[1:])


def shapes(case: Case) -> None:
    """The same on the meta device, where nothing is computed, as for real."""
    block = made(case)
    with torch.device("meta"):
        torch.manual_seed(0)
        unreal = case.make()
    for rows in (case.inputs[0][0], 2 * case.inputs[0][0]):
        inputs = given(case, rows)
        assert block(*inputs).shape == output_shape(case, rows)
        found = unreal.eval()(*(each.to("meta") for each in inputs)) if isinstance(unreal, nn.Module) else None
        assert found is None or (found.shape == output_shape(case, rows) and found.device.type == "meta")


def gradients(case: Case) -> None:
    """They come to every weight and every input, and are finite."""
    block, inputs = made(case), [each.requires_grad_() for each in given(case)]
    output = block(*inputs)
    (output * torch.randn_like(output)).sum().backward()
    named = {**dict(block.named_parameters()), **{f"input {i}": each for i, each in enumerate(inputs)}}
    wanted = {name: each.grad for name, each in named.items() if each.requires_grad}
    assert [name for name, each in wanted.items() if each is None or not each.any()] == []
    assert [name for name, each in wanted.items() if not each.isfinite().all()] == []


def bfloat16(case: Case) -> None:
    """Near float32, and bfloat16 comes out."""
    block, inputs = made(case), given(case)
    wanted = block(*inputs)
    found = block.to(torch.bfloat16)(*in_type(inputs, torch.bfloat16))
    assert found.dtype == torch.bfloat16
    assert far(found.float(), wanted) < 0.1


def modes(case: Case) -> None:
    """In training it runs, and in eval mode it is a function: the same comes out, and nothing in it changes."""
    block, inputs = made(case), given(case)
    trained = block.train()(*inputs)
    assert trained.shape == case.output
    assert trained.isfinite().all()
    before = {name: each.clone() for name, each in block.eval().state_dict().items()}
    first, second = block(*inputs), block(*inputs)
    assert torch.equal(first, second)
    assert [name for name, each in block.state_dict().items() if not torch.equal(each, before[name])] == []


def compiled(case: Case) -> None:
    """Without a break in the graph."""
    block, inputs = made(case), given(case)
    torch.compiler.reset()
    found = torch.compile(block, fullgraph=True, backend="eager")(*inputs)
    assert far(found, block(*inputs)) < MOST_OFF


def exported(case: Case) -> None:
    """With any number of rows."""
    block = made(case)
    with torch.no_grad():
        program = torch.export.export(block, given(case), dynamic_shapes=_dynamic(case, block))
    for rows in (case.inputs[0][0], 3 * case.inputs[0][0]):
        inputs = given(case, rows)
        assert far(program.module()(*inputs), block(*inputs)) < MOST_OFF


def converted(case: Case, runtime: str, folder: Path) -> None:
    """By the converters that operators take, with any number of rows."""
    block = made(case)
    own = case.inputs[0][0]
    source = Source(
        name=case.id,
        build=lambda: block,
        inputs=tuple(
            Input(
                f"input{i}",
                "int64" if case.num_tokens else "float32",
                tuple(None if n == 0 and size == own else size for n, size in enumerate(shape)),
            )
            for i, shape in enumerate(case.inputs)
        ),
        golden=tuple(each.numpy() for each in given(case)),
    )
    {"openvino": openvino_runtime, "onnxruntime": onnx_runtime}[runtime].convert(source, block, folder)
    there = _RUN[runtime](folder)
    for rows in (own, 3 * own):
        inputs = given(case, rows)
        with torch.no_grad():
            wanted = block(*inputs)
        assert far(torch.from_numpy(there([each.numpy() for each in inputs])), wanted) < MOST_OFF_CONVERTED


def sizes(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A strange size is refused, or harmless; nothing else is raised, and no terabyte is asked for."""
    arguments, keywords = _arguments(case, monkeypatch)
    make = getattr(junco.nn, case.block)
    for args, kwargs in _strange(arguments, keywords):
        with contextlib.suppress(ParameterError):
            make(*args, **kwargs)


def equal(equality: Equality) -> None:
    """The same numbers, and gradients of the inputs, as the other library's on its weights."""
    torch.manual_seed(0)
    ours, theirs = equality.pair()
    torch.manual_seed(1)
    inputs = [torch.randn(shape) for shape in equality.inputs]
    (found, slopes), (wanted, their_slopes) = (_with_gradients(each, inputs) for each in (ours, theirs))
    assert found.shape == wanted.shape
    assert wanted.std() > 1e-3, "the reference gives the same number all over, and shows nothing"
    assert (found - wanted).abs().max() <= MOST_OFF
    if equality.gradients:
        for ours_slope, theirs_slope in zip(slopes, their_slopes, strict=True):
            assert (ours_slope - theirs_slope).abs().max() <= MOST_OFF_GRADIENT


def far(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, as a part of the scale of what is wanted; infinite where the shape is another."""
    found, wanted = found.detach(), wanted.detach()
    if found.shape != wanted.shape or not found.isfinite().all():
        return float("inf")
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-6))


def _with_gradients(module: Callable[..., Tensor], inputs: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    own = [each.clone().requires_grad_() for each in inputs]
    output = module(*own)
    torch.manual_seed(2)
    (output * torch.randn(output.shape)).mean().backward()
    return output.detach(), [torch.zeros_like(each) if each.grad is None else each.grad for each in own]


def _dynamic(case: Case, block: nn.Module) -> tuple[Any, ...]:
    rows = case.inputs[0][0]
    each = tuple({0: torch.export.Dim.DYNAMIC} if shape[0] == rows else {} for shape in case.inputs)
    return (each,) if isinstance(block, _Called) else each


def _openvino(folder: Path) -> Callable[[list[Any]], Any]:
    compiled = openvino_runtime.core().compile_model(folder / openvino_runtime.FILE, "CPU", _EXACT)
    return lambda arrays: np.array(compiled(arrays)[0])


def _onnxruntime(folder: Path) -> Callable[[list[Any]], Any]:
    return lambda arrays: onnx_runtime.OnnxCompiled(folder / onnx_runtime.FILE, "float32")(*arrays)


_EXACT = {"INFERENCE_PRECISION_HINT": "f32"}
_RUN = {"openvino": _openvino, "onnxruntime": _onnxruntime}


def _arguments(case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], dict[str, Any]]:
    """With which the case makes its block."""
    block = getattr(junco.nn, case.block)
    calls: list[tuple[list[Any], dict[str, Any]]] = []
    original = block.__init__

    def recording(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        calls.append((list(args), kwargs))

    with monkeypatch.context() as patch:
        patch.setattr(block, "__init__", recording)
        case.make()
    return calls[-1]


def _strange(arguments: list[Any], keywords: dict[str, Any]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """The same arguments, with one whole number after the other made strange."""
    for size in STRANGE_SIZES:
        for place, value in enumerate(arguments):
            if type(value) is int:
                yield [*arguments[:place], size, *arguments[place + 1 :]], keywords
        for name, value in keywords.items():
            if type(value) is int:
                yield arguments, {**keywords, name: size}
