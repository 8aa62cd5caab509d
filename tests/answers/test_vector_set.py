"""A set of vectors answers: by a phrase, a picture or a vector, through the pipeline that made it."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

from junco import Hits, VectorSet, op, open_set, pipe, pipeline, read_vectors
from junco.answers import units
from junco.answers.asked import Maker, vectors_alone
from junco.errors import InputError, JuncoError, SpaceError
from junco.types import Space, Vector

TEXTS = ["a cat sleeps", "a rocket starts", "hot coffee"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    target = tmp_path_factory.mktemp("texts") / "t.parquet"
    with pipeline("text-embedding-minilm") as p:
        p.run(TEXTS, target, progress=False)
    return target


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.jpg")
    with pipeline("image-text-embedding-conse") as p:
        p.run(str(folder), folder / "v.parquet", progress=False)
    return folder / "v.parquet"


def test_a_set_says_what_it_is_in_one_line(texts):
    stored = open_set(texts)
    assert len(stored) == 3
    assert repr(stored).startswith("<VectorSet: 3 rows in ")
    assert len(repr(stored)) < 150
    assert stored.pipeline.graph.name == "text-embedding-minilm"


def test_a_text_finds_what_means_the_same(texts):
    first, *others = open_set(texts).search("a kitten takes a nap", 2)
    assert (first.key, len(others)) == ("a cat sleeps", 1)
    assert first.score > others[0].score
    assert f"{first.score:.3f}  a cat sleeps" in str(open_set(texts).search("a kitten takes a nap", 1))


def test_a_photo_and_a_phrase_in_two_languages_find_the_same_photo(photos):
    stored = open_set(photos)
    for question in (str(photos.parent / "coffee.jpg"), "a cup of coffee", "咖啡"):
        assert stored.search(question, 1)[0].key.endswith("coffee.jpg"), question


def test_a_text_that_a_set_of_pictures_cannot_answer_is_refused(tmp_path, photos):
    with pipeline("image-embedding-efficientnet-lite0") as p:
        p.run([str(photos.parent / "coffee.jpg")], tmp_path / "v.parquet", progress=False)
    with pytest.raises(InputError):
        open_set(tmp_path / "v.parquet").search("a cup of coffee")


def test_chunks_of_documents_are_asked_by_a_text_and_come_with_their_columns(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# Cats\n\nA cat sleeps.\n\n# Space\n\nA rocket starts.\n", "utf-8")
    with pipeline("document-embedding-minilm", size=8) as p:
        p.run(str(tmp_path / "docs"), tmp_path / "v.parquet", progress=False)
    stored = open_set(tmp_path / "v.parquet")
    (hit,) = stored.search("an animal takes a nap", 1)
    assert "cat" in hit.columns["chunk"]["text"]
    assert hit.to_dict()["columns"]["page"]["number"] == 1
    assert len(stored.search("an animal", 10)) == len(stored) > 1
    assert [hit.key for hit in stored.search("an animal", 10, by_input=True)] == [str(tmp_path / "docs" / "a.md")]


@pytest.mark.parametrize("precision", ["int8", "ubinary"])
def test_a_set_of_smaller_numbers_is_asked_with_whole_ones(tmp_path, precision):
    with pipeline("text-embedding-minilm", precision=precision) as p:
        p.run(TEXTS, tmp_path / "v.parquet", progress=False)
    stored = open_set(tmp_path / "v.parquet")
    hits = stored.search("a kitten takes a nap")
    assert hits[0].key == "a cat sleeps"
    with pipeline("text-embedding-minilm") as p:
        wanted = p("a kitten takes a nap")
    assert stored.search(wanted)[0] == hits[0]


def test_a_vector_of_another_space_or_length_is_refused(texts):
    stored = open_set(texts)
    with pytest.raises(SpaceError):
        stored.search(np.ones(384, np.float32), space=Space({"other": 1}))
    with pytest.raises(InputError, match="5 numbers cannot be looked for among 384"):
        stored.search(np.ones(5, np.float32))


def test_a_set_whose_model_is_another_one_by_now_is_not_searched(texts, tmp_path):
    table = pq.read_table(texts)
    space = open_set(texts).space
    other = Space({**space.parts, "weights": "others"}, space.label)
    table = table.replace_schema_metadata({**table.schema.metadata, b"junco.space.description": other.to_json()})
    pq.write_table(table, tmp_path / "v.parquet")
    with pytest.raises(SpaceError, match="weights"):
        open_set(tmp_path / "v.parquet").search("a cat")


def test_a_set_that_does_not_say_what_made_it_is_asked_by_vectors(tmp_path):
    def lengths(text):
        return np.array([len(text), 1], np.float32)

    with pipe.input("text").map("text", "vector", lengths).output("vector", space="lengths") as p:
        p.run(TEXTS, tmp_path / "v.parquet", progress=False)
    stored = open_set(tmp_path / "v.parquet")
    assert stored.search(lengths("a cat sleeps"))[0].score == pytest.approx(1)
    with pytest.raises(InputError, match=r"does not say which pipeline made it.*\.search\(vector"):
        stored.search("a cat")


def test_an_empty_set_answers_with_nothing():
    assert str(VectorSet([], np.zeros((0, 0), np.float32)).search(np.ones(3, np.float32))) == "nothing was found"


def test_more_rows_than_there_are_is_all_of_them_and_none_is_refused(texts):
    assert len(open_set(texts).search("a cat", 1_000)) == 3
    with pytest.raises(InputError, match="1 or more"):
        open_set(texts).search("a cat", 0)


def test_columns_are_read_as_a_table_and_lengths_must_fit(texts):
    stored = VectorSet(["a", "b"], np.eye(2, dtype=np.float32), columns={"lang": ["zh", "en"]})
    assert stored.columns.to_pydict() == {"lang": ["zh", "en"]}
    assert stored.search(np.array([1, 0], np.float32), 1)[0].columns == {"lang": "zh"}
    with pytest.raises(InputError, match="2 vectors, 1 of lang"):
        VectorSet(["a", "b"], np.eye(2, dtype=np.float32), columns={"lang": ["zh"]})


@pytest.mark.parametrize("ending", [".parquet", ".npy", "/"])
def test_a_large_set_keeps_its_unit_rows_and_makes_them_anew_when_it_changes(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(units, "KEPT_BYTES", 1)

    def numbers(text):
        return np.array([len(text), 1], np.float32)

    with pipe.input("text").map("text", "vector", numbers).output("vector", space="lengths") as p:
        p.run(TEXTS, f"{tmp_path}/v{ending}", progress=False)
        kept = tmp_path / f".v{ending.strip('/')}.units.npy"
        first = open_set(f"{tmp_path}/v{ending}").search(numbers("hot coffee"), 1)
        made = kept.stat().st_mtime_ns
        assert open_set(f"{tmp_path}/v{ending}").search(numbers("hot coffee"), 1) == first
        assert kept.stat().st_mtime_ns == made
        p.run([*TEXTS, "x" * 1_000], f"{tmp_path}/v{ending}", progress=False)
        assert open_set(f"{tmp_path}/v{ending}").search(numbers("x" * 1_000), 1)[0].row == 3
        assert kept.stat().st_mtime_ns != made
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_vectors_that_were_read_are_searched_whatever_becomes_of_their_file(tmp_path):
    with pipe.input("text").map("text", "vector", lambda t: np.ones(2, np.float32)).output("vector", space="s") as p:
        p.run(TEXTS, tmp_path / "v.parquet", progress=False)
        stored = read_vectors(tmp_path / "v.parquet")
        p.run(["another"], tmp_path / "v.parquet", progress=False, missing="prune")
    assert stored.nearest(np.ones(2, np.float32), stored.space, 1).scores[0, 0] == pytest.approx(1)
    assert stored.keys == TEXTS


def test_a_set_that_is_written_anew_while_it_is_open_says_so(tmp_path):
    with pipe.input("text").map("text", "vector", lambda t: np.ones(2, np.float32)).output("vector", space="s") as p:
        p.run(TEXTS, tmp_path / "v.parquet", progress=False)
        stored = open_set(tmp_path / "v.parquet")
        p.run(["another"], tmp_path / "v.parquet", progress=False, missing="prune")
    with pytest.raises(InputError, match="written anew since it was opened"):
        stored.search(np.ones(2, np.float32))


def test_keys_are_read_once_and_some_of_the_hits_are_hits_with_their_question(texts):
    stored = open_set(texts)
    assert stored.keys is stored.keys
    hits = stored.search("a cat", 3)
    assert (type(hits[:2]), hits[:2].question, len(hits[1:])) == (Hits, "a cat", 2)
    assert hits[1:][0] is hits[1]


def test_a_part_of_a_pipeline_works_on_its_devices():
    p = pipeline("text-embedding", device=["cpu", "cpu"])
    assert vectors_alone(p, "vector").devices == p.replace("embed", p.graph.nodes[-1].fn).devices == p.devices
    maker = Maker.of(p, "vector")
    assert maker.pipeline_for("a cat").devices == p.devices


@pytest.fixture
def told(tmp_path):
    """``told(graph)``: what a pipeline's file is asked as, with toy operators by their names."""

    def make(steps, texts, output="vector"):
        (tmp_path / "p.yaml").write_text(f"junco: 1\ninputs: [text]\nsteps:\n{steps}outputs: [{output}]\nspace: toy\n")
        with pipeline(tmp_path / "p.yaml") as p:
            p.run(texts, tmp_path / "v.parquet", progress=False)
        return open_set(tmp_path / "v.parquet")

    return make


