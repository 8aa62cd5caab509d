"""The pages of a set that is looked at: what they show, what they lead to, and that no name is ever markup."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import urllib.request
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

from junco import open_set, pipe, pipeline
from junco.answers.vector_set import VectorSet
from junco.look.looked import PAGE_ROWS, Looked
from junco.look.query import Query
from junco.store.content import InMemory
from junco.store.rejects import rejects_of
from looking import served, vectors

VOID = {"meta", "link", "input", "img", "br", "hr"}


class Page(HTMLParser):
    """A page that is parsed: its elements, and that each is closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def all(self, tag, **attrs):
        return [found for name, found in self.elements if name == tag and attrs.items() <= found.items()]


def rows_of(answer):
    """Numbers of the rows that cards of a page lead to, in their order."""
    return [
        int(number)
        for number in re.findall(r'<div class="place">(?:<b>[\d.-]+</b> )?<a href="[^"]*/row/(\d+)"', answer.text)
    ]


@pytest.mark.parametrize(
    ("place", "pairs"),
    [("", {}), ("row/0", {}), ("row/150", {}), ("copies", {"above": "0.5"}), ("map", {"by": "lang"}), ("rejects", {})],
    ids=str,
)
def test_names_and_values_are_no_markup_and_every_page_is_whole(browser, place, pairs):
    answer = browser.get(place, **pairs)
    page = Page(answer.text)
    assert answer.status == 200
    assert [found for tag, found in page.elements if tag == "script"] == page.all(
        "script", src=f"{browser.base}/look.js"
    )
    assert page.all("i") == []
    assert not any(name.startswith("on") or name == "style" for _, found in page.elements for name in found)
    addresses = [found[name] for _, found in page.elements for name in ("href", "src", "action") if name in found]
    assert all(address.startswith((browser.base, "#", "data:image/", "data:audio/", "data:,")) for address in addresses)


def test_rows_stand_in_their_order_on_pages_and_all_are_there(browser):
    shown = [number for page in range(1, 5) for number in rows_of(browser.get(page=page))]
    assert shown == list(range(200))
    assert f"page 4 of {-(-200 // PAGE_ROWS)}" in browser.get(page=4).text
    assert rows_of(browser.get(page=5)) == []


def test_a_click_on_a_row_shows_what_the_set_holds_of_it_and_those_like_it(browser):
    answer = browser.get("row/150")
    units = vectors(200) / np.linalg.norm(vectors(200), axis=1, keepdims=True)
    nearest = np.argsort(-(units @ units[150]))[1:25]
    assert rows_of(answer) == nearest.tolist()
    assert "thing 0" in answer.text
    assert ">text 147</td>" in answer.text


def test_a_row_of_a_picture_is_shown_in_large_with_its_box(browser):
    page = Page(browser.get("row/1").text)
    assert page.all("img")[0]["src"].startswith("data:image/jpeg")
    assert len(page.all("rect")) == 1


def test_small_pictures_are_fetched_by_the_rows_number(browser):
    page = Page(browser.get().text)
    (one, *others) = page.all("img", loading="lazy")
    assert one["src"] == f"{browser.base}/thumb/0"
    assert len(others) == 2
    answer = browser.get("thumb/0")
    assert answer.headers["Content-Type"] == "image/svg+xml"  # the picture with its box
    assert b"<script" not in answer.body
    assert "there is no picture" in browser.get("thumb/150").text


def test_rows_are_chosen_by_values_and_by_conditions(browser):
    assert rows_of(browser.get(**{"is:lang": "zh"}))[:3] == [0, 4, 8]
    assert rows_of(browser.get(**{"is:lang": "<b>'\""}))[:2] == [3, 7]
    assert rows_of(browser.get(where='box.label = "thing 1"', **{"is:lang": "zh"}))[:2] == [4, 16]
    assert "50 rows that meet the conditions" in browser.get(**{"is:lang": "zh"}).text
    bad = browser.get(where="nonsense")
    assert bad.status == 400
    assert "a condition is COLUMN = VALUE" in bad.text
    assert 'value="nonsense"' in bad.text  # to be mended


