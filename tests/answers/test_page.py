"""Answers as pages: what a row came from is read again and shown; nothing that stands in a key or a text is markup."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

import sounds
import videos
from junco import open_set
from junco.answers.brought import AROUND, brought, kind_of
from junco.answers.groups import Group, Groups
from junco.answers.hits import Hit, Hits, Origin
from junco.answers.page import MOST_ROWS, answers_body, write_answers, write_groups
from junco.errors import TargetError


def shown(*hits, **options):
    return answers_body("a set", [Hits(hits, "what?")], **options)


@pytest.fixture(autouse=True)
def working_folder(tmp_path, tmp_path_factory, monkeypatch):
    """That in which the module's photo and each test's files lie."""
    monkeypatch.chdir(tmp_path_factory.getbasetemp())


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder that is neither the working folder nor beneath it."""
    for name in ("elsewhere", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "elsewhere"


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "<script>alert(1)</script>'.jpg".replace("/", "_")
    Image.fromarray(data.chelsea()).save(path)
    return path


def test_a_photo_is_shown_with_its_score_and_boxes_and_its_name_is_no_markup(photo):
    box = {"x0": 10.0, "y0": 20.0, "x1": 100.0, "y1": 90.0, "label": "cat <b>", "score": 0.5}
    body = shown(Hit(str(photo), 0.913, {"box": box}))
    assert body.count("<img ") == body.count("<rect ") == 1
    assert "<b>0.913</b>" in body
    assert "<script>" not in body
    assert "cat <b>" not in body


def test_a_frame_is_that_of_its_time(tmp_path):
    path = videos.numbered(tmp_path / "v.mp4")
    for number in (0, 7, 42):
        found = brought(Hit(str(path), 1.0, {"frame": {"time_s": number / 25, "index": number, "is_key": False}}))
        assert videos.number_of(found.whole) == number


def test_of_a_document_what_is_around_the_chunk_is_shown_with_the_chunk_marked(tmp_path):
    text = f"{'before ' * 100}the answer{' after' * 100}"
    (tmp_path / "a.txt").write_text(text, "utf-8")
    start = text.index("the answer")
    chunk = {"text": "the answer", "start": start, "end": start + 10}
    found = brought(Hit(str(tmp_path / "a.txt"), 1.0, {"page": {"number": 1}, "chunk": chunk}))
    (marked,) = found.parts
    assert found.whole.text[marked.start : marked.end] == "the answer"
    assert len(found.whole.text) == 2 * AROUND + 10 + 2
    body = shown(Hit(str(tmp_path / "a.txt"), 1.0, {"page": {"number": 1}, "chunk": chunk}))
    assert "<mark" in body
    assert body.count("page 1") == 1


def test_a_source_that_is_not_there_any_more_is_said_and_the_others_are_shown(photo, tmp_path):
    chunk = {"text": "kept text", "start": 0, "end": 9}
    gone = [Hit(str(tmp_path / "gone.jpg"), 0.5), Hit(str(tmp_path / "gone.pdf"), 0.5, {"chunk": chunk})]
    body = shown(*gone, Hit(str(photo), 0.4))
    assert body.count("no such file") >= 2
    assert "kept text" in body
    assert body.count("<img ") == 1


def test_a_text_that_was_embedded_is_shown_itself():
    assert kind_of("a cat sleeps") == kind_of("x" * 10_000 + ".jpg") == kind_of("two\nlines.jpg") == ""
    assert "a cat sleeps" in shown(Hit("a cat sleeps", 0.5))


def test_a_text_that_ends_like_a_file_is_shown_itself():
    body = shown(Hit("our manual is in guide.md", 0.5))
    assert "our manual is in guide.md" in body
    assert "no such file" not in body


def test_a_question_that_ends_like_a_picture_is_a_text():
    assert "no such file" not in answers_body("", [Hits([], "who is in cat.jpg")])


@pytest.mark.parametrize("form", ["{}", "file://{}", "../elsewhere/secret.txt", "link.txt"])
def test_a_file_elsewhere_is_not_read_unless_asked_for(elsewhere, form):
    (elsewhere / "secret.txt").write_text("password hunter2", "utf-8")
    Path("link.txt").symlink_to(elsewhere / "secret.txt")
    hit = Hit(form.format(elsewhere / "secret.txt"), 1.0)
    assert "hunter2" not in shown(hit)
    assert "neither beneath the working folder" in shown(hit)
    assert "hunter2" in shown(hit, sources=True)


def test_of_a_document_elsewhere_the_chunk_that_the_set_holds_is_shown(elsewhere):
    (elsewhere / "a.txt").write_text("the answer and what nobody should see", "utf-8")
    chunk = {"text": "the answer", "start": 0, "end": 10}
    body = shown(Hit(str(elsewhere / "a.txt"), 1.0, {"page": {"number": 1}, "chunk": chunk}))
    assert "the answer" in body
    assert "nobody should see" not in body


def test_a_photo_elsewhere_is_shown_where_its_set_lies_beside_it_or_where_asked_for(elsewhere):
    Image.fromarray(data.chelsea()).save(elsewhere / "cat.jpg")
    hit = Hit(str(elsewhere / "cat.jpg"), 1.0)
    assert "<img " not in shown(hit)
    assert "<img " in shown(hit, sources=True)
    assert "<img " in shown(Hit(hit.key, 1.0, origin=Origin((elsewhere,))))


def test_a_key_that_is_a_value_of_a_column_is_never_read(tmp_path):
    (tmp_path / "secret.txt").write_text("password hunter2", "utf-8")
    named = Hit(str(tmp_path / "secret.txt"), 1.0, origin=Origin((tmp_path,), "id"))
    assert "hunter2" not in shown(named, sources=True)


def test_rows_of_a_set_know_where_it_lies_and_what_names_them(tmp_path):
    column = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(2, np.float32)), 2)
    table = pa.table({"input": ["a"], "vector": column}).replace_schema_metadata({"junco.key": "id"})
    pq.write_table(table, tmp_path / "v.parquet")
    (hit,) = open_set(tmp_path / "v.parquet").search(np.ones(2, np.float32))
    assert hit.origin == Origin((tmp_path,), "id")


