"""What is on the pages of a hub: the start, a search, a repository with its files and versions."""

from __future__ import annotations

import html
import re

import pytest
from page_browser import HTML, look
from sqlalchemy import event

from junco.hub.artefact.beginnings import begin


def test_a_new_hub_says_how_its_first_thing_is_pushed(empty):
    shown = look(empty, "/")
    assert "be the first" in shown
    assert f"junco hub login {empty.url}" in shown


def test_the_start_shows_what_rises_what_is_new_and_the_families(hub):
    shown = look(hub, "/")
    for text in (
        "alice/</span>flowers",
        'href="/families/image-embedding"',
        'href="/search?kind=pipeline"',
        "4 members",
    ):
        assert text in shown
    assert "secret" not in shown
    assert 'role="search"' in shown


@pytest.mark.parametrize(("query", "found"), [
    ("q=flowers vectors", {"alice/flowers"}), ("q=图像向量", {"mei/search"}), ("q=以图", {"mei/search"}),
    ("kind=dataset", {"mei/shelves"}), ("family=text-embedding&licence=mit", {"bob/sentences", "bob/old"}),
    ("unsafe=yes", {"bob/old"}), ("signed=yes", set()), ("q=%25", set()), ("q=hidden", set()),
    ("kind=pipeline&sort=name", {"alice/flowers", "mei/search"}), ("q=%22%3E%3Cscript%3E", set()),
])  # fmt: skip
def test_a_search_finds_by_words_and_facets(hub, query, found):
    shown = look(hub, f"/search?{query}")
    assert set(re.findall(r'<h2><a href="/([^"]+)">', shown)) == found
    assert "<script>" not in shown
    assert ("Nothing fits" in shown) == (not found)


def test_an_order_that_is_none_is_refused_on_a_page(hub):
    assert "sort is one of" in look(hub, "/search?sort=drop", 400)


def test_facets_lead_to_searches_and_back(hub):
    shown = look(hub, "/search?q=o&kind=pipeline")
    assert 'href="/search?q=o"' in shown
    assert "kind=pipeline&amp;family=image-embedding" in shown


def test_pages_of_a_search_follow_each_other(hub, monkeypatch):
    monkeypatch.setattr("junco.hub.web.searching._PAGE", 3)
    seen, address = [], "/search?sort=name"
    while address:
        shown = look(hub, address)
        seen += re.findall(r'<h2><a href="/([^"]+)">', shown)
        found = re.search(r'href="([^"]+)" rel="next"', shown)
        address = found[1].replace("&amp;", "&") if found else None
    assert len(seen) == len(set(seen)) == 8


def test_a_repository_shows_its_card_how_it_is_used_and_where_it_comes_from(hub):
    shown = look(hub, "/alice/flowers")
    oid = hub.ask("GET", "/repositories/alice/flowers")["head"]
    assert "pipeline(&#34;alice/flowers@1.0.0&#34;)" in shown
    assert f"alice/flowers@{oid}" in shown.split("the same files for ever")[1]
    assert "junco run alice/flowers@1.0.0 &#34;photo.jpg&#34;" in shown
    assert "junco embed alice/flowers@1.0.0 photos --to vectors.parquet" in shown
    assert '<th align="right">recall@1</th>' in shown
    assert '<img src="/alice/flowers/raster/main/pictures/red.png" alt="a red square">' in shown
    assert 'href="/alice/flowers/blob/main/junco.yaml"' in shown
    assert 'href="https://example.com/a" rel="nofollow noopener noreferrer"' in shown
    assert 'href="#card-limits"' in shown
    assert 'id="card-limits"' in shown
    assert 'class="junco-box"' in shown
    assert "<style" not in shown
    assert "alice/birds" in shown
    assert 'href="/alice/flowers"' in look(hub, "/alice/birds").split("Lineage")[1]
    assert shown.count("<h1>") == 1


def test_an_operator_with_code_says_that_it_runs_after_a_word(hub):
    assert "junco hub trust bob/sentences@" in look(hub, "/bob/sentences")


def test_what_is_unsafe_and_what_was_noticed_is_said(hub):
    shown = look(hub, "/bob/old")
    assert "model.bin" in shown.split("can run code")[-1]
    assert "key.txt" in shown


