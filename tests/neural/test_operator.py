"""What an author of a model gets for a source and a preparation: runtimes, spaces, finishes, checks."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from junco import ImageEmbedding, Input, MiddleCrop, NeuralOperator, Source, option
from junco.errors import ContractError, FidelityWarning, InputError, ParameterError, UnavailableError
from junco.operator import registry
from junco.operator.identity import identity_of
from junco.operator.namespace import ops
from junco.runtime import openvino_runtime
from junco.types import Box, VideoFrame


def network() -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 8, 4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    )


class Stripes(NeuralOperator, family="image-embedding", name="test-stripes"):
    """How stripes lie.

    Args:
        weights: the file.
        side: pixels of the square that it looks at.
        workers: how many look.
    """

    weights: str
    side: int = option(32, least=16)
    workers: int = option(1, neutral=True)
    dim = 16

    def source(self) -> Source:
        return Source(build=self.network, weights=self.weights, recipe="conv, relu, mean")

    def prepare(self, images: Sequence[np.ndarray]) -> np.ndarray:
        crop = MiddleCrop(self.side, self.side)
        return np.stack([crop.exact(image) for image in images]).transpose(0, 3, 1, 2) / np.float32(255)

    def network(self) -> torch.nn.Module:
        made = network()
        made.load_state_dict(load_file(self.weights))
        return made


class Numbers(NeuralOperator, family="number-embedding", name="test-seeded"):
    """Numbers, by random weights."""

    seed: int = 0
    wide: bool = False

    def source(self) -> Source:
        return Source(build=lambda: torch.nn.Linear(4, 8 + 8 * self.wide), seed=self.seed)

    def golden(self) -> list[list[float]]:
        return [[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, -1.0], [5.0] * 4]

    def prepare(self, rows: Sequence[list[float]]) -> np.ndarray:
        return np.array(rows, np.float32)


class Words(NeuralOperator, family="word-embedding", name="test-words"):
    """Texts by their characters, padded in each pass."""

    def source(self) -> Source:
        class Mean(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.table = torch.nn.Embedding(64, 8)

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
                weight = mask.unsqueeze(-1).float()
                return (self.table(ids) * weight).sum(1) / weight.sum(1)

        inputs = (Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None)))
        return Source(build=Mean, seed=1, inputs=inputs)

    def prepare(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        longest = max(map(len, texts)) + 1
        ids = np.array([[ord(c) % 64 for c in f" {text}".ljust(longest)] for text in texts], np.int64)
        return ids, np.array([[1] * (len(text) + 1) + [0] * (longest - len(text) - 1) for text in texts], np.int64)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))


@pytest.fixture
def weights(tmp_path) -> str:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(network().state_dict(), tmp_path / "weights.safetensors")
    return str(tmp_path / "weights.safetensors")


@pytest.fixture
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40 + 9 * n, 90 - 7 * n, 3), np.uint8) for n in range(5)]


def reference(operator: Stripes, images: Sequence[np.ndarray]) -> np.ndarray:
    with torch.no_grad():
        return operator.network().eval()(torch.from_numpy(operator.prepare(images))).numpy()


@pytest.mark.parametrize("runtime", ["auto", "torch", "openvino"])
def test_vectors_are_the_networks_in_every_runtime_and_in_order(weights, images, runtime):
    operator = Stripes(weights, runtime=runtime, dtype="float32")
    operator.ensure_open()
    np.testing.assert_allclose(np.stack(operator.batch(images)), reference(operator, images), atol=1e-5)
    np.testing.assert_allclose(operator(images[3]), reference(operator, images)[3], atol=1e-5)
    assert operator.batch([]) == []


def test_a_second_start_builds_nothing(weights, images, monkeypatch):
    first = Stripes(weights, runtime="openvino", dtype="float32")(images[0])
    monkeypatch.setattr(Stripes, "network", lambda self: pytest.fail("it was built"))
    np.testing.assert_array_equal(Stripes(weights, runtime="openvino", dtype="float32")(images[0]), first)


def test_the_finish_is_inherited(weights, images):
    raw = Stripes(weights)(images[0])
    unit = raw[:8] / np.linalg.norm(raw[:8])
    with pytest.warns(FidelityWarning, match="was not trained for truncate_dim") as told:
        short = Stripes(weights, normalize=True, truncate_dim=8)(images[0])
    assert {warning.filename for warning in told} == {__file__}
    np.testing.assert_allclose(short, unit, atol=1e-6)
    assert Stripes(weights, precision="ubinary")(images[0]).shape == (2,)
    with pytest.raises(ParameterError, match="truncate_dim=17, but its vectors have 16 numbers"):
        Stripes(weights, truncate_dim=17).fetch()


def test_the_space_is_of_weights_recipe_own_options_and_finish(weights, tmp_path):
    space = Stripes(weights).space()
    assert space.parts["recipe"] == "conv, relu, mean"
    same = ({"runtime": "torch"}, {"device": "cpu"}, {"workers": 3}, {"dtype": "float32"}, {"deterministic": True})
    for changes in same:
        assert Stripes(weights, **changes).space() == space, changes
    other = ({"side": 64}, {"normalize": True}, {"truncate_dim": 4}, {"precision": "int8"}, {"dtype": "int8"})
    for changes in other:
        assert Stripes(weights, **changes).space() != space, changes
    (tmp_path / "moved").mkdir()
    moved = tmp_path / "moved" / "w.safetensors"
    moved.write_bytes((tmp_path / "weights.safetensors").read_bytes())
    assert Stripes(str(moved)).space() == space  # where the file lies is no part of it
    moved.write_bytes(moved.read_bytes()[:-1] + b"\x01")
    assert Stripes(str(moved)).space() != space


def test_the_same_weights_in_another_folder_are_the_same_model(weights, tmp_path):
    class Folder(Stripes, name="test-stripes-folder"):
        weights: str = ""
        folder: str = ""

        def source(self) -> Source:
            return Source(build=network, weights=Path(self.folder, "w.safetensors"), recipe="bands")

    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.safetensors").write_bytes(Path(weights).read_bytes())
    one, other = (Folder(folder=str(tmp_path / name)) for name in ("one", "other"))
    assert one.space() == other.space()
    assert identity_of(one).digest == identity_of(other).digest


def test_files_are_the_weights_and_a_missing_one_is_refused_by_its_name(weights, tmp_path):
    assert [str(path) for path in Stripes(weights).files()] == [weights]
    with pytest.raises(UnavailableError, match=r"there is no file '.*gone.safetensors'"):
        Stripes(str(tmp_path / "gone.safetensors")).ensure_open()


def test_random_weights_are_those_of_the_seed_and_disturb_no_other_random_numbers():
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    first = Numbers(seed=3)([1.0, 2.0, 3.0, 4.0])
    assert torch.equal(torch.rand(2), expected)
    np.testing.assert_array_equal(Numbers(seed=3)([1.0, 2.0, 3.0, 4.0]), first)
    assert not np.allclose(Numbers(seed=4)([1.0, 2.0, 3.0, 4.0]), first)
    assert Numbers(seed=3).space() == Numbers(seed=3).space() != Numbers(seed=4).space()
    assert "random, seed 3" in Numbers(seed=3).space().parts["weights"]


def test_a_model_that_nothing_identifies_has_no_space():
    class Nameless(Numbers, family="number-embedding", name="test-nameless"):
        def source(self) -> Source:
            return Source(build=lambda: torch.nn.Linear(4, 8))

    assert Nameless().space() is None
    assert Nameless()([1.0] * 4).shape == (8,)


def test_an_own_option_that_changes_the_model_changes_its_conversion_too(weights):
    assert Numbers(wide=True)([1.0] * 4).shape == (16,)
    assert Numbers()([1.0] * 4).shape == (8,)
    assert Stripes(weights, side=16).complete_source().recipe != Stripes(weights).complete_source().recipe
    assert Stripes(weights, workers=2).complete_source().recipe == Stripes(weights).complete_source().recipe


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_texts_of_several_lengths_go_through_in_one_pass(runtime):
    operator = Words(runtime=runtime, dtype="float32")
    texts = ["a cat", "", "a much longer text than the others", "x"]
    operator.ensure_open()
    for text, vector in zip(texts, operator.batch(texts), strict=True):
        np.testing.assert_allclose(vector, operator(text), atol=1e-6)


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_deterministic_vectors_are_the_same_bits_whatever_is_beside_them(weights, images, runtime):
    for operator, items in (
        (Stripes(weights, deterministic=True, runtime=runtime), images),
        (Words(deterministic=True), ["a", "bcd", ""]),
    ):
        alone = [operator(item) for item in items]
        for row, vector in enumerate(operator.batch((items * 3)[::-1])):
            np.testing.assert_array_equal(vector, alone[len(items) - 1 - row % len(items)])


def test_pictures_and_texts_are_checked_at_the_door(weights, images):
    np.testing.assert_array_equal(Stripes(weights)(VideoFrame(images[0], 0.0, 0)), Stripes(weights)(images[0]))
    for wrong in (None, "cat.jpg", images[0].astype(float)):
        with pytest.raises(InputError, match=r"image-embedding\.test-stripes' takes pixels"):
            Stripes(weights)(wrong)
    with pytest.raises(InputError, match=r"word-embedding\.test-words' takes a text"):
        Words()(3)


def test_inputs_without_golden_items_need_some():
    class Forgotten(Numbers, family="number-embedding", name="test-forgotten"):
        golden = NeuralOperator.golden

    with pytest.raises(ContractError, match=r"no golden items: define golden\(self\)"):
        Forgotten()([1.0] * 4)


def test_a_preparation_with_too_few_rows_is_refused(images):
    class Short(Numbers, family="number-embedding", name="test-short"):
        def prepare(self, rows):
            return np.zeros((1, 4), np.float32)

    with pytest.raises(ContractError, match=r"prepare\(\) gave arrays of shape \(1, 4\) for 3 items"):
        Short()([1.0] * 4)


def test_a_model_that_prepares_something_else_than_its_family_takes_cannot_join_it(weights):
    with pytest.raises(ContractError, match=r"cannot join .* 'image-embedding'.*has \(texts: str\)"):

        class OfTexts(Stripes, family="image-embedding", name="test-of-texts"):
            """Takes texts."""

            def prepare(self, texts: Sequence[str]) -> np.ndarray:
                return np.zeros((len(texts), 3, 32, 32), np.float32)

    with pytest.raises(ContractError, match=r"cannot join .* 'image-embedding'.*images, boxes|image: any, box: any"):

        class OfTwo(Stripes, family="image-embedding", name="test-of-two"):
            """Takes two columns."""

            def prepare(self, image, box):
                return np.zeros((len(image), 3, 32, 32), np.float32)


def test_a_model_that_reads_something_else_than_its_family_gives_cannot_join_it(weights):
    with pytest.raises(ContractError, match=r"cannot join .* 'image-embedding'.*-> \(vector: Box\)"):

        class GivesBoxes(Stripes, family="image-embedding", name="test-gives-boxes"):
            """Gives boxes."""

            def read(self, numbers: np.ndarray, *columns: Sequence[np.ndarray]) -> Sequence[Box]:
                return []


def test_a_warning_of_truncation_calls_the_model_by_its_own_name(weights):
    class Named(Stripes):
        truncation_name = "stripes-16"

    with pytest.warns(FidelityWarning, match=r"stripes-16 was not trained for truncate_dim"):
        Named(weights, truncate_dim=8).fetch()


def test_ports_are_the_familys_or_those_of_prepare(weights):
    assert Stripes.ports() == registry.families("operator")["image-embedding"].ports
    assert str(Words.ports().inputs[0]) == "texts: str"
    assert Words.ports().outputs == Stripes.ports().outputs


def test_threads_may_use_one_at_once(weights, images):
    operator = Stripes(weights)
    operator.ensure_open()
    expected = operator.batch(images)
    found: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: operator(images[n])})) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(5):
        np.testing.assert_allclose(found[n], expected[n], atol=1e-5)


def test_a_closed_one_opens_again(weights, images):
    operator = Stripes(weights)
    before = operator(images[0])
    operator.ensure_closed()
    np.testing.assert_allclose(operator(images[0]), before, atol=1e-6)


def test_an_onnx_file_is_a_source_too_with_the_files_beside_it(tmp_path, images):
    module = network().eval()
    torch.onnx.export(
        module, (torch.zeros(2, 3, 32, 32),), tmp_path / "a.onnx", dynamo=True, external_data=True, verbose=False,
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), input_names=["levels"],
    )  # fmt: skip

    class FromFile(Stripes, family="image-embedding", name="test-file"):
        def source(self) -> Source:
            return Source(onnx=tmp_path / "a.onnx")

    operator = FromFile("unused", dtype="float32")
    with torch.no_grad():
        expected = module(torch.from_numpy(operator.prepare(images))).numpy()
    np.testing.assert_allclose(np.stack([operator(image) for image in images]), expected, atol=1e-4)
    files = [path.name for path in operator.files()]
    assert files == ["a.onnx", "a.onnx.data"]


def test_a_picture_model_wants_no_more_than_it_needs_where_that_was_measured(weights):
    class Quick(ImageEmbedding, family="image-embedding", name="test-quick"):
        weights: str

        def preparation(self) -> MiddleCrop:
            return MiddleCrop(64, 72)

        def source(self) -> Source:
            return Source(build=self.levels, weights=self.weights, recipe="levels")

        def levels(self) -> torch.nn.Module:
            class Levels(torch.nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.network = network()

                def forward(self, pixels: torch.Tensor) -> torch.Tensor:
                    return self.network(pixels.permute(0, 3, 1, 2) / 255)

            made = Levels()
            made.network.load_state_dict(load_file(self.weights))
            return made

    wants = Quick(weights, least_cosine=0.9).wants()
    assert wants.keys() == {"least_side"}
    assert wants["least_side"] >= 72
    assert Quick(weights, least_cosine=0.9, exact=True).wants() == {}


def test_an_own_constructor_still_works(weights, images):
    class ByHand(Stripes, family="image-embedding", name="test-by-hand"):
        def __init__(self, folder: str, device: str = "auto", normalize: bool = False) -> None:
            super().__init__(f"{folder}/weights.safetensors", device=device, normalize=normalize)

    folder = weights.rpartition("/")[0]
    np.testing.assert_allclose(
        ops.image_embedding.test_by_hand(folder)(images[0]), Stripes(weights)(images[0]), atol=1e-6
    )


def test_making_and_asking_imports_no_torch(weights):
    code = (
        "import sys; from junco import NeuralOperator, Source, MiddleCrop\n"
        "class A(NeuralOperator, family='image-embedding', name='a'):\n"
        "    def source(self): return Source(build=lambda: 1, weights=sys.argv[1])\n"
        "    def prepare(self, images): return [MiddleCrop(8, 8).exact(image) for image in images]\n"
        "a = A(normalize=True); a.fetch(); assert a.space() and a.files() and a.complete_source()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, weights], check=True)


def test_int8_says_how_far_its_vectors_are(weights):
    if not openvino_runtime.has_dtype("int8"):
        pytest.skip("this processor has no int8 arithmetic")
    with pytest.warns(FidelityWarning, match=r"'image-embedding\.test-stripes': int8 vectors agree"):
        Stripes(weights, dtype="int8").ensure_open()


def test_a_torch_operator_in_a_package_is_25_lines():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "neural-operator.md"  # which is run by test_docs
    code = page.read_text("utf-8").partition('title="stripes/stripes/embedding.py"\n')[2].partition("```")[0]
    assert 10 < len([line for line in code.splitlines() if line.strip()]) <= 25