def test_what_may_be_chosen_is_offered_with_how_often_it_is_there(browser):
    page = browser.get().text
    assert '<select name="is:lang">' in page
    assert ">zh (50)</option>" in page
    assert ">thing 0 (67)</option>" in page
    assert "is:box.x0" not in page  # numbers with fractions


def test_a_set_that_does_not_say_what_made_it_is_asked_by_its_rows_and_says_so(browser):
    page = Page(browser.get().text)
    assert page.all("input", type="search") == []
    assert page.all("input", type="file") == []
    assert "does not say which pipeline made it" in browser.get().text
    assert browser.get(q="a phrase").status == 400


def test_near_duplicates_stand_in_groups_and_a_large_one_has_pages():
    rows = np.repeat(vectors(3), [70, 3, 1], axis=0)
    with served(VectorSet([f"text {n}" for n in range(74)], rows)) as browser:
        sheets = browser.get("copies", above="0.99")
        assert "2 groups of 73 rows; in none: 1 row" in sheets.text
        assert "58 more rows" in sheets.text
        assert len(rows_of(sheets)) == 12 + 3
        whole = [rows_of(browser.get("copies", above="0.99", group=1, page=page)) for page in (1, 2)]
        assert sorted(whole[0] + whole[1]) == list(range(70))
        assert browser.get("copies", above="nan").status == browser.get("copies", above="x").status == 400
        assert browser.get("copies", group=9).status == 400


def test_clusters_are_as_many_as_asked_for_and_no_more_than_there_are_rows():
    with served(VectorSet(["a", "b", "c"], vectors(3))) as browser:
        assert browser.get("clusters", count=2).text.count('<section class="card"') == 2
        assert browser.get("clusters", count=50).text.count('<section class="card"') == 3
        assert browser.get("clusters", count=0).status == 400


def test_the_map_shows_every_row_and_goes_nearer(browser):
    whole = browser.get("map", by="")
    page = Page(whole.text)
    assert "of 200 rows are in view" in whole.text
    assert len(page.all("image")) == 3  # pictures; the others are points
    cells = [found["href"] for found in page.all("a", tabindex="-1")]
    nearer = browser.ask("GET", cells[14])
    in_view = int(re.search(r"(\d+) of 200 rows are in view", nearer.text)[1])
    assert 0 < in_view < 150
    assert browser.get("map", by="nothing").status == 400
    assert browser.get("map", zoom=99).status == 400


def test_the_map_is_coloured_by_a_column_with_what_its_colours_mean(browser):
    text = browser.get("map", by="box.label").text
    legend = text[text.index('class="legend"') :]
    assert [legend.count(f"<bdi>thing {n}</bdi>") for n in range(3)] == [1, 1, 1]
    assert len({found["fill"] for found in Page(text).all("circle")}) >= 3


def test_of_more_rows_than_the_map_draws_some_are_drawn_and_that_is_said():
    with served(VectorSet(["x"] * 4000, vectors(4000))) as browser:
        assert "of which 1,500 are drawn" in browser.get("map", by="").text


def test_of_pieces_of_few_inputs_an_input_may_be_chosen():
    with served(VectorSet(["a.txt", "b.txt"] * 10, vectors(20))) as browser:
        assert ">b.txt (10)</option>" in browser.get().text
        assert rows_of(browser.get(**{"is:input": "b.txt"})) == list(range(1, 20, 2))
        assert "<bdi>a.txt</bdi>" in browser.get("map", by="input").text


def test_an_empty_set_and_one_of_a_single_row_are_looked_at_too():
    for count, words in ((0, "there is nothing to show"), (1, "text 0")):
        with served(VectorSet([f"text {n}" for n in range(count)], vectors(count))) as browser:
            assert words in browser.get().text
            for place in ("map", "copies", "clusters", "rejects"):
                assert browser.get(place).status == 200


