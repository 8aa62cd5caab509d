"""The examples do what they say, on real photos."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

import media

DEMO = Path(__file__).resolve().parent.parent / "examples" / "demo.py"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's target folder and what it printed, with three photos of one's own, one of them broken."""
    photos, target = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("target")
    Image.fromarray(data.chelsea()).save(photos / "my cat.jpg")
    Image.fromarray(data.chelsea()[:, ::-1]).save(photos / "cat & mirror.png")
    (photos / "broken.jpg").write_bytes((photos / "my cat.jpg").read_bytes()[:2000])
    command = [sys.executable, str(DEMO), "--to", str(target), "--photos", str(photos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target, done.stdout


@pytest.mark.xdist_group("demo")
def test_the_demo_stores_a_vector_for_each_photo_that_can_be_read(demo):
    stored = pq.read_table(demo[0] / "vectors.parquet")
    names = {Path(name).name for name in stored.column("input").to_pylist()}
    assert {"astronaut.png", "chelsea.png", "my cat.jpg", "cat & mirror.png"} <= names
    assert "broken.jpg" not in names
    assert stored.schema.field("vector").type == pa.list_(pa.float32(), 1280)


@pytest.mark.xdist_group("demo")
def test_the_demo_reports_the_photo_that_cannot_be_read(demo):
    assert "left out" in demo[1]
    assert "broken.jpg" in demo[1]


@pytest.mark.xdist_group("demo")
def test_the_demo_page_shows_each_photo_with_its_neighbours(demo):
    page = (demo[0] / "index.html").read_text("utf-8")
    cards = {card.partition('alt="')[2].partition('"')[0]: card for card in page.split("<article")[1:]}
    assert 'title="motorcycle_right.png"' in cards["motorcycle_left"]
    assert 'title="cat &amp; mirror.png"' in cards["my cat"]
    assert all(f'src="thumbs/{number}.jpg"' in page for number in range(len(cards)))
    assert len(list((demo[0] / "thumbs").glob("*.jpg"))) == len(cards)


@pytest.mark.slow
def test_the_example_finds_objects_of_a_street_by_phrases_in_english_and_chinese(tmp_path):
    media.wheel_file("bikes.mp4")
    done = subprocess.run(
        [sys.executable, str(DEMO.parent / "objects_by_phrase.py"), "--to", str(tmp_path), "a car", "自行车"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    firsts = [text.splitlines()[0] for text in re.split(r"^(?:a car|自行车)$\s", done.stdout, flags=re.MULTILINE)[1:]]
    assert "(the detector says: car)" in firsts[0]
    assert "(the detector says: bicycle)" in firsts[1]
    with Image.open(tmp_path / "a car-1.png") as found:
        assert min(found.size) > 100
