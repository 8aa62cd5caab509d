"""`fingerprint_of`: the same data is the same wherever it lies and in whatever order, and other data is other."""

from __future__ import annotations

from junco import pipeline
from junco.labelled.fingerprint import fingerprint_of
from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet


def test_order_changes_nothing_and_a_label_or_a_text_does():
    one = fingerprint_of(LabelledSet(["x", "y", "z"], ["a", "a", "b"]), are_texts=True)
    assert one == fingerprint_of(LabelledSet(["z", "x", "y"], ["b", "a", "a"]), are_texts=True)
    assert one != fingerprint_of(LabelledSet(["x", "y", "z"], ["a", "b", "b"]), are_texts=True)
    assert one != fingerprint_of(LabelledSet(["x", "y", "w"], ["a", "a", "b"]), are_texts=True)


def test_files_are_known_by_what_they_hold(tmp_path):
    for name, text in (("one", "x"), ("two", "y"), ("three", "x")):
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in ("one", "two", "three")]
    first = fingerprint_of(PairSet(paths[:1], paths[1:2], []))
    assert first == fingerprint_of(PairSet(paths[2:], paths[1:2], []))
    assert first != fingerprint_of(PairSet(paths[1:2], paths[2:], []))


def test_a_retrieval_set_is_known_by_what_is_searched_and_what_answers():
    def known(corpus, answer):
        return fingerprint_of(RetrievalSet({"q": "cat"}, corpus, {"q": {answer: 1.0}}), are_texts=True)

    first = known({"a": "a cat", "b": "a dog"}, "a")
    assert first == known({"y": "a dog", "x": "a cat"}, "x")
    assert first != known({"a": "a cat", "b": "a dog"}, "b")
    assert first != known({"a": "a cat", "b": "a dog", "c": "a cow"}, "a")


def test_where_nobody_can_tell_what_items_hold_there_is_none():
    assert fingerprint_of(LabelledSet([object(), object(), object()], ["a", "a", "b"])) is None


def test_an_evaluation_carries_it_from_python_too():
    data = {"text": ["a cat", "a kitten", "the moon", "a star"], "label": ["x", "x", "y", "y"]}
    found = pipeline("text-embedding").evaluate(data, progress=False)
    same = fingerprint_of(LabelledSet(data["text"], data["label"]), are_texts=True)
    assert found.to_dict()["fingerprint"] == found.fingerprint == same
