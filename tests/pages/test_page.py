"""Pages that stand alone: what is in them, and what cannot get in."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from junco import pipe
from junco.errors import TargetError
from junco.pages.markup import markup, strip
from junco.pages.media import Media, Unshown
from junco.pages.pictures import picture
from junco.pages.texts import marked
from junco.types import AudioClip, Box, Chunk, VideoFrame

EVIL = """</p><script>alert(1)</script><img src=x onerror="alert(2)">'"&\x1b[31m\u202e"""
PHOTO = np.random.default_rng(0).integers(0, 255, (600, 900, 3), np.uint8)


class Tags(HTMLParser):
    """The elements of a page, and whether each that was opened is closed."""

    VOID = {"meta", "img", "br", "path", "link"}

    def __init__(self, text):
        super().__init__()
        self.seen, self.open, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def evil_pipeline():
    def split(text):
        yield Chunk(text, 0, len(text))

    def fail(chunk):
        raise ValueError(EVIL)

    return (
        pipe.input("text")
        .flat_map("text", "chunk", split, name=EVIL)
        .map("chunk", "box", lambda chunk: Box(0, 0, 5, 5, EVIL), name="box")
        .map("box", "x", fail, name="fail")
        .output("box", "x")
    )


def test_whatever_a_value_a_name_or_an_error_says_is_escaped():
    page = evil_pipeline().inspect(EVIL).html()
    tags = Tags(page)
    assert tags.open == []
    assert not {"script", "iframe", "object", "link"} & set(tags.seen)
    assert not [name for _, name, _ in tags.attributes if name.startswith("on")]
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_nothing_is_fetched_and_nothing_runs():
    page = evil_pipeline().inspect("x").html()
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert not re.findall(r"url\((?!#)", page)


def test_a_picture_is_small_and_its_boxes_lie_in_its_own_pixels():
    pytest.importorskip("PIL")
    shown = picture(PHOTO, "a photo", Media(), side=200, boxes=[Box(10, 20, 110, 220, "cat", 0.9)])
    assert len(shown) < 60_000
    assert 'width="200" height="133"' in shown
    assert 'viewBox="0 0 900 600"' in shown
    assert 'x="10" y="20" width="100" height="200"' in shown
    assert "cat 0.90" in shown


def test_without_pillow_the_page_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert "pip install" in markup(PHOTO, "a photo", Media())


def test_pictures_of_all_kinds_are_shown():
    image = pytest.importorskip("PIL.Image")
    kinds = [PHOTO, PHOTO[..., 0], PHOTO[..., 0] > 9, np.dstack([PHOTO, PHOTO[..., 0]]), VideoFrame(PHOTO, 0, 0)]
    for value in [*kinds, image.fromarray(PHOTO), PHOTO[:1, :1], PHOTO[::-1, ::-1]]:
        assert "data:image/" in markup(value, "a picture", Media())


def test_a_page_carries_so_many_bytes_of_pictures_and_no_more():
    pytest.importorskip("PIL")
    media = Media(most_bytes=10_000)
    assert "large enough" in [markup(PHOTO, "a photo", media) for _ in range(3)][-1]


def test_a_sound_can_be_heard_for_its_first_seconds():
    clip = AudioClip(np.zeros((1, 8000 * 60), np.float32), 8000)
    uri, seconds = Media().sound(clip)
    assert uri.startswith("data:audio/wav;base64,")
    assert seconds == 10
    assert "<audio controls" in markup(clip, "a sound", Media())
    with pytest.raises(Unshown):
        Media().sound(AudioClip(np.zeros((1, 0), np.float32), 8000))
    odd = AudioClip(np.full((6, 100), np.nan, np.float32), 8000)
    assert "<audio" in markup(odd, "odd", Media())


def test_a_vector_is_a_strip_with_its_numbers_and_length():
    shown = markup(np.linspace(-1, 1, 384).astype(np.float32), "a vector", Media())
    assert "384 numbers" in shown
    assert "<svg" in shown
    assert len(shown) < 4000
    assert "1 not finite" in markup(np.array([1, np.nan], np.float32), "odd", Media())
    assert "<svg" in strip(np.zeros(5))


def test_chunks_are_marked_in_their_text():
    shown = marked("abcdefgh", [Chunk("ab", 0, 2), Chunk("bcd", 1, 4), Chunk("x", 90, 95), Chunk("", 3, 3)])
    assert re.sub(r"<[^>]+>", "", shown) == "abcdefgh"
    assert re.findall(r'<mark class="(\w+)" title="[^"]+">(\w+)</mark>', shown) == [
        ("even", "a"),
        ("both", "b"),
        ("odd", "cd"),
    ]


def test_the_steps_are_cards_with_the_pipelines_drawing_above(tmp_path):
    p = pipe.input("n").flat_map("n", "k", range, name="count").map("k", "x", str, name="write").output("x")
    seen = p.inspect(30)
    seen.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.index("<svg") < page.index("<h2>count</h2>") < page.index("<h2>write</h2>")
    assert "… 10 more rows" in page
    assert page.startswith("<!doctype html>")
    assert not seen._repr_html_().startswith("<!doctype")
    with pytest.raises(TargetError, match="cannot be written"):
        seen.save(tmp_path / "no" / "page.html")


def test_boxes_are_drawn_over_the_frame_that_they_were_found_in():
    pytest.importorskip("PIL")
    p = (
        pipe.input("n")
        .flat_map("n", "frame", lambda n: (VideoFrame(PHOTO, i, i) for i in range(n)), name="decode")
        .flat_map("frame", "box", lambda frame: [Box(1, 1, 50, 50, f"cat{frame.index}")] * 2, name="detect")
        .output("box")
    )
    page = p.inspect(3).html()
    card = page[page.index("<h2>detect</h2>") :]
    assert card.count("data:image/") == 3
    assert card.count("<rect") == 6
