"""Tuned folders: written, read, put into networks; and every way in which one may be damaged or forged."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from junco import NeuralOperator, Operator, ops
from junco.errors import ContractError, IntegrityError, JuncoError, ParameterError, TrainError, UnavailableError
from junco.neural.tuned import read_tuned, write_tuned
from junco.neural.tuned_saving import save_tuned
from junco.places.files import file_sha256
from tuned_folders import ON_CPU, ROWS, Sums, state_of, tuned_head, tuned_whole, vectors


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


@pytest.fixture
def parent() -> Sums:
    return Sums(**ON_CPU)


def test_whole_tensors_take_the_place_of_the_networks_own(tmp_path, parent):
    tuned_whole(tmp_path / "t", parent, 2.0)
    tuned = Operator.load(tmp_path / "t")
    state = {name: 2 * each for name, each in state_of(parent).items()}
    rows = np.array(ROWS, np.float32)
    expected = np.tanh(rows @ state["0.weight"].T + state["0.bias"]) @ state["2.weight"].T + state["2.bias"]
    np.testing.assert_allclose(vectors(tuned), expected, atol=1e-6)


def test_products_of_lora_are_added_times_their_scale(tmp_path, parent):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6)).astype(np.float32), rng.normal(size=(5, 2)).astype(np.float32)
    save_tuned(tmp_path / "t", parent, {"lora.2.weight.a": a, "lora.2.weight.b": b}, lora_scale=0.5, scope="lora")
    before, after = state_of(parent), state_of(Operator.load(tmp_path / "t"))
    np.testing.assert_allclose(after["2.weight"], before["2.weight"] + 0.5 * b @ a, atol=1e-6)
    np.testing.assert_array_equal(after["0.weight"], before["0.weight"])


def test_what_the_trainer_keeps_of_lora_is_what_its_network_was(tmp_path):
    from junco.train.lora import LoraPart

    class Waves(Sums, family="number-embedding", name="test-waves"):
        def network(self):
            first, second = torch.nn.Conv1d(1, 3, 2), torch.nn.Conv1d(3, 4, 2)
            ends = torch.nn.Flatten(), torch.nn.Linear(8, 5)
            return torch.nn.Sequential(torch.nn.Unflatten(1, (1, 4)), first, second, *ends)

    operator = Waves(**ON_CPU)
    task = operator.train_task()
    part = LoraPart(task.network, 2, operator.name)
    with torch.no_grad():
        for parameter in part.parameters.values():
            parameter.add_(0.3)
    tensors = part.tensors()
    part.close()
    assert {key.rpartition(".")[0] for key in tensors} == {"lora.2", "lora.4"}
    save_tuned(tmp_path / "t", operator, tensors, lora_scale=part.lora_scale)
    with torch.no_grad():
        expected = task.forward(task.collate(task.rows(ROWS, "left"), "left"), "left").numpy()
    np.testing.assert_allclose(vectors(Waves(tuned=tmp_path / "t", **ON_CPU)), expected, atol=1e-5)
    assert not np.allclose(vectors(operator), expected, atol=1e-2)


def test_a_scale_without_lora_is_nothing_to_tell(tmp_path, parent):
    saved = save_tuned(tmp_path / "t", parent, {"network.0.bias": np.ones(6, np.float32)}, lora_scale=2.0)
    assert saved.manifest["lora_scale"] is None


def test_a_head_maps_what_the_model_gives_and_its_dim_is_known_before_anything_is_loaded(tmp_path, parent):
    head = tuned_head(tmp_path / "t", parent, 3).tensors()["head.weight"]
    tuned = Operator.load(tmp_path / "t")
    assert (tuned.known_dim, tuned.is_open) == (3, False)
    np.testing.assert_allclose(vectors(tuned), vectors(parent) @ head.T, atol=1e-6)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "auto"])
def test_every_runtime_runs_the_tuned_model_with_a_certificate(tmp_path, parent, runtime):
    tuned_head(tmp_path / "t", parent, 3)
    here = Operator.load(tmp_path / "t")
    there = Sums(tuned=tmp_path / "t", device="cpu", runtime=runtime, dtype="float32")
    np.testing.assert_allclose(vectors(there), vectors(here), atol=1e-4)
    compiled = there._passes.compiled
    assert compiled.runtime == "torch" or compiled.certificate is not None


def test_its_space_differs_from_its_parents_and_is_the_same_wherever_the_folder_lies(tmp_path, parent):
    for name, factor in (("a", 1.5), ("b", 1.5), ("c", 1.25)):
        tuned_whole(tmp_path / name, parent, factor)
    a, b, c = (Operator.load(tmp_path / name).space() for name in "abc")
    assert a == b
    assert len({parent.space(), a, c}) == 3
    assert read_tuned(tmp_path / "a").manifest["parent"]["space"] == parent.taken_space().id


def test_the_scale_of_lora_is_part_of_what_tells_spaces_apart(tmp_path, parent):
    pair = {"lora.2.weight.a": np.ones((1, 6), np.float32), "lora.2.weight.b": np.ones((5, 1), np.float32)}
    spaces = set()
    for scale in (0.5, 2.0):
        save_tuned(tmp_path / str(scale), parent, pair, lora_scale=scale)
        spaces.add(Operator.load(tmp_path / str(scale)).space())
    assert len(spaces) == 2


def test_the_space_of_a_head_tells_its_dim_and_goes_on_to_finishes(tmp_path, parent):
    tuned_head(tmp_path / "t", parent, 4)
    space = Sums(tuned=tmp_path / "t", truncate_dim=2, normalize=True, **ON_CPU).space()
    assert (space.parts["dim"], space.parts["normalize"]) == (2, True)
    with pytest.raises(ParameterError, match="truncate_dim=5, but its vectors have 4 numbers"):
        Sums(tuned=tmp_path / "t", truncate_dim=5)


def test_weights_are_put_in_before_the_model_is_cut_at_a_layer(tmp_path, parent):
    tuned_whole(tmp_path / "t", parent, 2.0)
    cut = Sums(tuned=tmp_path / "t", layer="0", **ON_CPU)
    state = {name: 2 * each for name, each in state_of(parent).items()}
    expected = np.array(ROWS, np.float32) @ state["0.weight"].T + state["0.bias"]
    np.testing.assert_allclose(vectors(cut), expected, atol=1e-6)
    assert [str(layer) for layer in cut.layers()] == [str(layer) for layer in parent.layers()]


def test_a_head_belongs_to_the_layer_where_it_was_trained(tmp_path):
    layered = Sums(layer="0", **ON_CPU)
    tuned_head(tmp_path / "t", layered, 3)
    assert Operator.load(tmp_path / "t").spec.params["layer"] == "0"
    assert vectors(Sums(tuned=tmp_path / "t", **ON_CPU)).shape == (3, 3)
    with pytest.raises(ContractError, match="layer='2', and the folder '0'"):
        Sums(tuned=tmp_path / "t", layer="2")


def test_parameters_are_taken_from_the_folder_and_may_not_contradict_it(tmp_path):
    tuned_whole(tmp_path / "t", Sums(width=9, seed=4, **ON_CPU))
    taken = Sums(tuned=tmp_path / "t", **ON_CPU)
    assert (taken.width, taken.seed, taken.spec.params["width"]) == (9, 4, 9)
    assert Sums(tuned=tmp_path / "t", width=9).width == 9
    with pytest.raises(ContractError, match="is of another model: width=6, and the folder 9: leave that out"):
        Sums(tuned=tmp_path / "t", width=6)


def test_it_is_told_that_weights_were_trained_on_others(tmp_path, parent):
    tuned = tuned_whole(tmp_path / "t", parent)
    change(tuned.folder, lambda told: told["params"].update(seed=7))
    with pytest.raises(
        IntegrityError, match=r"was trained on weights that are 'random, seed 0.*these are random, seed 7"
    ):
        Operator.load(tuned.folder).ensure_open()


def test_two_trainings_are_one_folder_that_needs_no_other(tmp_path, parent):
    rng = np.random.default_rng(1)

    def lora() -> dict[str, np.ndarray]:
        pair = rng.normal(size=(2, 6)), rng.normal(size=(5, 2))
        return dict(
            zip(("lora.2.weight.a", "lora.2.weight.b"), (each.astype(np.float32) for each in pair), strict=True)
        )

    first, second, heads = lora(), lora(), [rng.normal(size=(4, 5)), rng.normal(size=(3, 4))]
    heads = [each.astype(np.float32) for each in heads]
    save_tuned(tmp_path / "1", parent, first | {"head.weight": heads[0]}, lora_scale=0.5)
    save_tuned(tmp_path / "2", Operator.load(tmp_path / "1"), second | {"head.weight": heads[1]}, lora_scale=2.0)
    shutil.rmtree(tmp_path / "1")
    tuned = Operator.load(tmp_path / "2")
    products = [each["lora.2.weight.b"] @ each["lora.2.weight.a"] for each in (first, second)]
    expected = state_of(parent)["2.weight"] + 0.5 * products[0] + 2.0 * products[1]
    np.testing.assert_allclose(state_of(tuned)["2.weight"], expected, atol=1e-5)
    np.testing.assert_allclose(tuned.tuned_weights.tensors()["head.weight"], heads[1] @ heads[0], atol=1e-5)


def test_a_tensor_that_is_trained_whole_takes_the_place_of_what_lora_added(tmp_path, parent):
    pair = {"lora.2.weight.a": np.ones((1, 6), np.float32), "lora.2.weight.b": np.ones((5, 1), np.float32)}
    save_tuned(tmp_path / "1", parent, pair, lora_scale=1.0)
    save_tuned(tmp_path / "2", Operator.load(tmp_path / "1"), {"network.2.weight": np.full((5, 6), 7, np.float32)})
    assert set(read_tuned(tmp_path / "2").tensors()) == {"network.2.weight"}
    assert (state_of(Operator.load(tmp_path / "2"))["2.weight"] == 7).all()


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "holds no tensor"),
        ({"network.0.weight": np.array([np.nan], np.float32)}, "not finite"),
        ({"lora.0.weight.a": np.ones((1, 4), np.float32)}, "a and b belong together"),
        ({"surprise": np.ones(3, np.float32)}, "no name of a tuned tensor"),
        ({"head.weight": np.ones(3, np.float32)}, "no matrix"),
    ],
)
def test_what_is_no_tuned_operator_is_not_written(tmp_path, parent, tensors, message):
    with pytest.raises(TrainError, match=message):
        save_tuned(tmp_path / "t", parent, tensors)
    assert not list(tmp_path.glob("*t*/*"))


def test_a_folder_is_replaced_whole_and_nothing_else_is(tmp_path, parent):
    tuned_head(tmp_path / "t", parent, 3)
    tuned_head(tmp_path / "t", parent, 2)
    assert Operator.load(tmp_path / "t").known_dim == 2
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != "home") == ["t"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(JuncoError, match="holds other things"):
        tuned_head(tmp_path / "mine", parent, 3)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


# --- damaged and forged -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, parent) -> Path:
    return tuned_whole(tmp_path / "t", parent).folder


def change(folder: Path, how) -> None:
    """Change what ``operator.json`` says."""
    told = json.loads((folder / "operator.json").read_text())
    how(told)
    (folder / "operator.json").write_text(json.dumps(told))


def with_weights(folder: Path, tensors: dict[str, np.ndarray] | bytes) -> None:
    """Put other weights there, of which ``operator.json`` says that they are the right ones."""
    file = folder / "weights.safetensors"
    if isinstance(tensors, bytes):
        file.write_bytes(tensors)
    else:
        save_file(tensors, file)
    change(folder, lambda told: told["weights"].update(sha256=file_sha256(file), num_bytes=file.stat().st_size))


def refused(folder: Path) -> str:
    """What is said of a folder, which is never half loaded."""
    with pytest.raises(JuncoError) as caught:
        Operator.load(folder).ensure_open()
    message = str(caught.value)
    assert message.isprintable() or "\n" not in message
    return f"{type(caught.value).__name__}: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no JSON"),
        ("[1]", "must hold an object"),
        ("{" * 100_000, "nested more than 40 deep"),
        ('{"a": ' + "[" * 50 + "]" * 50 + "}", "nested more than 40 deep"),
        ('{"junco": 1, "junco": 1}', "says a key twice"),
        ('{"junco": NaN}', "is no number"),
        ('{"junco": 2}', "reads version 1 of such files, not 2"),
        ('{"junco": true}', "reads version 1 of such files, not True"),
        ('{"junco": 1, "kind": "pickle"}', "its kind must be 'tuned operator'"),
        ("9" * 10_000, "holds no JSON"),
        ("\0", "holds no JSON"),
    ],
)
def test_what_is_no_description_is_refused(folder, text, message):
    (folder / "operator.json").write_text(text)
    assert message in refused(folder)


def test_a_description_of_many_megabytes_is_not_read(folder):
    with (folder / "operator.json").open("r+b") as file:
        file.truncate(2**30)
    assert "1,073,741,824 bytes" in refused(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("operator", "../../evil"),
        ("operator", "\x1b[31mred.one"),
        ("operator", 7),
        ("params", [1]),
        ("params", {"tuned": "/other"}),
        ("params", {"a b": 1}),
        ("weights", {"file": "../../secret", "sha256": "0" * 64, "num_bytes": 1}),
        ("weights", {"file": "/etc/passwd", "sha256": "0" * 64, "num_bytes": 1}),
        ("weights", {"file": "weights.safetensors", "sha256": "short", "num_bytes": 1}),
        ("weights", {"file": "weights.safetensors", "sha256": "0" * 64, "num_bytes": -1}),
        ("weights", {"file": "weights.safetensors", "sha256": "0" * 64, "num_bytes": 1, "head": [2**70, 1]}),
    ],
)
def test_values_of_other_kinds_are_refused(folder, key, value):
    change(folder, lambda told: told.update({key: value}))
    said = refused(folder)
    assert said.startswith("IntegrityError")
    assert f"{key!r} must be" in said
    assert "\x1b" not in said


def test_an_operator_that_is_not_installed_is_named(folder):
    change(folder, lambda told: told.update(operator="number-embedding.test-sumz"))
    said = refused(folder)
    assert said.startswith("UnknownNameError")
    assert "number-embedding.test-sums" in said


def test_an_operator_of_another_kind_is_refused(folder):
    change(folder, lambda told: told.update(operator="image-decode.pil", params={}))
    assert "no parameter 'tuned'" in refused(folder)
    change(folder, lambda told: told.update(operator="face-embedding.sface", params={}))
    assert "cannot be tuned: its model is an ONNX file" in refused(folder)


def test_a_parameter_that_the_operator_does_not_have_is_refused(folder):
    change(folder, lambda told: told["params"].update(allow_pickle=True))
    assert "was trained with allow_pickle=, which it does not take" in refused(folder)


def test_a_folder_of_another_operator_is_not_taken(folder, tmp_path):
    with pytest.raises(ContractError, match=r"holds a number-embedding.test-sums: Operator.load"):
        ops.text_embedding.minilm(tuned=folder)

    class Other(NeuralOperator, family="number-embedding", name="test-other"):
        source, prepare = Sums.source, Sums.prepare

    with pytest.raises(ContractError, match=r"it holds a number-embedding.test-sums: Operator.load\(…\) takes any"):
        Other.load(folder)
    assert isinstance(Sums.load(folder), Sums)


def test_what_is_not_there_is_said(folder, tmp_path):
    assert refused(tmp_path / "nowhere").startswith("UnavailableError: there is no folder")
    (tmp_path / "empty").mkdir()
    assert "holds no operator.json" in refused(tmp_path / "empty")
    (folder / "weights.safetensors").unlink()
    assert "there is no such file, which should hold the tuned weights" in refused(folder)


def test_a_link_is_not_followed(folder, tmp_path):
    (folder / "weights.safetensors").rename(tmp_path / "elsewhere")
    (folder / "weights.safetensors").symlink_to(tmp_path / "elsewhere")
    assert "it is a link" in refused(folder)


def test_weights_that_are_cut_off_or_others_are_refused(folder):
    whole = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(whole[:-5])
    assert "operator.json says" in refused(folder)
    (folder / "weights.safetensors").write_bytes(whole[:-1] + b"\x07")
    assert "its sha256 is" in refused(folder)
    with_weights(folder, whole[:-5])
    assert "no weights that can be read" in refused(folder)
    with_weights(folder, b"\x80\x04pickle")
    assert "no weights that can be read" in refused(folder)


def test_shapes_of_terabytes_take_no_memory(folder):
    head = json.dumps({"head.weight": {"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 2**42]}}).encode()
    with_weights(folder, struct.pack("<Q", len(head)) + head + b"\0" * 64)
    assert "no weights that can be read" in refused(folder)


def test_numbers_that_are_none_are_refused(folder):
    tensors = load_file(folder / "weights.safetensors")
    tensors["network.0.bias"][0] = np.inf
    with_weights(folder, tensors)
    assert "network.0.bias': holds numbers that are not finite" in refused(folder)


def test_all_names_and_shapes_that_do_not_fit_are_told_and_nothing_is_loaded(folder):
    tensors = load_file(folder / "weights.safetensors")
    tensors["network.0.weight"] = np.ones((2, 4), np.float32)
    tensors["network.nine.weight"] = np.ones((2, 4), np.float32)
    tensors["lora.2.weight.a"], tensors["lora.2.weight.b"] = np.ones((2, 3), np.float32), np.ones((5, 2), np.float32)
    with_weights(folder, tensors)
    said = refused(folder)
    for problem in (
        "network.0.weight: its shape is (2, 4), and the model's (6, 4)",
        "network.nine.weight: the model has no",
    ):
        assert problem in said
    assert "lora.2.weight.a: its shape is (5, 3), and the model's (5, 6)" in said


def test_names_that_move_a_cursor_are_spelt_out(folder):
    with_weights(folder, {"network.\x1b[2J": np.ones(3, np.float32)})
    said = refused(folder)
    assert "no name of a tuned tensor" in said
    assert "\x1b" not in said


def test_a_head_of_another_size_than_is_said_is_refused(tmp_path, parent):
    folder = tuned_head(tmp_path / "h", parent, 3).folder
    change(folder, lambda told: told["weights"].update(head=[4, 5]))
    assert "it has the shape (3, 5), and operator.json says (4, 5)" in refused(folder)


def test_a_head_that_takes_other_numbers_than_the_model_gives_is_refused(tmp_path, parent):
    write_tuned(tmp_path / "h", {"operator": Sums.name, "params": {}}, {"head.weight": np.ones((2, 9), np.float32)})
    assert "its head takes 9 numbers, and the model gives 5" in refused(tmp_path / "h")


def test_files_that_change_after_it_was_made_are_not_taken_for_the_same(tmp_path, parent):
    tuned_head(tmp_path / "t", parent, 3)
    tuned = Operator.load(tmp_path / "t")
    tuned.ensure_open()
    tuned_head(tmp_path / "t", parent, 3, seed=9)
    with pytest.raises(IntegrityError, match="was changed"):
        tuned.check_files()


def test_a_missing_folder_is_an_unavailable_file():
    with pytest.raises(UnavailableError, match="there is no folder"):
        ops["number-embedding.test-sums"](tuned="/nowhere/at-all")


def test_a_single_number_stays_one(tmp_path):
    from junco.neural.tuned_tensors import misfit

    saved = write_tuned(
        tmp_path / "t",
        {"operator": "image-embedding.efficientnet-lite", "params": {}},
        {"network.norm.num_batches_tracked": np.array(3), "network.weight": np.ones((2, 2), np.float32)},
    )
    count = saved.tensors()["network.norm.num_batches_tracked"]
    assert (count.shape, int(count)) == ((), 3)
    torch = pytest.importorskip("torch")
    assert misfit("n", count, torch.tensor(0)) == ""
    assert "its shape is (1,)" in misfit("n", np.ones(1, np.int64), torch.tensor(0))