@op("answers-test.lower")
def lower(text: str) -> str:
    return text.lower()


@op("answers-test.letters")
def letters(text: str) -> Vector:
    """How often each small letter stands in a text, and one."""
    return np.array([1, *(text.count(chr(code)) for code in range(ord("a"), ord("z") + 1))], np.float32)


LOWER = "  - {map: answers-test.lower, in: text, out: small, name: lower}\n"
LETTERS = "  - {map: answers-test.letters, in: small, out: vector, name: embed}\n"


def test_a_question_goes_through_the_steps_before_the_model_too(told):
    stored = told(LOWER + LETTERS, ["CAT", "DOG", "zz"])
    assert stored.search("CAT", 1)[0].key == "CAT"
    assert stored.search("CAT", 1)[0].score == pytest.approx(1)


@pytest.mark.parametrize("name", ["vector", "small"])
def test_a_quantized_set_is_asked_with_whole_numbers_whatever_its_column_is_called(told, name):
    quantized = f"  - {{map: vector.quantize, in: long, out: {name}, with: {{precision: int8}}}}\n"
    stored = told(LOWER + LETTERS.replace("out: vector", "out: long") + quantized, ["CAT", "DOG", "zz"], output=name)
    assert stored.vectors.dtype == np.int8
    assert stored.search("cat", 1)[0].key == "CAT"