def test_a_repository_without_a_commit_has_a_page(hub):
    assert "Nothing has been pushed yet" in look(hub, "/bob/nothing")
    assert "junco hub push" in look(hub, "/bob/nothing", who=hub.bob)
    for part in ("tree/main", "versions"):
        hub.raw("GET", f"/bob/nothing/{part}", headers=HTML)


def test_an_older_release_leads_to_the_latest(hub):
    shown = look(hub, "/bob/sentences@v1.0.0")
    assert "/bob/sentences/compare/v1.0.0...v1.1.0" in shown
    assert look(hub, "/bob/sentences@1.0.0") != ""
    assert "What changed since" not in look(hub, "/bob/sentences")
    look(hub, "/bob/sentences@v9.9.9", 404)


def test_files_are_listed_by_folder(hub):
    shown = look(hub, "/alice/flowers/tree/main")
    assert "pictures</bdi>/" in shown
    assert "/alice/flowers/blob/main/README.md" in shown
    assert "red.png" in look(hub, "/alice/flowers/tree/v1.0.0/pictures")
    look(hub, "/alice/flowers/tree/main/none", 404)


def test_a_text_is_shown_with_numbers(hub):
    shown = look(hub, "/alice/flowers/blob/main/junco.yaml")
    assert "kind: pipeline\nfamily: image-embedding" in shown
    assert ">1\n2\n3\n4\n" in shown


def test_tensors_are_shown_by_their_header(hub):
    shown = look(hub, "/bob/sentences/blob/main/weights.safetensors")
    assert "8 × 5" in shown
    assert "F32" in shown
    assert "trained_on" in shown


def test_a_file_that_is_not_shown_can_be_had(hub):
    assert "There is no preview" in look(hub, "/bob/old/blob/main/model.bin")
    answer = hub.raw("GET", "/bob/old/download/main/model.bin")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_versions_are_listed_with_what_changed(hub):
    shown = look(hub, "/bob/sentences/versions")
    assert shown.index("Longer") < shown.index("a change")
    assert "v1.1.0" in shown
    assert "What changed" in shown


def test_two_versions_are_compared(hub):
    shown = look(hub, "/bob/sentences/compare/v1.0.0...v1.1.0")
    assert "1 file changed, 1 added, 1 removed" in shown
    assert "<ins># 1.1.0</ins>" in shown
    assert "<del>F32 [8, 4]</del>" in shown
    assert "<ins>F32 [8, 5]</ins>" in shown
    assert "Nothing differs" in look(hub, "/bob/sentences/compare/v1.1.0...main")
    answer = hub.raw("GET", "/bob/sentences/compare?base=v1.0.0&head=v1.1.0", headers=HTML)
    assert answer.headers["Location"] == "/bob/sentences/compare/v1.0.0...v1.1.0"
    look(hub, "/bob/sentences/compare/v1.0.0", 404)
    look(hub, "/bob/sentences/compare/main...none", 404)


def test_fields_of_manifests_stand_side_by_side(hub):
    hub.repository(hub.bob, "bob/fields")
    hub.push(
        hub.bob, "bob/fields", {"junco.yaml": b"kind: model\nmeasured: {recall: 0.1}\n"}, parent=None, release="v1.0.0"
    )
    hub.push(
        hub.bob, "bob/fields", {"junco.yaml": b"kind: model\nmeasured: {recall: 0.2}\ntask: x\n"}, release="v2.0.0"
    )
    shown = look(hub, "/bob/fields/compare/v1.0.0...v2.0.0")
    assert "measured.recall" in shown
    assert "<del><bdi>0.1</bdi></del>" in shown
    assert "<ins><bdi>0.2</bdi></ins>" in shown


def test_where_hugging_faces_clients_say_that_a_commit_is_it_is(hub):
    oid = hub.ask("GET", "/repositories/bob/sentences")["head"]
    answer = hub.raw("GET", f"/bob/sentences/commit/{oid}", headers=HTML)
    assert answer.headers["Location"].endswith(f"...{oid}")


def test_texts_that_take_long_to_compare_are_not(hub):
    hub.repository(hub.bob, "bob/slow")
    lines = [f"line {n % 110}" for n in range(1900)]
    one, other = "\n".join(lines).encode(), "\n".join(sorted(lines)).encode()
    hub.push(hub.bob, "bob/slow", {"a.txt": one}, parent=None, release="v1.0.0")
    hub.push(hub.bob, "bob/slow", {"a.txt": other}, release="v1.0.1")
    assert "1 file changed" in look(hub, "/bob/slow/compare/v1.0.0...v1.0.1")


