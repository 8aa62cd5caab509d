"""Bad inputs: what becomes of them and of the others."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest

from junco import pipe
from junco.errors import InputError, OperatorError, TargetError


def rows(target):
    return pq.read_table(target).to_pylist()


def rejects(target):
    return pq.read_table(f"{target}.rejects.parquet").to_pylist()


def test_of_a_hundred_inputs_with_one_bad_99_are_delivered_and_one_is_explained(embed, tmp_path):
    target = tmp_path / "v.parquet"
    texts = [f"bad {n}" if n % 100 == 7 else f"text {n}" for n in range(2000)]
    report = embed.run(texts, target)
    assert [row["input"] for row in rows(target)] == [text for text in texts if "bad" not in text]
    assert [reject["input"] for reject in rejects(target)] == [text for text in texts if "bad" in text]
    assert rejects(target)[0] == {"input": "bad 7", "stage": "lengths", "reason": "ValueError: cannot measure bad 7"}
    assert (report.num_done, report.num_rejects) == (1980, 20)
    assert "20 inputs put aside" in str(report)


def test_a_short_input_is_not_cut_out_of_the_words_of_its_reason(tmp_path):
    def read(name):
        raise ValueError(f"a name that was read as {name}")

    with pipe.input("name").map("name", "size", read, name="read").output("size") as p:
        report = p.run([*"bcdefghijk"], tmp_path / "v.parquet")
    assert [reason.reason for reason in report.reasons] == ["ValueError: a name that was read as …"]


def test_the_report_counts_rejects_by_reason_and_names_the_first_three(tmp_path):
    def read(name):
        raise (FileNotFoundError(f"no file {name!r}") if "lost" in name else ValueError(f"{name}: 17 bytes too few"))

    with pipe.input("name").map("name", "size", read, name="read").output("size") as p:
        report = p.run([f"lost {n}" if n % 3 == 2 else f"cut {n}.jpg" for n in range(30)], tmp_path / "v.parquet")
    assert str(report).splitlines()[3:] == [
        "    20 in read: ValueError: …: … bytes too few",
        "    10 in read: FileNotFoundError: no file …",
        "    the first of them:",
        "    cut 0.jpg in read: ValueError: cut 0.jpg: 17 bytes too few",
        "    cut 1.jpg in read: ValueError: cut 1.jpg: 17 bytes too few",
        "    lost 2 in read: FileNotFoundError: no file 'lost 2'",
    ]
    told = report.to_dict()
    assert told["reasons"][0] == {"stage": "read", "reason": "ValueError: …: … bytes too few", "number": 20}
    assert [each["input"] for each in told["first_rejects"]] == ["cut 0.jpg", "cut 1.jpg", "lost 2"]


def test_with_raise_the_first_failure_ends_the_job_and_names_its_place_in_the_source(embed, tmp_path):
    with pytest.raises(OperatorError) as failure:
        embed.run([*["fine"] * 30, "bad"], tmp_path / "v.parquet", on_error="raise", shard_rows=8)
    assert failure.value.position == 30
    assert not (tmp_path / "v.parquet").exists()


def test_with_none_a_failed_input_has_an_empty_row_and_a_reject(embed, tmp_path):
    embed.run(["a", "bad"], tmp_path / "v.parquet", on_error="none")
    assert rows(tmp_path / "v.parquet")[1] == {"input": "bad", "vector": None}
    assert len(rejects(tmp_path / "v.parquet")) == 1


def test_with_none_an_input_that_would_have_given_rows_leaves_one_empty_row(tmp_path):
    def letters(text):
        assert "bad" not in text
        return list(text)

    with pipe.input("text").flat_map("text", "letter", letters).output("letter") as p:
        p.run(["ab", "bad"], tmp_path / "v.parquet", on_error="none")
    found = [(row["input"], row["letter"]) for row in rows(tmp_path / "v.parquet")]
    assert found == [("ab", "a"), ("ab", "b"), ("bad", None)]


def test_rejects_are_left_alone_until_they_are_to_be_retried(tmp_path):
    mended = tmp_path / "mended"

    def fragile(text):
        if text == "b" and not mended.exists():
            raise OSError("not today")
        return len(text)

    target = tmp_path / "v.parquet"
    with pipe.input("text").map("text", "size", fragile).output("size") as p:
        p.run(["a", "b"], target)
        mended.touch()
        assert p.run(["a", "b"], target).num_new == 0
        assert len(rejects(target)) == 1
        report = p.run(["a", "b"], target, retry_rejects=True)
    assert (report.num_new, report.num_rejects) == (1, 0)
    assert [row["input"] for row in rows(target)] == ["a", "b"]
    assert not Path(f"{target}.rejects.parquet").exists()


def test_several_rows_of_an_input_are_rows_with_that_input_and_a_failed_one_is_a_reject(tmp_path):
    def word_size(word):
        if word == "bad":
            raise ValueError("bad word")
        return len(word)

    flow = pipe.input("text").flat_map("text", "word", str.split).map("word", "size", word_size, name="measure")
    with flow.output("word", "size") as p:
        report = p.run(["a bcd", " ", "x bad yz"], tmp_path / "v.parquet")
        again = p.run(["a bcd", " ", "x bad yz"], tmp_path / "v.parquet")
    assert rows(tmp_path / "v.parquet") == [
        {"input": "a bcd", "word": "a", "size": 1},
        {"input": "a bcd", "word": "bcd", "size": 3},
        {"input": "x bad yz", "word": "x", "size": 1},
        {"input": "x bad yz", "word": "yz", "size": 2},
    ]
    assert rejects(tmp_path / "v.parquet") == [
        {"input": "x bad yz", "stage": "measure", "reason": "ValueError: bad word"}
    ]
    assert (report.num_done, report.num_rejects, again.num_new) == (3, 1, 0)


def test_a_text_that_cannot_be_read_is_a_reject_or_with_raise_the_end(embed, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("fine")
    (tmp_path / "texts" / "b.txt").write_bytes("schön caf".encode() + b"\xe9")
    embed.run(tmp_path / "texts", tmp_path / "v.parquet")
    assert [row["vector"] for row in rows(tmp_path / "v.parquet")] == [[4, ord("f")]]
    (reject,) = rejects(tmp_path / "v.parquet")
    assert (reject["input"], reject["stage"]) == (str(tmp_path / "texts" / "b.txt"), "input")
    with pytest.raises(InputError, match=r"b.txt cannot be read: .*'b.txt' is no UTF-8 text: not UTF-8 \(byte 0xe9\)"):
        embed.run(tmp_path / "texts", tmp_path / "w.parquet", on_error="raise")


def test_an_item_that_has_not_a_value_for_each_column_is_a_reject_and_the_others_go_on(tmp_path):
    items = [("a", "bc"), "oops", ("alone",), None, ("d", "ef")]
    with pipe.input("one", "two").map(("one", "two"), "size", lambda one, two: len(one + two)).output("size") as p:
        report = p.run(items, tmp_path / "v.parquet")
        with pytest.raises(
            InputError, match="oops cannot be read: InputError: the pipeline takes one, two, not 'oops'"
        ):
            p.run(items, tmp_path / "w.parquet", on_error="raise")
    assert (report.num_done, report.num_rejects) == (2, 3)
    assert rows(tmp_path / "v.parquet") == [{"input": "a", "size": 3}, {"input": "d", "size": 3}]
    assert [reject["stage"] for reject in rejects(tmp_path / "v.parquet")] == ["input"] * 3


def test_rejected_inputs_are_through_too(embed, capsys, monkeypatch):
    monkeypatch.setattr("junco.job.progress.EVERY_S", 0.0)
    embed.run(["a", "bad", "b", "bad"], print)
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["done"] == 4


LARGE = 2**53 + 1


def number(text):
    return float(text) if "." in text else int(text)


@pytest.mark.parametrize("shard_rows", [1, 3, 100])
@pytest.mark.parametrize("name", ["v.parquet", "v/"])
@pytest.mark.parametrize(("texts", "odd"), [([0.5, LARGE, 1], LARGE), ([LARGE, 1, 0.5, LARGE], 0.5)])
def test_a_number_that_would_be_rounded_or_round_others_is_a_reject(tmp_path, shard_rows, name, texts, odd):
    target = f"{tmp_path}/{name}"
    with pipe.input("text").map("text", "number", number).output("number") as p:
        report = p.run(map(str, texts), target, shard_rows=shard_rows)
    assert report.num_rejects == 1
    assert [row["number"] for row in rows(target)] == [value for value in texts if value != odd]
    assert [reject["input"] for reject in rejects(target.rstrip("/"))] == [str(odd)]


@pytest.mark.parametrize("name", ["v.parquet", "v/", "v.npy"])
def test_a_published_target_is_known_to_hold_numbers_that_would_be_rounded(tmp_path, name):
    target = f"{tmp_path}/{name}"
    flow = pipe.input("text").map("text", "number", number).map("text", "vector", lambda text: np.zeros(2))
    with flow.output("number", "vector") as p:
        p.run(["1", str(LARGE)], target)
        report = p.run(["1", str(LARGE), "0.5"], target)
        assert (report.num_rows, report.num_rejects) == (2, 1)
        p.run(["1", "0.5"], target, resume=False)
        assert p.run(["1", "0.5", str(LARGE)], target).num_rejects == 1


@pytest.mark.parametrize("shard_rows", [1, 3, 100])
def test_rejects_are_told_alike_whatever_pieces_the_rows_came_in(tmp_path, monkeypatch, shard_rows):
    def values(count):
        yield from range(count)
        if count == 7:
            yield from (0.5, "odd", object())

    told = []
    with pipe.input("count").flat_map("count", "value", values).output("value") as p:
        for most in (1, 2, 5, 1000):
            monkeypatch.setattr("junco.job.pending.MOST_PENDING_ROWS", most)
            p.run([3, 7, 20, 7, 1], tmp_path / f"{most}.parquet", shard_rows=shard_rows)
            told.append(Path(f"{tmp_path}/{most}.parquet.rejects.parquet").read_bytes())
    assert len(set(told)) == 1
    assert "holds numbers, and was given 'odd' (texts)" in rejects(tmp_path / "1.parquet")[0]["reason"]


def sick(text):
    """A vector that is not finite for some texts."""
    value = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}.get(text, len(text))
    return np.array([1, value, 0])


@pytest.mark.parametrize("name", ["v.parquet", "v.npy", "v/"])
@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("texts", [["nan", "a", "b"], ["a", "nan", "b"], ["a", "b", "inf", "-inf"], ["nan", "inf"]])
def test_a_vector_that_is_not_finite_is_a_reject_whatever_is_before_it(tmp_path, name, kind, texts):
    target = f"{tmp_path}/{name}"
    with pipe.input("text").map("text", "vector", lambda text: sick(text).astype(kind)).output("vector") as p:
        report = p.run(texts, target)
    odd = [text for text in texts if len(text) > 1]
    assert (report.num_rejects, report.num_rows) == (len(odd), len(texts) - len(odd))
    reasons = {row["input"]: (row["stage"], row["reason"]) for row in rejects(target.rstrip("/"))}
    assert list(reasons) == odd
    for text, (stage, reason) in reasons.items():
        assert stage == "store"
        what = "NaN" if text == "nan" else "infinite"
        assert f"holds finite vectors, and was given one of which 1 of 3 numbers are {what}" in reason


def test_a_number_too_large_for_half_precision_is_a_reject(tmp_path):
    def half(text):
        with np.errstate(over="ignore"):
            return np.array([float(text), 1]).astype(np.float16)

    with pipe.input("text").map("text", "vector", half).output("vector") as p:
        assert p.run(["1", "1e9"], tmp_path / "v.parquet").num_rejects == 1


def test_vectors_within_lists_are_finite_and_other_numbers_need_not_be(tmp_path):
    flow = pipe.input("text").map("text", "vectors", lambda text: [sick("a"), sick(text)])
    with flow.map("text", "score", lambda text: float("nan")).output("vectors", "score") as p:
        report = p.run(["a", "nan"], tmp_path / "v.parquet")
    assert (report.num_rows, report.num_rejects) == (1, 1)


@dataclass(frozen=True)
class Found:
    """A vector with a number of its own."""

    vector: object
    score: float = float("nan")


class Named(NamedTuple):
    """The same as a named row."""

    vector: object
    score: float = float("nan")


@pytest.mark.parametrize(
    "made",
    [
        lambda text: list(sick(text).tolist()),
        lambda text: tuple(sick(text)),
        lambda text: [1, None, *sick(text).tolist()],
        lambda text: [None, sick(text)],
        lambda text: [sick(text).tolist()] * 2,
        lambda text: {"vector": sick(text), "score": float("nan")},
        lambda text: {"vectors": [sick(text)]},
        lambda text: Found(sick(text)),
        lambda text: Found(sick(text).tolist()),
        lambda text: Named(sick(text)),
        lambda text: [Found(sick(text))],
    ],
)
@pytest.mark.parametrize("text", ["nan", "inf"])
def test_a_vector_is_finite_wherever_in_a_value_it_stands(tmp_path, made, text):
    shards = []
    with pipe.input("text").map("text", "value", made).output("value") as p:
        report = p.run(["a", text, "b"], tmp_path / "v.parquet")
        p.run(["a", text, "b"], shards.append)
    assert (report.num_rows, report.num_rejects) == (2, 1)
    (reject,) = rejects(tmp_path / "v.parquet")
    assert (reject["input"], reject["stage"]) == (text, "store")
    assert "holds finite vectors" in reject["reason"]
    assert shards[0].inputs == ["a", "b"]


class Broken(dict):
    """A mapping that cannot be looked into, and a path that has no text."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def items(self):
        raise self.error

    values = __iter__ = __getitem__ = get = keys = items