def test_a_name_of_a_file_that_is_not_there_is_no_phrase(photos):
    with pytest.raises(JuncoError, match="no such file"):
        open_set(photos).search("photos/ca.jpg")


@pytest.mark.parametrize(
    "question",
    [np.zeros(384), np.full(384, np.nan), np.zeros((0, 384)), np.array(["a"]), np.zeros(0), np.array([True])],
    ids=["zeros", "nan", "none", "texts", "empty", "truth"],
)
def test_what_points_nowhere_is_refused(texts, question):
    with pytest.raises(InputError):
        open_set(texts).search(question)


def test_bytes_of_an_unknown_space_are_not_taken_for_numbers_or_bits():
    with pytest.raises(InputError, match="eight bits each"):
        VectorSet(["a", "b"], np.array([[127, 255], [85, 85]], np.uint8)).search(np.ones(2, np.float32))


@pytest.mark.parametrize("ending", [".parquet", ".npy", "/"])
def test_one_changed_row_in_the_middle_of_a_large_set_is_found_as_it_is_now(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(units, "KEPT_BYTES", 1)
    rows = {str(number): np.random.default_rng(number).normal(size=64).astype(np.float32) for number in range(1_500)}

    def of_text(text):
        return rows[text.partition(" ")[0]] * (-1 if text.endswith("changed") else 1)

    with pipe.input("text").map("text", "vector", of_text).output("vector", space="s") as p:
        p.run([*rows], f"{tmp_path}/v{ending}", progress=False)
        assert open_set(f"{tmp_path}/v{ending}").search(rows["700"], 1)[0].key == "700"
        p.run(["700 changed" if key == "700" else key for key in rows], f"{tmp_path}/v{ending}", progress=False)
    assert open_set(f"{tmp_path}/v{ending}").search(rows["700"], 1)[0].score < 0.9
    assert open_set(f"{tmp_path}/v{ending}").search(-rows["700"], 1)[0].key == "700 changed"


def test_keys_that_were_read_never_stand_beside_the_rows_of_another_set(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "KEPT_BYTES", 1)
    with pipe.input("text").map("text", "vector", letters).output("vector", space="s") as p:
        p.run(["a", "b", "c"], tmp_path / "v.parquet", progress=False)
        stored = open_set(tmp_path / "v.parquet")
        assert stored.keys == ["a", "b", "c"]
        p.run(["c", "b", "a"], tmp_path / "v.parquet", resume=False, progress=False)
        open_set(tmp_path / "v.parquet").search(letters("a"))
    with pytest.raises(InputError, match="written anew"):
        stored.search(letters("a"))


def test_what_a_file_says_never_makes_its_reader_fetch_from_addresses(tmp_path):
    (tmp_path / "p.yaml").write_text(
        "junco: 1\ninputs: [path]\nsteps:\n"
        "  - {map: image-decode.pil, in: path, out: image, with: {allow_urls: true, allow_private: true}}\n"
        "  - {map: image-embedding.efficientnet-lite, in: image, out: vector}\noutputs: [vector]\n"
    )
    Image.fromarray(data.coffee()).save(tmp_path / "a.jpg")
    with pipeline(tmp_path / "p.yaml") as p:
        p.run([str(tmp_path / "a.jpg")], tmp_path / "v.parquet", progress=False)
    with pytest.raises(JuncoError, match="allow_urls"):
        open_set(tmp_path / "v.parquet").search("http://127.0.0.1:9/a.jpg")


def test_each_input_comes_once_with_its_best_row_however_many_rows_there_are():
    vectors = np.random.default_rng(0).normal(size=(3_000, 8)).astype(np.float32)
    stored = VectorSet([f"input {number % 3}" for number in range(3_000)], vectors)
    hits = stored.search(vectors[4], 10, by_input=True)
    assert hits[0].row == 4
    assert sorted(hit.key for hit in hits) == ["input 0", "input 1", "input 2"]


def test_a_step_that_nobody_looks_into_keeps_no_item_from_being_asked(told):
    inner = "{inputs: [text], steps: [{map: answers-test.lower, in: text, out: small}], outputs: [small]}"
    nested = f"  - {{map: {inner}, in: text, out: small, name: nested}}\n"
    assert told(nested + LETTERS, ["CAT", "DOG", "zz"]).search("CAT", 1)[0].key == "CAT"


def test_pieces_of_a_named_space_are_asked_too(tmp_path):
    (tmp_path / "p.yaml").write_text(
        "junco: 1\nspace: mine\ninputs: [path]\nsteps:\n"
        "  - {flat_map: document-decode.auto, in: path, out: page}\n"
        "  - {map: answers-test.lower, in: page.text, out: small}\n"
        "  - {map: answers-test.letters, in: small, out: vector}\noutputs: [page, vector]\n"
    )
    (tmp_path / "a.txt").write_text("CAT", "utf-8")
    (tmp_path / "b.txt").write_text("DOG", "utf-8")
    with pipeline(tmp_path / "p.yaml") as p:
        p.run([str(tmp_path / "a.txt"), str(tmp_path / "b.txt")], tmp_path / "v.parquet", progress=False)
    hit = open_set(tmp_path / "v.parquet").search("CAT", 1)[0]
    assert (hit.key, hit.score) == (str(tmp_path / "a.txt"), pytest.approx(1))


def test_bits_are_asked_with_bits(tmp_path):
    with pipeline("text-embedding-minilm", precision="ubinary") as p:
        p.run(TEXTS, tmp_path / "v.parquet", progress=False)
        hits = open_set(tmp_path / "v.parquet").search(p("hot coffee"), 1, space=p.space)
    assert (hits[0].key, hits[0].score) == ("hot coffee", pytest.approx(1))