def test_rejects_are_shown_with_their_reasons(tmp_path):
    rejects = tmp_path / "x.parquet.rejects.parquet"
    pq.write_table(pa.table({"input": ["<b>a</b>"], "stage": ["decode"], "reason": ["no picture"]}), rejects)
    with served(VectorSet(["a"], vectors(1)), rejects=rejects) as browser:
        text = browser.get("rejects").text
        assert "1 input that the job put aside" in text
        assert "&lt;b&gt;a&lt;/b&gt;" in text
        assert 'href="' + browser.base + '/rejects"' in browser.get().text


def test_a_file_that_lies_elsewhere_is_neither_shown_nor_served_unless_asked_for(tmp_path, monkeypatch):
    for name in ("elsewhere", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Image.fromarray(data.chelsea()).save(tmp_path / "elsewhere" / "cat.jpg")
    (tmp_path / "elsewhere" / "secret.txt").write_text("hunter2", "utf-8")
    found = VectorSet([str(tmp_path / "elsewhere" / name) for name in ("cat.jpg", "secret.txt")], vectors(2))
    with served(found) as browser:
        assert "neither beneath the working folder" in browser.get().text
        assert browser.get("thumb/0").headers["Content-Type"] == "image/svg+xml"
        assert "hunter2" not in browser.get("row/1").text
    with served(found, sources=True) as browser:
        assert browser.get("thumb/0").headers["Content-Type"] == "image/jpeg"
        assert "hunter2" in browser.get("row/1").text


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A set of three photos, made by a pipeline."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.jpg")
    with pipeline("image-embedding") as embed:
        embed.run([*sorted(folder.iterdir()), folder / "gone.jpg"], folder / "photos.parquet", progress=False)
    return folder / "photos.parquet"


def test_a_picture_that_is_sent_finds_its_like_and_the_answer_has_an_address(photos):
    with served(open_set(photos)) as browser:
        stored = io.BytesIO()
        Image.fromarray(data.coffee()[20:-20, 20:-20]).save(stored, "png")
        sent = browser.send("my <b>cup<b> 杯.png", stored.getvalue())
        page = browser.follow(sent)
        assert page.status == 200
        assert rows_of(page)[0] == 1
        assert "my &lt;b&gt;cup&lt;b&gt; 杯.png" in page.text
        assert Page(page.text).all("img", **{"class": "asked-with"})[0]["src"].startswith("data:image/")
        again = browser.ask("GET", sent.headers["Location"] + "&where=input+contains+rocket")
        assert rows_of(again) == [2]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("broken.jpg", b"\xff\xd8\r\n\r\x00\xff", "broken.jpg&#x27;: no picture"),
        ("x.exe", b"MZ", "nobody knows by its ending"),
        ("../../x.png", b"", "no file was sent"),
        ("note.txt", b"a cat", "note.txt"),
    ],
    ids=["broken", "unknown", "empty", "text"],
)
def test_what_the_model_makes_nothing_of_is_said(photos, name, content, says):
    with served(open_set(photos)) as browser:
        answer = browser.send(name, content)
        assert answer.status == 400
        assert says in answer.text
        Page(answer.text)


def test_the_bytes_that_are_sent_are_those_that_are_asked_with():
    from junco.look.exchange import Request, sent_file

    content = bytes(range(256)) * 3 + b"\r\n\n\r--x\r\n"
    body = (
        b'--mark\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
        + content
        + b"\r\n--mark--\r\n"
    )
    sent = sent_file(Request("POST", ("ask",), (), body, "multipart/form-data; boundary=mark"))
    assert sent == ("a.bin", content)


