"""In which language pages are, and what they say when something fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from page_browser import HTML, look

from junco.hub.server.accounts.names import RESERVED
from junco.hub.server.app import ROUTERS
from junco.hub.web import figures, searching
from junco.hub.web.render import POLICY
from junco.hub.web.words import chinese, wanted_language

WEB = Path(sys.modules["junco.hub.web.words"].__file__).parent


def test_the_language_is_the_browsers_until_one_is_chosen(hub, enter):
    assert '<html lang="zh">' in look(hub, "/", **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert "上升最快" in look(hub, "/", **{"Accept-Language": "zh-CN"})
    browser = enter()
    browser.client.post("/look", data={"language": "zh", "back": "/search"})
    assert '<html lang="zh">' in browser.get("/")
    browser.client.post("/look", data={"theme": "dark"})
    assert 'data-theme="dark"' in browser.get("/")
    browser.client.post("/look", data={"theme": "", "language": "tlh"})
    assert "data-theme" not in browser.get("/")
    assert '<html lang="zh">' in browser.get("/")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("fr", "en"),
        ("zh;q=0.1, en;q=0.9", "en"),
        ("fr, zh-TW;q=0.5", "zh"),
        ("zh;q=x", "zh"),
        (",;=" * 99, "en"),
    ],
)
def test_the_best_liked_language_is_taken(accepted, language):
    assert wanted_language(accepted) == language


def test_every_text_has_a_chinese_one():
    wanted = set()
    for file in WEB.rglob("*.html"):
        text = file.read_text("utf-8")
        wanted |= {found[2] for found in re.finditer(r"""\bt\((["'])(.+?)\1""", text)}
        wanted |= {found[1] for found in re.finditer(r'\bmany\([^"]*"[^"]+", "([^"]+)"\)', text)}
    for module in ("SAID", "THEMES", "KIND_NAMES", "FACETS", "SORTS", "_TITLES"):
        holder = next(
            value for name, value in sys.modules.items() if name.startswith("junco.hub.web") and hasattr(value, module)
        )
        wanted |= set(getattr(holder, module).values())
    snippets = (WEB / "snippets.py").read_text("utf-8")
    wanted |= set(re.findall(r'Snippet\(\s*"([^"]+)"', snippets))
    wanted |= {text for pair in figures._AGO.values() for text in pair} | {each[2] for each in searching.CHOICES}
    assert len(wanted) > 100
    assert sorted(wanted - set(chinese())) == []


def test_translations_have_the_same_places():
    for english, text in chinese().items():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", text)), english


@pytest.mark.parametrize(
    "path", ["/alice/none", "/none", "/a/b/c/d", "/alice/flowers/blob/main/none", "/static/none.css"]
)
def test_what_is_not_there_is_a_page_for_people_and_json_for_programs(hub, path):
    assert '<p class="status" aria-hidden="true">404</p>' in look(hub, path, 404)
    answer = hub.raw("GET", path, hub.bob)
    assert answer.status_code == 404
    assert "error" in answer.json()


def test_too_many_requests_and_a_failure_are_pages(hub, monkeypatch):
    from junco.hub.server.faults import Fault

    def limited(*_args, **_more):
        raise Fault(429, "rate-limited", "wait", headers={"Retry-After": "7"})

    monkeypatch.setattr("junco.hub.server.limits.Counter.hit", limited)
    answer = hub.raw("GET", "/search", headers=HTML)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"
    assert "Wait 7 seconds" in answer.text
    monkeypatch.undo()

    def broken(*_args, **_more):
        raise RuntimeError("secret path /srv/hub")

    monkeypatch.setattr("junco.hub.web.searching.rows_of", broken)
    answer = hub.raw("GET", "/search", headers={**HTML, "Connection": "close"})
    assert answer.status_code == 500
    assert "The hub failed" in answer.text
    assert "secret path" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_hugging_faces_addresses_are_still_theirs(hub):
    assert (
        hub.raw("GET", "/alice/flowers/resolve/main/README.md").headers["content-disposition"].startswith("attachment")
    )
    assert hub.raw("GET", "/api/models").json()
    assert hub.raw("HEAD", "/alice/flowers/resolve/main/none").headers["X-Error-Code"] == "EntryNotFound"
    assert hub.raw("GET", "/junco/v1/").json()["hub"]


def test_no_namespace_is_called_as_a_page_is():
    firsts = {route.path.split("/")[1] for _, router in ROUTERS for route in router.routes if route.path.count("/") < 4}
    assert {first for first in firsts if first and "{" not in first} - {"_xet", "_lfs"} <= RESERVED


def test_a_list_shows_what_a_summary_says_first_and_never_a_colon_without_what_it_leads_to():
    assert figures.first_sentence("Photos as 64 numbers. Trained on flowers.") == "Photos as 64 numbers."
    assert figures.first_sentence("Version 1.0 of e.g. leaves") == "Version 1.0 of e.g. leaves"
    assert figures.first_sentence("以图搜图。再来一句。") == "以图搜图。"
    assert figures.first_sentence("It was made so:") == "It was made so…"
    assert figures.first_sentence("") == ""


def test_chinese_texts_have_chinese_signs_and_one_word_for_each_thing():
    for english, text in chinese().items():
        assert not re.search(r"[\u4e00-\u9fff] ?[,;:?!(]|[,;:?!)] ?[\u4e00-\u9fff]", text), english
        assert not re.search(r"您|(?<!家)族", text), english


def test_a_family_says_of_what_it_is_one_in_both_languages(hub):
    assert ">family of operators</span>" in look(hub, "/mei/contract")
    assert ">算子家族</span>" in look(hub, "/mei/contract", **{"Accept-Language": "zh"})
