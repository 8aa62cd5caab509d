"""``junco adopt``: what it says, and its exit status."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def theirs(tmp_path, home):
    """A table of another program, and a pipeline whose space has a name."""
    steps = "steps:\n  - {map: cli-test.count, in: text, out: vector}\n"
    (home / "counts.yaml").write_text(f"junco: 1\ninputs: [text]\n{steps}outputs: [vector]\nspace: counts\n", "utf-8")

    def write(*vectors):
        pq.write_table(pa.table({"q": ["one", "two 2", "three"], "v": vectors}), tmp_path / "t.parquet")
        return tmp_path / "t.parquet"

    return write


def test_a_set_is_taken_over_and_searched(junco, theirs, tmp_path):
    path = theirs([3.0, 1.0, 0.0], [5.0, 2.0, 1.0], [5.0, 1.0, 0.0])
    done = junco("adopt", path, "--pipeline", "counts", "--text", "q", "--to", tmp_path / "o.parquet")
    assert (done.exit_code, "wrote" in done.stdout) == (0, True), done.stderr
    found = junco("search", tmp_path / "o.parquet", "one", "-n", "1", "--json")
    assert json.loads(found.stdout)[0]["hits"][0]["key"] == "one"


def test_one_that_differs_ends_with_1_and_one_that_is_none_with_2(junco, theirs, tmp_path):
    path = theirs([-3.0, 1.0, 7.0], [0.0, -2.0, 1.0], [1.0, -1.0, 9.0])
    done = junco("adopt", path, "--pipeline", "counts", "--text", "q", "--json")
    assert (done.exit_code, json.loads(done.stdout)["agrees"]) == (1, False)
    assert junco("adopt", path, "--pipeline", "counts").exit_code == 2
    assert junco("adopt", tmp_path / "none.parquet", "--pipeline", "counts").exit_code == 2
    done = junco("adopt", path, "--pipeline", "count", "--text", "q")
    assert (done.exit_code, "nobody can tell the space" in done.stderr) == (2, True)
