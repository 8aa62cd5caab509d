"""``junco evaluate``."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from junco.cli.evaluate import parse_varied


@pytest.fixture
def classes(tmp_path):
    folder = tmp_path / "pictures"
    for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        (folder / name).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (32, 32), tuple(c + 10 * number for c in colour)).save(folder / name / f"{number}.png")
    return folder


def test_the_command_prints_the_table_or_json(classes, junco):
    done = junco("evaluate", "image-embedding", classes, "--metric", "map", "--html", classes / "page.html")
    assert "6 items of 2 labels" in done.stdout
    assert (classes / "page.html").is_file()
    plain = json.loads(junco("evaluate", "image-embedding", classes, "--json").stdout)
    assert plain["main"] == "map"
    failed = junco("evaluate", "image-embedding", classes, "--vary", "layer")
    assert failed.exit_code == 2
    assert "write key=value,value" in failed.stderr


def test_values_that_are_lists_stand_in_brackets():
    assert parse_varied(["layer=stages.0,[stages.2,stages.4],-1", "pool=gem"]) == {
        "layer": ["stages.0", ["stages.2", "stages.4"], -1],
        "pool": ["gem"],
    }


def test_the_json_says_where_when_and_by_which_data(classes, junco):
    plain = json.loads(junco("evaluate", "image-embedding", classes, "--json").stdout)
    assert plain["machine"]
    assert plain["measured"]
    classes = classes.rename(classes.with_name("elsewhere"))
    (classes / "red" / "0.png").rename(classes / "red" / "renamed.png")
    again = json.loads(junco("evaluate", "image-embedding", classes, "--json").stdout)
    assert again["fingerprint"] == plain["fingerprint"]
    assert len(plain["fingerprint"]) == 64
