"""What results show together: sheets of pictures, timelines, sounds with segments, pages with chunks."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from junco import pipe
from junco.pages.results import ResultList
from junco.types import AudioClip, Box, Chunk, Face, Page, Segment, Shot, VideoFrame

pytest.importorskip("PIL")

EVIL = "</title></svg><script>alert(1)</script>\x1b[31m"
PHOTO = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
NOISE = AudioClip(np.random.default_rng(0).normal(0, 0.1, (1, 16_000)).astype(np.float32), 8000, 10.0)


class Elements(HTMLParser):
    """The elements of a piece of a page with their attributes; text by the element that it stands in."""

    def __init__(self, markup):
        super().__init__()
        self.found, self.texts, self.open = [], [], []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag, **wanted):
        return [have for name, have in self.found if name == tag and wanted.items() <= have.items()]

    def said(self, tag):
        return [text for name, text in self.texts if name == tag]


def shown(rows):
    """A result list as a notebook shows it, without its style sheet."""
    return Elements(without_style(rows._repr_html_()))


def without_style(markup):
    return markup.partition("</style>")[2].replace("</head>", "").replace("</html>", "").replace("</body>", "")


def objects(num_frames, boxes):
    return (
        pipe.input("n")
        .flat_map("n", "frame", lambda n: (VideoFrame(PHOTO, i / 2, i) for i in range(n)), name="decode")
        .flat_map("frame", "box", lambda frame: boxes(frame.index), name="detect")
        .map("box", "vector", lambda box: np.ones(8, np.float32), name="embed")
        .output("frame", "box", "vector")
    )(num_frames)


def test_a_frame_with_two_boxes_is_one_tile_with_both_labels():
    page = shown(objects(3, lambda index: [Box(1, 2, 31, 42, "cat", 0.9), Box(5, 5, 9, 9, "dog", 0.8)]))
    assert len(page.all("img")) == 3
    assert len(page.all("rect", width="30", height="40")) == 3
    assert page.said("text").count("cat 0.90") == 3
    assert "frame 2 at 1.00 s" in page.said("figcaption")
    assert "cat 0.90; dog 0.80" in page.all("img")[0]["alt"]


def test_a_label_has_one_colour_on_all_tiles_and_lies_in_its_lane_of_the_timeline():
    page = shown(objects(4, lambda index: [Box(1, 2, 31, 42, ("cat", "dog")[index % 2])]))
    over = [have["stroke"] for have in page.all("rect", width="30")]
    assert over == [over[0], over[1]] * 2
    assert over[0] != over[1]
    assert {"cat 1.00 s", "dog 1.50 s"} <= set(page.said("title"))
    assert len(page.all("svg", **{"class": "timeline"})) == 1


def test_a_frame_that_holds_nothing_is_on_the_sheet_where_it_was_made():
    p = pipe.input("n").flat_map("n", "frame", lambda n: [VideoFrame(PHOTO, i, i) for i in range(n)]).output("frame")
    page = shown(p(3))
    assert len(page.all("img")) == 3
    assert not page.all("table")


def test_of_many_pictures_some_are_shown_evenly_spaced():
    rows = objects(100, lambda index: [Box(1, 2, 31, 42)])
    page = shown(rows)
    assert len(page.all("img")) == 24
    captions = page.said("figcaption")
    assert captions[0].startswith("frame 0 ")
    assert captions[-1].startswith("frame 99 ")
    assert "24 of 100 pictures, evenly spaced" in page.said("p")
    assert len(rows._repr_html_()) < 1_000_000


def test_a_face_shows_its_box_and_its_five_points():
    points = ((20.0, 20.0), (40.0, 20.0), (30.0, 30.0), (22.0, 40.0), (math.nan, 40.0))
    p = pipe.input("photo").flat_map("photo", "face", lambda photo: [Face(Box(10, 10, 50, 50), points, 0.95)])
    page = shown(p.map("photo", "same", lambda photo: photo).output("same", "face")(PHOTO))
    assert len(page.all("rect", width="40")) == 1
    assert len(page.all("circle")) == 4
    assert page.said("text")[0] == "0.95"


def test_shots_and_segments_lie_on_one_axis_and_say_what_they_are():
    page = shown(ResultList([Shot(0, 60, 0.9), Shot(60, 90), Segment(30, 45, "Music", 0.5)]))
    assert page.said("title") == ["shot 0.00–60.00 s, 0.90", "shot 60.00–90.00 s", "Music 30.00–45.00 s, 0.50"]
    first, second, music = page.all("rect")
    assert float(first["width"]) == pytest.approx(2 * float(second["width"]), abs=0.2)
    assert float(first["x"]) + float(first["width"]) / 2 == pytest.approx(float(music["x"]), abs=0.2)
    assert {"shot", "Music", "1:00", "1:30"} <= set(page.said("text"))
    (drawing,) = page.all("svg")
    assert drawing["aria-label"] == "timeline: 3 spans of shot, Music, 0 s to 1:30"


def test_ten_hours_with_ten_thousand_segments_stay_small():
    labels = [f"kind {i % 40}" for i in range(10_000)]
    rows = ResultList([Segment(3.6 * i, 3.6 * i + 2, label) for i, label in enumerate(labels)])
    assert len(rows._repr_html_()) < 150_000
    page = shown(rows)
    assert "… 28 more labels with less time" in page.said("p")
    assert "kind 0: 250 spans" in page.said("title")
    assert "8:00:00" in page.said("text")


def test_chunks_of_a_sound_are_on_the_timeline_where_they_start():
    page = shown(ResultList([AudioClip(NOISE.samples, 8000, start) for start in (0.0, 1.5, 3.0)]))
    assert "sound 1.50–3.50 s" in page.said("title")
    assert len(page.all("audio")) == 3


def hear(clip):
    yield Segment(10.5, 11.0, "Crow", 0.7)
    yield Segment(11.0, 12.0, "Music", 0.8)


def test_segments_are_marked_over_the_wave_and_the_spectrogram_of_their_sound():
    page = shown(pipe.input("clip").flat_map("clip", "heard", hear).output("clip", "heard")(NOISE))
    assert len(page.all("img", **{"class": "spectrogram"})) == 1
    assert page.all("img")[0]["src"].startswith("data:image/png")
    over = page.all("rect", height="100")
    assert [(have["x"], have["width"]) for have in over] == [("250.0", "250.0"), ("500.0", "500.0")]
    assert "Crow 10.50–11.00 s, 0.70" in page.said("title")
    assert "12 s" in page.said("span")


def test_a_tone_is_a_bright_line_at_its_pitch():
    image = pytest.importorskip("PIL.Image")
    import base64
    import io

    tone = np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000).astype(np.float32)
    (found,) = shown(ResultList([AudioClip(tone[None], 16_000)])).all("img")
    picture = image.open(io.BytesIO(base64.b64decode(found["src"].partition(",")[2])))
    levels = np.asarray(picture).astype(float).mean(axis=1)[::-1]
    octaves = math.log2(8000 / 60)
    assert abs((int(levels.argmax()) + 0.5) / len(levels) * octaves - math.log2(1000 / 60)) < 0.2
    assert picture.size[0] > 100


def test_a_long_page_is_cut_around_its_chunks():
    text = "".join(f"{i:05}." for i in range(5000))
    chunks = [Chunk(text[start : start + 12], start, start + 12) for start in (6000, 24_000)]
    p = pipe.input("page").flat_map("page", "chunk", lambda page: chunks).map("page", "same", lambda page: page)
    page = shown(p.output("same", "chunk")(Page(text, 7)))
    assert page.said("mark") == ["01000.01001.", "04000.04001."]
    assert "page 7" in page.said("p")
    assert [words for words in page.said("span") if "letters" in words] == [
        "… 5,700 letters …",
        "… 17,388 letters …",
        "… 5,688 letters …",
    ]
    assert "page 7" in page.said("span")


def test_a_chunk_of_another_text_is_not_marked():
    p = pipe.input("page").map("page", "chunk", lambda page: Chunk("other", 0, 5)).output("page", "chunk")
    assert not shown(ResultList([p(Page("text of a page", 1))])).all("mark")


ODD = [
    Segment(math.nan, 1.0, "a"),
    Segment(-math.inf, math.inf),
    Segment(1e300, -1e300),
    Segment(5, 1, EVIL, math.nan),
    Segment(0, 1e9 - 1),
    Shot("one", None),
    VideoFrame(PHOTO, math.nan, 0),
    VideoFrame(None, 0.0, 0),
    VideoFrame(PHOTO[:0], 1.0, 0),
    AudioClip(np.zeros((1, 0), np.float32), 8000),
    AudioClip(np.full((2, 50), np.inf, np.float32), 8000),
    AudioClip(np.zeros(5, np.int16), 0),
    AudioClip(np.zeros((1, 5), np.float32), math.nan),
    AudioClip(np.zeros((1, 5), np.float32), 10**12),
    AudioClip(np.ones((1, 300), np.float64), 1, -1e300),
    Box(math.nan, 0, 1, 1, EVIL),
    Box(-1e308, -1e308, 1e308, 1e308, EVIL),
    Face(Box(9, 9, 1, 1), ((1, 2, 3), "xy", None)),
    Page(EVIL, 1),
    Chunk(EVIL, -5, 10**9),
]


@pytest.mark.parametrize("with_picture", [True, False])
def test_strange_values_are_shown_and_nothing_of_them_gets_into_the_page(with_picture):
    for values in (*([value] * 2 for value in ODD), ODD):
        p = pipe.input("n").flat_map("n", "value", lambda n, values=values: values, name="odd")
        p = p.map("n", "photo", lambda n: PHOTO if with_picture else NOISE).output("photo", "value")
        for markup in (p(1)._repr_html_(), p.inspect(1).html(), ResultList(values)._repr_html_()):
            page = Elements(without_style(markup))
            assert not page.all("script")
            assert not re.search(r'="[^"]*\b(nan|inf)\b', re.sub(r'(title|alt|aria-label)="[^"]*"', "", markup))


def test_an_inspection_begins_with_the_result():
    p = pipe.input("clip").flat_map("clip", "heard", hear, name="listen").output("heard")
    page = p.inspect(NOISE).html()
    assert page.index("<h2>result</h2>") < page.index("<h2>input</h2>") < page.index("<h2>listen</h2>")
    result = page[page.index("<h2>result</h2>") : page.index("<h2>input</h2>")]
    assert 'class="timeline"' in result
    assert 'class="spectrogram"' in result
    assert "Crow 10.50–11.00 s, 0.70" in result


def test_the_timeline_of_a_step_has_all_rows_also_those_that_are_not_kept():
    p = pipe.input("n").flat_map("n", "shot", lambda n: [Shot(i, i + 1) for i in range(n)], name="cut").output("shot")
    page = p.inspect(300).html()
    assert page.count("shot 299.00–300.00 s") == 2
    assert "… 280 more rows" in page


def test_a_row_of_a_frame_and_a_box_shows_the_frame_once():
    p = (
        pipe.input("n")
        .flat_map("n", "frame", lambda n: [VideoFrame(PHOTO, i, i) for i in range(n)], name="decode")
        .flat_map("frame", "box", lambda frame: [Box(1, 1, 9, 9, "cat")] * 2, name="detect")
        .output("frame", "box")
    )
    page = p.inspect(2).html()
    result = page[page.index("<h2>result</h2>") : page.index("<h2>input</h2>")]
    assert result.count("data:image/") == 2


def test_a_single_row_shows_its_picture_with_its_box():
    (row,) = objects(1, lambda index: [Box(1, 2, 31, 42, "cat")])
    page = shown(row)
    assert len(page.all("img")) == 1
    assert len(page.all("rect")) == 1
    assert page.said("th") == ["frame", "box", "vector"]