def test_a_notebook_shows_the_first_rows_and_counts_the_others():
    body = shown(*(Hit(f"text {number}", 0.5) for number in range(MOST_ROWS + 5)))
    assert body.count("<article") == MOST_ROWS
    assert "… 5 more rows" in body


def pages_of(paths):
    return [path.read_text("utf-8") for path in paths]


def names_on(page):
    return re.findall(r"(text \d+)</p>", page)


def test_rows_that_are_too_many_for_a_page_stand_on_further_ones_and_none_is_left_out(tmp_path):
    hits = Hits([Hit(f"text {number}", 0.5) for number in range(2 * MOST_ROWS + 5)], "what?")
    pages = pages_of(write_answers(tmp_path / "a b.html", "a set", [hits]))
    assert [name for page in pages for name in names_on(page)] == [hit.key for hit in hits]
    assert [len(names_on(page)) for page in pages] == [MOST_ROWS, MOST_ROWS, 5]
    assert 'href="a%20b-pages/2.html"' in pages[0]
    assert 'href="../a%20b.html"' in pages[1]
    assert 'href="3.html"' in pages[1]
    assert "rows 401–405 of 405" in pages[2]


def test_pages_of_a_longer_answer_before_are_gone(tmp_path):
    long, short = (Hits([Hit("text 0", 0.5)] * count, "what?") for count in (3 * MOST_ROWS, 2 * MOST_ROWS))
    write_answers(tmp_path / "p.html", "", [long])
    write_answers(tmp_path / "p.html", "", [short])
    assert [path.name for path in (tmp_path / "p-pages").iterdir()] == ["2.html"]


def test_where_the_pictures_end_is_said(tmp_path, photo, monkeypatch):
    monkeypatch.setattr("junco.answers.page.SEEN_PAGES", 1)
    hits = Hits([Hit(str(photo), 0.5)] * (MOST_ROWS + 2), "what?")
    first, second = pages_of(write_answers(tmp_path / "p.html", "", [hits]))
    assert first.count("<img ") == MOST_ROWS
    assert "<img " not in second
    assert second.count("<article") == 2
    assert "pictures stand on the first 1" in first


def test_groups_are_whole_have_a_title_and_can_be_gone_to(tmp_path):
    groups = Groups([Group.of(Hit(f"text {n}", 0.5) for n in range(count)) for count in (MOST_ROWS + 50, 3)], 7)
    pages = pages_of(write_groups(tmp_path / "p.html", "", groups))
    assert f"<title>{groups.headline}</title>" in pages[0]
    assert f">{groups.headline}</h1>" in pages[0]
    assert sum(len(names_on(page)) for page in pages) == MOST_ROWS + 53
    assert 'href="#group-2"' in pages[1]
    assert 'id="group-2"' in pages[1]
    assert "188 more rows" in pages[0]


def test_of_a_long_sound_the_beginning_is_shown_and_that_is_said(tmp_path):
    (tmp_path / "long.wav").write_bytes(sounds.wav(sounds.tone(12, 8_000), 8_000))
    (tmp_path / "short.wav").write_bytes(sounds.wav(sounds.tone(9, 8_000), 8_000))
    assert "the first 10 s of a longer sound" in shown(Hit(str(tmp_path / "long.wav"), 0.5))
    assert "longer sound" not in shown(Hit(str(tmp_path / "short.wav"), 0.5))


def test_wide_blanks_of_a_page_are_narrow_and_its_chunk_stays_marked(tmp_path):
    text = f"left{' ' * 60}right\n\n\n\n\nthe   answer\n\n \n\nend"
    (tmp_path / "a.txt").write_text(text, "utf-8")
    start = text.index("the")
    chunk = {"text": "the   answer", "start": start, "end": start + 12}
    found = brought(Hit(str(tmp_path / "a.txt"), 1.0, {"chunk": chunk}))
    (marked,) = found.parts
    assert found.whole.text == "left  right\n\nthe  answer\n\nend"
    assert found.whole.text[marked.start : marked.end] == marked.text == "the  answer"


def test_the_name_of_a_box_at_the_edge_stays_within_the_picture(photo):
    box = {"x0": 400.0, "y0": 20.0, "x1": 450.0, "y1": 90.0, "label": "a rather long label of a thing", "score": 0.5}
    body = shown(Hit(str(photo), 0.9, {"box": box}))
    left, size = map(float, re.search(r'<text x="([\d.]+)" y="[\d.]+" font-size="([\d.]+)"', body).groups())
    assert left + 0.5 * size * len("a rather long") < 451


def test_the_page_runs_no_script_and_fetches_nothing(tmp_path):
    write_answers(tmp_path / "p.html", "t", [Hits([Hit("a <i>text</i>", 0.5)], "what?")])
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://", page)
    with pytest.raises(TargetError, match="cannot be written"):
        write_answers(tmp_path / "no" / "p.html", "t", [Hits()])


def test_columns_of_somebody_elses_form_are_printed_whatever_they_hold():
    odd = {"frame": {"time_s": "noon"}, "part": {"start_s": [1], "end_s": {}}, "page": {"number": None}}
    assert str(Hit("a", 0.5, odd)).startswith(" 0.500  a")
