"""`p.evaluate`: how good vectors are for what is known of items, beside others, with what is noise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from junco import Operator, pipe, pipeline
from junco.errors import DataError, ParameterError
from junco.types import Vector

ROLES: list[str | None] = []


class Turned(Operator, name="evaluate-test.turned"):
    """A number as an angle; what is no number fails."""

    degrees: float = 0.0
    role: str | None = None

    def batch(self, texts: list[str]) -> list[Vector]:
        ROLES.append(self.role)
        turns = np.deg2rad([float(text) + self.degrees * (hash_of(text) % 7) for text in texts])
        return [np.array([np.cos(turn), np.sin(turn)], np.float32) for turn in turns]


def hash_of(text: str) -> int:
    return sum(map(ord, text))


def angles(**params):
    return pipe.input("text").map("text", "vector", Turned(**params).spec, name="embed").output("vector")


LABELLED = [(str(angle + shift), label) for angle, label in ((0, "a"), (90, "b"), (180, "三")) for shift in range(8)]


def test_vectors_that_keep_labels_apart_are_told_from_others():
    found = angles().evaluate(LABELLED, against=[angles(degrees=40.0)], progress=False)
    assert found["recall@1"] == found["map"] == found["knn@5"] == 1.0
    assert found["silhouette"] > 0.9
    assert found.verdict[0].startswith("the pipeline (2) is worse than the pipeline: map -")
    assert found.best.name == "the pipeline"
    assert "24 items of 3 labels" in str(found)
    assert str(found.ways[0].dim) == "2"


def test_too_few_items_for_what_is_looked_at_are_told():
    found = angles().evaluate([("0", "a"), ("1", "a"), ("90", "b")], progress=False)
    assert "each item has 2 others, so that what looks further looks at all of them" in found.told
    assert "1 labels have one item, of which nobody can find another: b" in found.told


def test_equal_ways_are_not_told_apart():
    found = angles().evaluate(LABELLED, against=[angles()], progress=False)
    assert found.verdict == [
        "the pipeline (2) is not told apart from the pipeline by these items: map +0.000 [+0.000, +0.000]"
    ]


def test_pairs_find_each_other_and_equal_ones_are_all_right():
    found = angles().evaluate({"query": ["0", "90", "91"], "document": ["2", "95", "95"]}, progress=False)
    assert (found.main, found["mrr"], found["recall@1"]) == ("mrr", 1.0, 1.0)


def test_scores_are_compared_with_the_order_of_cosines():
    data = {"sentence1": ["0", "0", "0"], "sentence2": ["10", "50", "90"], "score": [3, 2, 1]}
    assert angles().evaluate(data, progress=False)["spearman"] == pytest.approx(1.0)


def test_triplets_count_where_the_alike_is_nearer():
    data = {"anchor": ["0", "0"], "positive": ["5", "80"], "negative": ["90", "20"]}
    assert angles().evaluate(data, progress=False)["accuracy"] == 0.5


def test_a_retrieval_set_is_searched(tmp_path):
    rows = [{"_id": f"d{n}", "text": str(n)} for n in range(0, 180, 10)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "52"}))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td50\t2\nq\td60\t1\n")
    found = angles().evaluate(tmp_path, progress=False)
    assert (found["ndcg@10"], found["recall@1"], found["map"]) == (1.0, 0.5, 1.0)


def test_what_cannot_be_embedded_counts_nowhere_and_is_listed():
    found = angles().evaluate([*LABELLED, ("猫", "a")], against=[angles(degrees=1.0)], progress=False)
    assert found.data == "24 items of 3 labels"
    assert "'猫': ValueError" in str(found)
    with pytest.raises(DataError, match="1 items cannot be embedded, the first '猫'"):
        angles().evaluate([*LABELLED, ("猫", "a")], on_error="raise", progress=False)
    with pytest.raises(DataError, match="too little to measure"):
        angles().evaluate([("x", "a"), ("y", "b")], progress=False)


def test_a_query_has_its_role_where_the_model_knows_one():
    p = angles()
    p = p.with_graph(replace(p.graph, main="embed"))
    ROLES.clear()
    p.evaluate({"query": ["1", "2"], "document": ["3", "4"]}, progress=False)
    assert {*ROLES} == {"query", "document"}
    p.evaluate(LABELLED, progress=False)
    assert ROLES[-1] is None


def test_parameters_are_tried_and_named():
    p = pipeline("text-embedding")
    data = {"text": ["a cat", "a kitten", "a dog", "the moon", "a star"], "label": ["x", "x", "x", "y", "y"]}
    with pytest.warns(UserWarning, match="truncate_dim"):
        found = p.evaluate(data, vary={"truncate_dim": [64, 128], "precision": ["ubinary"]}, progress=False)
    names = [way.name for way in found.ways]
    assert names == [p.graph.name, "truncate_dim=64, precision=ubinary", "truncate_dim=128, precision=ubinary"]
    assert [way.vector_bytes for way in found.ways] == [1536, 8, 16]
    assert found.ways[0].model_bytes > 80e6
    assert len({way.space for way in found.ways}) == 3


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(DataError, match=r"'mop' is not measured of such data; .*Did you mean 'map'"):
        angles().evaluate(LABELLED, metrics=["mop"], progress=False)
    with pytest.raises(DataError, match="at is ranks from 1 up"):
        angles().evaluate(LABELLED, at=[0], progress=False)
    with pytest.raises(DataError, match="takes a list of values"):
        angles().evaluate(LABELLED, vary={"degrees": "1"}, progress=False)
    with pytest.raises(ParameterError, match="nothing"):
        angles().evaluate(LABELLED, vary={"nothing": [1]}, progress=False)
    rows = pipe.input("text").flat_map("text", "word", lambda t: t.split()).map("word", "v", Turned().spec).output("v")
    with pytest.raises(DataError, match="one vector for each"):
        rows.evaluate(LABELLED, progress=False)


def test_an_evaluation_is_a_page_and_plain_values(tmp_path):
    found = angles().evaluate([*LABELLED, ("<script>", "a")], progress=False)
    found.save(tmp_path / "page.html")
    assert "<script>" not in (tmp_path / "page.html").read_text().replace("&lt;script&gt;", "")
    assert json.loads(json.dumps(found.to_dict()))["ways"][0]["estimates"]["map"]["num_items"] == 24
    assert repr(found) == "<evaluation of 1 way by 24 items of 3 labels; the pipeline: map 1.000 [1.000, 1.000]>"
    assert "recall@1" in found._repr_html_()
