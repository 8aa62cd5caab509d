"""Pages for whom they are: who sees what, and which forms change something."""

from __future__ import annotations

import re

import pytest


def test_who_has_logged_in_sees_their_own(hub, enter):
    alice, bob = enter(hub.alice), enter(hub.bob)
    assert "hidden words" in alice.get("/alice/secret")
    assert "alice/</span>secret" in alice.get("/search?q=hidden")
    bob.get("/alice/secret", 404)
    assert alice.client.get("/alice/secret/download/main/README.md").status_code == 200
    assert alice.client.get("/alice/secret/raster/main/a.png").headers["content-type"] == "image/png"


PARTS = (
    "", "@main", "/tree/main", "/tree/main/a", "/blob/main/README.md", "/raster/main/a.png", "/download/main/README.md",
    "/versions", "/compare/main...main", "/compare?base=main", "/commit/main", "/settings",
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_case_32_a_private_page_is_as_one_that_is_not_there(hub, enter, part):
    for browser in (enter(), enter(hub.bob)):
        shown = []
        for name in ("secret", "nosuch"):
            answer = browser.client.get(f"/alice/{name}{part}")
            headers = {key: value for key, value in answer.headers.items() if key not in {"date", "x-request-id"}}
            text = re.sub(r"<code>[0-9a-f]+</code>", "", answer.text).replace(name, "X")
            headers["content-length"] = str(len(text))
            shown.append((answer.status_code, text, headers))
        assert shown[0] == shown[1]
        assert shown[0][0] == 404


def test_likes_and_settings_are_forms(hub, enter):
    bob = enter(hub.bob)
    bob.send("/alice/flowers/like", liked="yes")
    assert "You like this now." in bob.get("/alice/flowers")
    assert "You like this now." not in bob.get("/alice/flowers")
    assert hub.ask("GET", "/repositories/alice/flowers", hub.bob)["liked"]
    bob.send("/alice/flowers/like", liked="no")
    bob.get("/alice/flowers/settings", 403)
    hub.repository(hub.bob, "bob/doomed")
    bob.send("/bob/doomed/settings", what="private")
    assert hub.ask("GET", "/repositories/bob/doomed", hub.bob)["private"]
    bob.send("/bob/doomed/settings", what="delete", name="bob/doom")
    assert "not typed" in bob.get("/bob/doomed/settings")
    bob.send("/bob/doomed/settings", what="delete", name="bob/doomed")
    assert "Its name stays taken" in bob.get("/")
    bob.get("/bob/doomed", 404)


def test_case_36_a_form_of_another_site_changes_nothing(hub, enter):
    alice = enter(hub.alice)
    alice.send("/alice/birds/settings", 403, word="", what="private")
    alice.send("/alice/birds/settings", 403, word="guessed", what="private")
    answer = alice.client.post(
        "/alice/birds/settings", data={"what": "private"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "<h1>" in answer.text
    enter().send("/alice/birds/like", 401, liked="yes")
    assert not hub.ask("GET", "/repositories/alice/birds")["private"]
    assert "frame-ancestors 'none'" in alice.client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil", "javascript:alert(1)", "/a\r\nX: y"]
)
def test_case_36_a_form_leads_back_to_this_hub_alone(hub, enter, back):
    answer = enter().client.post("/look", data={"theme": "dark", "back": back})
    assert answer.headers["Location"] == "/"
    assert "x" not in answer.headers


@pytest.mark.parametrize("encoding", ["unicode_escape", "punycode", "undefined", "utf-7"])
@pytest.mark.parametrize("path", ["/settings", "/tokens", "/new/organisation", "/login"])
def test_a_form_in_an_encoding_that_makes_no_text_is_refused(hub, enter, encoding, path):
    browser = enter(hub.alice)
    word = browser.client.get("/junco/v1/session").json()["form_token"]
    fields = {
        "form_token": word,
        **dict.fromkeys(("name", "user", "old", "new", "new_again", "password"), "\\ud800-abc"),
    }
    parts = [f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    kind = {"Content-Type": f"multipart/form-data; boundary=X; charset={encoding}"}
    answer = browser.client.post(path, content="".join([*parts, "--X--\r\n"]).encode(), headers=kind)
    assert 400 <= answer.status_code < 500