class Nowhere(os.PathLike):
    """A path that fails to tell its text."""

    def __init__(self, error):
        self.error = error

    def __fspath__(self):
        if self.error is not None:
            raise self.error
        return "somewhere"


@pytest.mark.parametrize("error", [ValueError(), RuntimeError("no"), KeyError("x"), OSError("two\nlines")])
@pytest.mark.parametrize(("kind", "good"), [(Broken, {"a": 1}), (Nowhere, Nowhere(None))])
def test_a_value_that_cannot_be_looked_into_is_a_reject(tmp_path, error, kind, good):
    flow = pipe.input("text").map("text", "value", lambda text: kind(error) if text == "odd" else good)
    with flow.output("value") as p:
        report = p.run(["a", "odd", "b"], tmp_path / "v.parquet")
    assert (report.num_rows, report.num_rejects) == (2, 1)
    (reject,) = rejects(tmp_path / "v.parquet")
    assert (reject["input"], reject["stage"]) == ("odd", "store")
    assert type(error).__name__ in reject["reason"]
    assert "\n" not in reject["reason"]


def test_a_callable_is_given_finite_vectors_only(tmp_path):
    shards = []
    with pipe.input("text").map("text", "vector", sick).output("vector") as p:
        p.run(["a", "nan", "b"], shards.append, on_error="skip")
        with pytest.raises(TargetError, match=r"nan cannot be stored: .* finite"):
            p.run(["a", "nan"], tmp_path / "v.parquet", on_error="raise")
    assert shards[0].inputs == ["a", "b"]
