"""What an author of a model is told where it cannot be right: shapes, dtypes, weights, what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from junco import ImageEmbedding, Input, NeuralOperator, Source, pipe
from junco.errors import ContractError, FidelityWarning, JobError, JuncoError, ParameterError, UnavailableError
from junco.operator import registry
from junco.operator.identity import identity_of
from junco.operator.namespace import ops

ROW = [1.0, 2.0, 3.0]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


class Threes(NeuralOperator):
    """Three numbers in, as many out as its network gives."""

    def golden(self) -> list[list[float]]:
        return [ROW, [0.0, 1.0, 0.0], [3.0, 3.0, 1.0]]

    def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
        return np.array(rows, np.float32)

    def source(self) -> Source:
        return Source(build=self.network, seed=1)

    def network(self) -> torch.nn.Module:
        return torch.nn.Linear(3, 8)


class Unpinned(Threes, family="threes-embedding", name="unpinned"):
    """Weights from nowhere."""

    def source(self) -> Source:
        return Source(build=self.network)


class WrongDim(Threes, family="threes-embedding", name="wrong-dim"):
    """It says nine numbers and gives eight."""

    dim = 9


class Deep(Threes, family="threes-embedding", name="deep"):
    """Two rows of four numbers for each item."""

    def network(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Unflatten(1, (2, 4)))


class Flat(Threes, family="threes-embedding", name="flat"):
    """One number for each item, without an axis for it."""

    def network(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0))


class Merged(Threes, family="threes-embedding", name="merged"):
    """Twice as many rows as items."""

    def network(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Unflatten(1, (2, 4)), torch.nn.Flatten(0, 1))


class Doubles(Threes, family="threes-embedding", name="doubles"):
    """Numbers as numpy makes them."""

    def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
        return np.array(rows)


class OfIds(Threes, family="threes-embedding", name="of-ids"):
    """Whole numbers in, which its `prepare` may forget."""

    def golden(self) -> list[list[int]]:
        return [[1, 2], [3, 4], [5, 0]]

    def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
        return np.array(rows)

    def source(self) -> Source:
        inputs = (Input("ids", "int64", (None, 2)),)
        return Source(build=self.network, seed=1, inputs=inputs)

    def network(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Embedding(8, 4), torch.nn.Flatten())


@pytest.mark.parametrize("kind", [WrongDim, Deep, Flat, Merged])
@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_vectors_of_another_shape_are_refused_when_the_operator_is_opened(kind, runtime):
    told = rf"'{kind.name}': its model gave .* for 1 item.*\(1, {kind.dim or 'dim'}\)"
    with pytest.raises(ContractError, match=told):
        kind(runtime=runtime, dtype="float32").ensure_open()


@pytest.mark.parametrize("kind", [WrongDim, Deep, Flat, Merged])
def test_vectors_of_another_shape_are_refused_in_every_way_to_call_it(kind):
    spec = kind().spec
    p = pipe.input("x").map("x", "v", spec).output("v")
    for call in (lambda: spec(ROW), lambda: kind()(ROW), lambda: p(ROW), lambda: p.batch([ROW] * 3)):
        with pytest.raises(JuncoError, match=r"its model gave an array of shape"):
            call()


def test_a_model_whose_vectors_change_their_length_is_refused():
    class Growing(Threes, family="threes-embedding", name="growing"):
        def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
            return np.array(rows, np.float32)

        def source(self) -> Source:
            return Source(build=torch.nn.Identity, seed=1, inputs=(Input("x", "float32", (None, None)),))

    operator = Growing(runtime="torch")
    assert operator(ROW).shape == (3,)
    with pytest.raises(ContractError, match=r"shape \(1, 4\) for 1 item"):
        operator([*ROW, 4.0])


def test_rows_that_a_pass_makes_too_many_are_not_cut_away():
    class Growing(Threes, family="threes-embedding", name="doubling"):
        def network(self) -> torch.nn.Module:
            class Doubling(torch.nn.Module):
                def forward(self, rows: torch.Tensor) -> torch.Tensor:
                    return rows if len(rows) == 1 else torch.cat([rows, rows])

            return Doubling()

    for deterministic in (False, True):
        operator = Growing(deterministic=deterministic, runtime="torch")
        operator.ensure_open()
        with pytest.raises(ContractError, match="its model gave an array of shape"):
            operator.batch([ROW] * 3)


def test_float64_is_cast_to_what_the_model_takes():
    expected = Threes()(ROW)
    np.testing.assert_array_equal(Doubles()(ROW), expected)
    np.testing.assert_array_equal(Doubles()([1, 2, 3]), expected)  # whole numbers, which numpy makes int64
    assert Doubles().complete_source().inputs[0].dtype == "float32"
    p = pipe.input("x").map("x", "v", Doubles().spec).output("v")
    np.testing.assert_allclose(p.batch([ROW, [1, 2, 3]]), np.stack([expected] * 2), atol=1e-6)


@pytest.mark.parametrize("kind", [Doubles, OfIds])
def test_arrays_that_hold_no_numbers_for_the_model_are_refused_with_their_dtype(kind):
    wrong = [["a", "b", "c"]] if kind is Doubles else [[0.5, 1.0]]
    found = "<U1" if kind is Doubles else "float64"
    operator = kind(runtime="torch")
    operator.ensure_open()
    with pytest.raises(ContractError, match=rf"'{kind.name}': prepare\(\) gave an array of {found}"):
        operator.batch(wrong)


PREPARED = {
    "rows of several shapes": (lambda rows: [row[: 1 + at] for at, row in enumerate(rows)], "not an array of numbers"),
    "nothing": (lambda rows: None, "gave None, not an array of numbers"),
    "a generator": (iter, "not an array of numbers"),
    "a dict": (lambda rows: {"x": rows}, "not an array of numbers"),
    "all rows as one": (lambda rows: rows.ravel(), "the first axis counts the items"),
    "levels for a model that takes float32": (lambda rows: rows.astype(np.uint8), r"uint8 \(1, 3\).*float32 for most"),
    "whole numbers for such a model": (lambda rows: rows.astype(np.int64), r"int64 \(1, 3\).*float32 for most"),
    "too short rows": (lambda rows: rows[:, :2], r"float32 \(1, 2\).*first layer"),
}


@pytest.mark.parametrize(("change", "why"), PREPARED.values(), ids=PREPARED)
@pytest.mark.parametrize("runtime", ["auto", "torch"])
def test_what_prepare_gives_wrong_is_told_with_the_operator_when_it_is_opened(change, why, runtime):
    class Wrong(Threes, family="threes-embedding", name="wrong"):
        def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
            return change(super().prepare(rows))

    with pytest.raises(ContractError, match=rf"(?s)'threes-embedding.wrong': .*{why}"):
        Wrong(runtime=runtime).ensure_open()


@pytest.mark.parametrize("later", [[1.0, 2.0], [[1.0, 2.0, 3.0]], 1.0])
def test_rows_of_another_shape_than_the_model_takes_are_refused_with_both(later):
    operator = Threes()
    operator.ensure_open()
    shown = re.escape(str(np.shape(later)))
    with pytest.raises(ContractError, match=rf"Threes': prepare\(\) gave an array of {shown} .* takes \(3,\)"):
        operator.batch([later])


@pytest.mark.parametrize("kind", [list, torch.from_numpy], ids=["a list", "a tensor"])
def test_a_list_of_rows_of_one_shape_and_a_tensor_are_made_arrays(kind):
    class Other(Threes, family="threes-embedding", name="other"):
        def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
            return kind(super().prepare(rows))

    np.testing.assert_array_equal(Other()(ROW), Threes()(ROW))


def test_golden_items_that_hold_no_numbers_are_refused_with_their_dtype():
    class OfWords(Doubles, family="threes-embedding", name="of-words"):
        def golden(self) -> list[list[str]]:
            return [["a"], ["b"]]

    with pytest.raises(ContractError, match=r"'threes-embedding.of-words': prepare\(\) gave an array of <U1"):
        OfWords().ensure_open()


def test_whole_numbers_of_another_width_are_cast_for_the_model():
    class Short(OfIds, family="threes-embedding", name="short-ids"):
        def prepare(self, rows: Sequence[list[int]]) -> np.ndarray:
            return np.array(rows, np.int32)

    np.testing.assert_array_equal(Short()([1, 2]), OfIds()([1, 2]))


def test_a_model_whose_weights_nothing_pins_is_not_identified():
    identity = identity_of(Unpinned().spec)
    assert not identity.is_known
    assert "weights=, onnx= or seed=" in identity.unknown[0]
    assert Unpinned().space() is None
    assert identity_of(WrongDim().spec).is_known
    p = pipe.input("x").map("x", "v", Unpinned().spec).output("v")
    assert p.space is None
    assert any("seed=" in what for step in p.lock().steps for what in step.unknown)


def test_two_random_networks_never_stand_in_one_target(tmp_path):
    p = pipe.input("x").map("x", "v", Unpinned().spec).output("v")
    p.run([ROW], tmp_path / "a.parquet", progress=False)
    with pytest.raises(JobError, match=r"cannot be identified .*weights=, onnx= or seed="):
        p.run([ROW, ROW], tmp_path / "a.parquet", progress=False)


def test_copies_of_a_model_that_nothing_pins_are_one_network():
    torch.manual_seed(7)
    first = Unpinned()(ROW)
    torch.manual_seed(8)
    np.testing.assert_array_equal(Unpinned()(ROW), first)


def test_a_missing_weights_file_is_named_with_its_operator_and_a_cure(tmp_path, monkeypatch):
    class Lost(Threes, family="threes-embedding", name="lost"):
        def source(self) -> Source:
            return Source(build=self.network, weights="nope.safetensors")

    monkeypatch.chdir(tmp_path)
    told = rf"'threes-embedding.lost': there is no file '{tmp_path}/nope.safetensors'.*bring it .*fetch\(\)"
    p = pipe.input("x").map("x", "v", Lost().spec).output("v")
    for call in (lambda: Lost()(ROW), lambda: Lost().space(), lambda: Lost().files(), p.prepare):
        with pytest.raises(UnavailableError, match=told):
            call()


def test_a_source_of_nothing_is_named_with_its_operator():
    class Empty(Threes, family="threes-embedding", name="empty"):
        def source(self) -> Source:
            return Source(seed=1)

    with pytest.raises(ContractError, match=r"'threes-embedding.empty': a Source has either build or onnx"):
        Empty().ensure_open()


def test_a_model_without_its_source_or_its_inputs_is_refused_when_it_is_defined():
    with pytest.raises(ContractError, match=r"'threes-embedding.sourceless' must define source\(\)"):

        class Sourceless(NeuralOperator, family="threes-embedding", name="sourceless"):
            def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
                return np.array(rows, np.float32)

    with pytest.raises(ContractError, match=r"'threes-embedding.unready' must define prepare\(\)"):

        class Unready(NeuralOperator, family="threes-embedding", name="unready"):
            def source(self) -> Source:
                return Source(build=torch.nn.Identity, seed=1)

    with pytest.raises(ContractError, match=r"'image-embedding.unready' must define preparation\(\)"):

        class Unprepared(ImageEmbedding, family="image-embedding", name="unready"):
            def source(self) -> Source:
                return Source(build=torch.nn.Identity, seed=1)

    assert not registry.is_defined("threes-embedding.sourceless")


def test_a_base_class_may_leave_the_rest_to_its_members_and_is_refused_when_it_is_planned():
    class Base(ImageEmbedding):
        pass

    with pytest.raises(ContractError, match=r"Base' must define source\(\)"):
        pipe.input("x").map("x", "v", Base()).output("v").prepare()
    with pytest.raises(ContractError, match=r"must define preparation\(\)"):
        Base().preparation()


def test_more_numbers_than_the_model_gives_are_refused_when_it_is_made():
    class Eight(Threes, family="threes-embedding", name="eight"):
        dim = 8

    told = r"'threes-embedding.eight': truncate_dim=9, but its vectors have 8 numbers"
    with pytest.raises(ParameterError, match=told):
        ops.threes_embedding.eight(truncate_dim=9).create()

    class Own(Eight, family="threes-embedding", name="own-checks"):
        def check_options(self) -> None:  # and forgets to call the inherited one
            pass

    for look in (Own(truncate_dim=9).space, Own(truncate_dim=9).fetch):
        with pytest.raises(ParameterError, match="truncate_dim=9, but its vectors have 8"):
            look()
    assert ops.threes_embedding.eight(truncate_dim=8).create().space().parts["dim"] == 8


def test_a_warning_names_the_operator_once():
    with pytest.warns(FidelityWarning, match=r"^'threes-embedding.doubles' was not trained for truncate_dim"):
        Doubles(truncate_dim=4).fetch()


def test_a_declared_length_that_is_right_is_taken_in_passes_of_all_sizes():
    class Right(Threes, family="threes-embedding", name="right"):
        dim = 8

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        operator = Right(deterministic=True)
        operator.ensure_open()
        assert [each.shape for each in operator.batch([ROW] * 5)] == [(8,)] * 5


def test_looking_at_shapes_imports_no_torch_before_it_is_opened(tmp_path):
    (tmp_path / "w").write_bytes(b"1")
    code = (
        "import sys; from junco import NeuralOperator, Source, MiddleCrop, ImageEmbedding\n"
        "class A(ImageEmbedding, family='image-embedding', name='a'):\n"
        "    dim = 8\n"
        "    def source(self): return Source(build=lambda: 1, weights=sys.argv[1])\n"
        "    def preparation(self): return MiddleCrop(8, 8)\n"
        "from junco.operator.identity import identity_of\n"
        "assert identity_of(A(truncate_dim=8).spec).is_known\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "w")], check=True)