def test_the_same_questions_are_asked_however_many_rows_there_are(hub, monkeypatch):
    asked = []
    event.listen(hub.hub.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for most in (2, 8):
        monkeypatch.setattr("junco.hub.web.start._ROWS", most)
        monkeypatch.setattr("junco.hub.web.searching._PAGE", most)
        asked.clear()
        look(hub, "/")
        look(hub, "/search")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[1] < 40


def test_a_snippet_gives_what_the_pipeline_takes(hub):
    hub.repository(hub.bob, "bob/said")
    text = "junco: 1\nname: said\nfamily: text-embedding\ninputs: [text]\nsteps:\n"
    text += "  - {map: vector.normalize, in: text, out: made, name: one}\noutputs: [made]\n"
    hub.push(hub.bob, "bob/said", {"pipeline.yaml": text.encode()}, parent=None)
    assert "made = p(&#34;a sentence&#34;)" in look(hub, "/bob/said")
    hub.push(hub.bob, "bob/said", {"pipeline.yaml": b"junco: 1\nsteps: nonsense\n"})
    assert "result = p(…)" in look(hub, "/bob/said")


def test_a_long_card_is_cut_and_says_so(hub):
    hub.repository(hub.bob, "bob/long")
    hub.push(hub.bob, "bob/long", {"README.md": b"# Long\n\n" + b"word " * 30_000 + b"the end"}, parent=None)
    shown = look(hub, "/bob/long")
    assert "longer than is shown" in shown
    assert "the end" not in shown


def test_a_folder_of_very_many_files_is_listed_in_part(hub, monkeypatch):
    monkeypatch.setattr("junco.hub.web.files._MOST_LISTED", 3)
    shown = look(hub, "/bob/sentences/tree/main")
    assert shown.count("<tr>") == 1 + 3
    assert "more</p>" in shown


def test_files_of_odd_names_are_reached(hub):
    names = ["a b#c.txt", "100%.txt", "图像/向量.txt", "it's+so@1&2.txt", "%41.txt"]
    hub.repository(hub.bob, "bob/names")
    hub.push(hub.bob, "bob/names", {name: f"this is {n}".encode() for n, name in enumerate(names)}, parent=None)
    shown = look(hub, "/bob/names/tree/main")
    links = [html.unescape(each) for each in re.findall(r'href="(/bob/names/blob/[^"]+)"', shown)]
    links.append("/bob/names/blob/main/%E5%9B%BE%E5%83%8F/%E5%90%91%E9%87%8F.txt")
    found = {re.search(r"this is (\d)", look(hub, link))[1] for link in links}
    assert found == set("01234")


def test_a_signed_repository_says_how_it_is_verified(hub, tmp_path):
    from junco.hub.signing.folders import sign
    from junco.hub.signing.keys import new_key

    private, *_ = new_key(tmp_path / "mine")
    folder = begin("pipeline", "signed", tmp_path / "signed")
    sign(folder, private)
    hub.repository(hub.bob, "bob/signed")
    files = {each.name: each.read_bytes() for each in folder.iterdir()}
    hub.push(hub.bob, "bob/signed", files, parent=None)
    shown = look(hub, "/bob/signed")
    assert "junco hub verify bob/signed@" in shown
    assert 'href="/bob/signed/blob/main/model.sig"' in shown
    assert '<span class="chip" title="Not checked by this hub: junco hub verify bob/signed' in shown
    assert "bob/</span>signed" in look(hub, "/search?signed=yes")
    hub.push(hub.bob, "bob/signed", {"more.txt": b"not signed for"})
    assert "junco hub verify" not in look(hub, "/bob/signed")


@pytest.mark.parametrize("value", [1e15, -1e15, 0.0])
def test_measures_that_are_all_the_same_are_drawn_however_large(value):
    from junco.hub.web.scatter import Point, scatter

    points = [Point(f"alice/{speed}", speed, value, value, value, "circle") for speed in (1e-6, 3.0)]
    assert "nan" not in str(scatter(points))