def test_texts_are_searched_by_a_phrase(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = ["a cat sleeps", "stock prices fell", "the moon rose"]
    with pipeline("text-embedding") as embed:
        embed.run(texts, tmp_path / "t.parquet", progress=False)
    with served(open_set(tmp_path / "t.parquet")) as browser:
        assert len(Page(browser.get().text).all("input", type="search")) == 1
        page = browser.get(q="a kitten <b>")
        assert rows_of(page)[0] == 0
        assert "“<bdi>a kitten &lt;b&gt;</bdi>”" in page.text
        assert rows_of(browser.follow(browser.send("q.txt", b"night sky")))[0] == 2


@pytest.fixture(scope="module")
def shelved(tmp_path_factory):
    """The address of a collection of seventy texts of one length each, of which one was put aside."""
    pytest.importorskip("lancedb")
    address = f"lancedb:{tmp_path_factory.mktemp('store')}/db#texts"

    def made(text):
        if not text.isdigit():
            raise ValueError("no number")
        return np.array([np.cos(float(text) / 70), np.sin(float(text) / 70)], np.float32)

    texts = [f"{n:02}" for n in range(70)]
    table = pa.table({"text": [*texts, "bad"], "half": [*(f"{n // 35}" for n in range(70)), "none"]})
    with pipe.input("text").map("text", "vector", made).output("vector", space="angles") as p:
        p.run(table, address, progress=False, keep=["half"])
    return address


def test_a_collection_of_a_vector_store_is_looked_at_like_a_file(shelved):
    with served(open_set(shelved), rejects=rejects_of(shelved)) as browser:
        assert rows_of(browser.get()) == list(range(PAGE_ROWS))
        assert rows_of(browser.get(page=2)) == list(range(PAGE_ROWS, 70))
        assert rows_of(browser.get(**{"is:half": "1"}))[:2] == [35, 36]
        assert sorted(rows_of(browser.get("row/10"))[:4]) == [8, 9, 11, 12]
        assert browser.get("thumb/69").status == 200
        assert "of 70 rows are in view" in browser.get("map").text
        assert "in none: 0 rows" in browser.get("copies", above="0.9").text
        assert "1 input that the job put aside" in browser.get("rejects").text


def test_the_answers_of_a_vector_store_lead_to_their_rows(tmp_path, monkeypatch):
    pytest.importorskip("lancedb")
    monkeypatch.chdir(tmp_path)
    with pipeline("text-embedding") as embed:
        embed.run(["a cat sleeps", "stock prices fell", "the moon rose"], "lancedb:db#texts", progress=False)
    with served(open_set("lancedb:db#texts")) as browser:
        (first, *_) = rows_of(browser.get(q="a kitten"))
        assert ">a cat sleeps</td>" in browser.get(f"row/{first}").text
        assert rows_of(browser.get(q="a kitten", where="input contains moon")) == [2]


def test_of_an_answer_no_more_rows_are_read_than_its_page_shows(monkeypatch):
    read = []

    class Counted(InMemory):
        def rows(self, numbers):
            read.append(len(numbers))
            return super().rows(numbers)

    rows = vectors(200)
    looked = Looked(VectorSet.of(Counted([f"text {n}" for n in range(200)], rows, {"at": range(200)}, None)), "x")
    monkeypatch.setattr(looked, "_vectors", lambda query: rows[:1] / np.linalg.norm(rows[0]))
    shown = [looked.answer(Query("like the first", page=page)) for page in range(1, 6)]
    assert read == [60, 60, 60, 20, 0]
    assert shown[0].hits[0].row == 0
    assert sorted(hit.row for page in shown for hit in page.hits) == list(range(200))


def test_a_row_without_a_direction_is_shown_and_nothing_is_like_it():
    with served(VectorSet(["a", "b"], np.array([[0, 0], [1, 0]], np.float32))) as browser:
        answer = browser.get("row/0")
        assert answer.status == 200
        assert rows_of(answer) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a signal")
def test_the_command_prints_its_address_serves_and_ends_with_ctrl_c(photos):
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # also behind a shell's &
    run = f"{heard}\nfrom junco.cli.main import main\nmain()"
    command = [sys.executable, "-c", run, "look", str(photos), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            address = running.stdout.readline().strip()
            with urllib.request.urlopen(address, timeout=60) as answer:
                page = answer.read().decode()
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert "photos.parquet" in page
    assert ">rejects</a>" in page
    assert running.returncode == 0
    assert out == ""
    assert "ended" in err
