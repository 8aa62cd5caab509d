"""What the command line allows of addresses: none unless it is said, private ones only where that is said too."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest
from PIL import Image

from servers import Answer, online, serving

FLOW = """\
junco: 1
inputs: [path]
steps:
  - {map: image-decode.pil, in: path, out: image}
  - {map: cli-test.sides, in: image, out: sides}
outputs: [sides]
"""


@pytest.fixture
def site(monkeypatch, home):
    from junco.operator.function import op

    @op("cli-test.sides")
    def sides(image):
        return list(image.shape)

    online(monkeypatch)
    (home / "sides.yaml").write_text(FLOW)
    file = io.BytesIO()
    Image.new("RGB", (4, 3)).save(file, "PNG")
    with serving({"/a.png": Answer(file.getvalue())}) as (site, _):
        yield site


def test_run_fetches_what_it_is_allowed_to(junco, site):
    for words, reason in ((), "allow_urls"), (("--allow-urls",), "allow_private"):
        refused = junco("run", "sides", f"{site}/a.png", *words)
        assert refused.exit_code == 2
        assert reason in refused.stderr
    done = junco("run", "sides", f"{site}/a.png", "--allow-urls", "--allow-private", "--json")
    assert json.loads(done.stdout)[0]["result"] == [3, 4, 3]
    again = junco("run", "sides", f"{site}/a.png", "--allow-urls", "-p", "allow_urls=true")
    assert (again.exit_code, "given twice" in again.stderr) == (2, True)


def test_addresses_in_a_list_are_data_and_the_source_itself_is_chosen(junco, site, tmp_path):
    (tmp_path / "list.txt").write_text(f"{site}/a.png\n")
    target = str(tmp_path / "o.parquet")
    refused = junco("embed", "sides", str(tmp_path / "list.txt"), "--to", target, "--allow-urls")
    assert refused.exit_code == 1
    assert "no public address" in pq.read_table(f"{target}.rejects.parquet")["reason"][0].as_py()
    again = junco(
        "embed",
        "sides",
        str(tmp_path / "list.txt"),
        "--to",
        target,
        "--allow-urls",
        "--allow-private",
        "--retry-rejects",
    )
    assert again.exit_code == 0, again.stderr
    chosen = junco("embed", "sides", f"{site}/a.png", "--to", str(tmp_path / "c.parquet"))
    assert chosen.exit_code == 0
    assert pq.read_table(target)["sides"].to_pylist() == [[3, 4, 3]]


def test_a_pipeline_that_reads_no_source_has_no_such_parameter(junco):
    refused = junco("run", "count", "x", "--allow-urls")
    assert (refused.exit_code, "allow_urls" in refused.stderr) == (2, True)
