"""Files to try junco with are copied once, whole, and say where they come from."""

from __future__ import annotations

import csv

import pytest
from PIL import Image

from junco.samples.kinds import PICTURES, SAMPLES


def test_without_a_kind_all_are_listed(junco):
    lines = junco("sample").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*SAMPLES]


def test_photos_are_pictures_and_some_of_the_album_are_alike(junco, tmp_path):
    done = junco("sample", "photos", "album", "--to", str(tmp_path))
    assert "album: 17 of 17 files are new; of scikit-image's wheel" in done.stdout
    found = sorted(tmp_path.rglob("*.jpg"))
    assert len(found) == len(SAMPLES["photos"].files) + len(PICTURES) + 3
    for path in found:
        with Image.open(path) as image:
            image.load()
            assert image.mode == "RGB"
    assert (tmp_path / "album" / "cat.jpg").read_bytes() == (tmp_path / "photos" / "cat.jpg").read_bytes()


def test_what_is_there_already_is_left_as_it_is(junco, tmp_path):
    junco("sample", "tickets", "--to", str(tmp_path))
    (tmp_path / "tickets.csv").write_text("mine")
    assert "0 of 1 files are new" in junco("sample", "tickets", "--to", str(tmp_path)).stdout
    assert (tmp_path / "tickets.csv").read_text() == "mine"


def test_tickets_are_in_two_languages(junco, tmp_path):
    junco("sample", "tickets", "documents", "--to", str(tmp_path))
    with (tmp_path / "tickets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["lang"] for row in rows} == {"en", "zh"}
    assert (tmp_path / "documents" / "茶.md").exists()


@pytest.mark.parametrize("kind", ["phots", "../photos"])
def test_a_kind_that_is_not_there_is_refused_with_the_near_ones(junco, tmp_path, kind):
    done = junco("sample", kind, "--to", str(tmp_path))
    assert done.exit_code == 2
    assert f"no sample named {kind!r}. Did you mean 'photos'?" in done.stderr
    assert not (tmp_path / "photos").exists()
