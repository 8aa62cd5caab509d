"""Tables of pandas and Polars and data sets of Hugging Face, with a pipeline as it is."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher

from junco import open_set, pipeline, read_vectors

TEXTS = ["one", "two words", "三"]
HASH = """
from datasets.fingerprint import Hasher
from junco import pipeline
p = pipeline("text-embedding")
{use}
print(Hasher.hash(lambda batch: p.batch(batch["text"])))
"""


def test_a_column_of_a_frame_becomes_a_column_of_vectors():
    embed = pipeline("letters-test")
    frame = pd.DataFrame({"text": TEXTS})
    frame["vector"] = list(embed.batch(frame["text"]))
    assert frame["vector"][0].tolist() == embed("one").tolist()
    polars = pl.DataFrame({"text": TEXTS}).with_columns(vector=embed.batch(pl.Series(TEXTS)))
    assert polars.schema["vector"] == pl.Array(pl.Float32, 3)


def test_a_data_set_is_mapped_in_batches():
    embed = pipeline("letters-test")
    mapped = Dataset.from_dict({"text": TEXTS}).map(lambda batch: {"vector": embed.batch(batch["text"])}, batched=True)
    assert np.array_equal(np.array(mapped["vector"], np.float32), embed.batch(TEXTS))


def test_what_is_mapped_is_found_again_in_the_data_sets_cache():
    embed = pipeline("text-embedding")
    before = Hasher.hash(embed)
    embed.graph.node("embed").spec.load()
    assert Hasher.hash(embed) == Hasher.hash(pipeline("text-embedding")) == before
    assert Hasher.hash(pipeline("text-embedding", truncate_dim=8)) != before
    said = [subprocess.check_output([sys.executable, "-c", HASH.format(use=use)]) for use in ("", "p.space")]
    assert said[0] == said[1]


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
def test_a_frame_keeps_whole_numbers_without_a_sign_to_their_last_bit(table, tmp_path):
    ids = np.array([1, 2**64 - 1], np.uint64)
    pipeline("letters-test").run(
        table({"text": TEXTS[:2], "id": ids}), tmp_path / "v.parquet", column="text", keep=["id"], progress=False
    )
    assert open_set(tmp_path / "v.parquet").column("id").to_pylist() == ids.tolist()


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
def test_a_frame_is_a_source_and_a_set_is_one_again(table, tmp_path):
    frame = table({"id": ["a", "b", "c"], "text": TEXTS, "lang": ["en", "en", "zh"]})
    pipeline("letters-test").run(frame, tmp_path / "v.parquet", key="id", keep=["lang"], progress=False)
    for found in (open_set(tmp_path / "v.parquet"), read_vectors(tmp_path / "v.parquet")):
        assert found.to_pandas()[["input", "lang"]].to_dict("list") == {
            "input": ["a", "b", "c"],
            "lang": ["en", "en", "zh"],
        }
        assert found.to_polars().schema["vector"] == pl.Array(pl.Float32, 3)
        assert np.array_equal(np.stack(list(found.to_pandas()["vector"])), found.vectors)
        assert found.to_arrow().column_names == ["input", "vector", "lang"]


def test_an_empty_set_is_an_empty_table(tmp_path):
    pipeline("letters-test").run(["x"], tmp_path / "v.parquet", progress=False)
    whole = open_set(tmp_path / "v.parquet")
    assert type(whole)([], np.zeros((0, 3), np.float32)).to_arrow().num_rows == 0
