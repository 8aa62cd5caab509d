"""The page of a run: it stands alone, shows what was held out, and nothing of names, labels or texts is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import sounds
from before_after import evaluation_of
from junco.labelled.sets import LabelledSet, PairSet, RetrievalSet, TripletSet
from junco.tuning.held_out import HeldOut
from junco.tuning.report import TrainReport
from junco.tuning.report_page import body
from junco.tuning.seen_page import MOST_MISTAKES, turned_like
from junco.tuning.shown import Shown

HOSTILE = "<script>alert(1)</script>\"' onerror=x \x1b[31m"


def noise(count, seed=0, dim=6):
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def page_of(data, before, after, **more):
    return body(
        TrainReport(
            name=HOSTILE, evaluation=evaluation_of(data, before, after), held_out=HeldOut(data, before, after), **more
        )
    )


def labelled(count, num_labels=3, items=None, prefix=""):
    items = items or [f"{prefix}text number {number}" for number in range(count)]
    return LabelledSet(items, [f"{prefix}{number % num_labels}" for number in range(count)])


def is_safe(page):
    """Whether a browser finds no script in it, and nothing that a terminal obeys."""
    found = Tags()
    found.feed(page)
    return not found.unsafe and "\x1b" not in page


class Tags(HTMLParser):
    """What a page could do that it must not."""

    def __init__(self):
        super().__init__()
        self.unsafe = []

    def handle_starttag(self, tag, attrs):
        if tag == "script" or any(name.startswith("on") for name, _ in attrs):
            self.unsafe.append((tag, attrs))


def test_the_page_of_a_real_run_has_all_its_parts_and_fetches_nothing(report, tmp_path):
    report.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    for part in ("Before and after", "Course", "What is taken for what", "The worst mistakes", "Map", "Record"):
        assert f"<h2>{part}</h2>" in page
    assert report.verdict.sentences[0].partition(":")[2].strip() in page
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "url(" not in page.replace("url(#", "")
    count = min(MOST_MISTAKES, len(report.held_out.labels.wrong))
    assert page.count('<article class="mistake">') == count
    assert page.count("<img ") == count * 7  # the item, three neighbours before and after


def test_a_notebook_shows_the_numbers_and_reads_no_item(report):
    shown = report._repr_html_()
    assert "Before and after" in shown
    assert "<img " not in shown
    assert len(shown) < 60_000


def test_texts_are_shown_as_texts_and_no_name_is_markup():
    data = labelled(24, prefix=HOSTILE)
    page = page_of(
        data, (noise(24),), (noise(24, 1),), told=(HOSTILE,), rejects={HOSTILE: HOSTILE}, args={HOSTILE: HOSTILE}
    )
    assert "text number" in page
    assert is_safe(page)


def test_sounds_can_be_heard(tmp_path):
    files = [tmp_path / f"{number}.wav" for number in range(9)]
    for file in files:
        file.write_bytes(sounds.wav(sounds.tone(0.2, 8_000), 8_000))
    page = page_of(labelled(9, items=[str(file) for file in files]), (noise(9),), (noise(9, 1),))
    assert "<audio controls" in page


def test_a_picture_that_is_no_longer_there_is_said_and_the_page_is_made(tmp_path, photos):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    items = [str(tmp_path / "broken.jpg"), *photos.items[:8]]
    page = page_of(labelled(9, items=items), (noise(9),), (noise(9, 1),))
    assert "broken.jpg" in page


def test_a_large_photo_is_kept_small(tmp_path):
    from PIL import Image

    Image.new("RGB", (4000, 3000)).save(tmp_path / "large.png")
    shown = Shown()
    assert "<img " in shown.item(str(tmp_path / "large.png"), 200, "large")
    (kept,) = shown._read.values()
    assert kept.nbytes < 3_000_000


def test_of_many_labels_the_most_confused_are_listed():
    page = page_of(labelled(400, 100), (noise(400),), (noise(400, 1),))
    assert "The labels that are confused most" in page
    assert 'class="matrix"' not in page
    assert "92 other labels" in page


def test_of_pairs_the_worst_searches_are_shown():
    data = PairSet([f"question {n}" for n in range(20)], [f"answer {n}" for n in range(20)])
    page = page_of(data, (noise(20), noise(20, 1)), (noise(20, 2), noise(20, 3)))
    assert "The worst searches" in page
    assert "an answer is number 20 of 20" in page
    assert page.count(">asked</span>") == MOST_MISTAKES


def test_of_a_retrieval_set_too():
    data = RetrievalSet(
        {f"q{n}": f"question {n}" for n in range(9)},
        {f"d{n}": f"text {n} {HOSTILE}" for n in range(12)},
        {f"q{n}": {f"d{n}": 1.0} for n in range(9)},
    )
    page = page_of(data, (noise(9), noise(12, 1)), (noise(9, 2), noise(12, 3)))
    assert "of 9 find no answer first" in page
    assert is_safe(page)


def test_of_pairs_with_scores_those_out_of_order_are_shown():
    data = PairSet([f"a{n}" for n in range(9)], [f"b{n}" for n in range(9)], [float(n) for n in range(9)])
    page = page_of(data, (noise(9), noise(9, 1)), (noise(9, 2), noise(9, 3)))
    assert "The worst pairs" in page
    assert "alike than told" in page


def test_of_triplets_those_whose_other_is_nearer_are_shown():
    data = TripletSet([f"a{n}" for n in range(9)], [f"p{n}" for n in range(9)], [f"n{n}" for n in range(9)])
    page = page_of(data, (noise(9), noise(9, 1), noise(9, 2)), (noise(9, 3), noise(9, 4), noise(9, 5)))
    assert "The worst triplets" in page
    assert "not alike" in page


def test_of_long_lists_of_the_record_the_first_are_named():
    names = [f"file {number}!" for number in range(1_000)]
    page = body(TrainReport(name="x", split={"held_out": {"names": names}, "train": {"counts": {"a": 3}}}))
    assert "and 950 more" in page
    assert "file 999!" not in page
    assert "<td>train › counts › a</td><td>3</td>" in page


def test_where_nobody_is_mistaken_that_is_said():
    corners = np.repeat(np.eye(3, 6, dtype=np.float32), 4, axis=0)
    data = LabelledSet([f"text {n}" for n in range(12)], [n // 4 for n in range(12)])
    page = page_of(data, (corners,), (corners,))
    assert "none of the items is mistaken" in page


def test_where_nothing_was_held_out_the_page_says_so():
    page = body(TrainReport(name="x"))
    assert "Nothing was held out" in page
    assert "Before and after" not in page


@pytest.mark.parametrize(
    "turned", [lambda p: 1 - p, lambda p: p[:, ::-1], lambda p: np.abs(np.array([1, 0]) - p[:, ::-1])]
)
def test_a_map_that_is_mirrored_or_turned_lies_as_the_first_one_does(turned):
    places = np.random.default_rng(0).random((20, 2))
    assert np.allclose(turned_like(turned(places), places), places)


def test_a_report_of_one_item_or_two_is_made():
    for count in (2, 3):
        data = LabelledSet([f"text {n}" for n in range(count)], [n % 2 for n in range(count)])
        found = replace(TrainReport(name="x"), held_out=HeldOut(data, (noise(count),), (noise(count, 1),)))
        assert "The worst mistakes" in body(found)
        assert found.to_dict()["mistakes"]["num_labels"] == 2
