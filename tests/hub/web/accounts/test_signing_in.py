"""Sessions of browsers: begun, ended, never lent; and the forms that other sites cannot send (case 36)."""

from __future__ import annotations

import re

import pytest
from hubs import running_hub
from visiting import Visitor, said, value_of

from junco.hub.server.hub import Limits
from junco.hub.web import administration, people, signing_in, tokens

GOOD = "a long enough password"


def test_who_signs_in_is_shown_by_name_and_the_cookie_is_no_scripts(hub, alice, visit):
    visitor = visit()
    answer = visitor.sign_in(alice, back="/families")
    assert answer.headers["Location"] == "/families"
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = visitor.get("/")
    assert "You are signed in." in page
    assert 'class="me" href="/alice"' in page
    assert "You are signed in." not in visitor.get("/")


def test_a_wrong_password_is_said_and_what_was_typed_is_kept_but_for_it(alice, visit):
    visitor = visit()
    page = visitor.post("/login", {"user": "alice", "password": "wrong-and-secret", "back": "/alice"}, status=401).text
    assert "no user has this name and password" in page
    assert 'role="alert"' in page
    assert (value_of(page, "user"), value_of(page, "back"), value_of(page, "password")) == ("alice", "/alice", "")
    assert "wrong-and-secret" not in page
    unknown = visitor.post("/login", {"user": "nobody-there", "password": "wrong-and-secret"}, status=401).text
    assert "no user has this name and password" in unknown


@pytest.mark.parametrize("field", ["user", "password"])
def test_a_field_that_is_empty_is_named(visit, field):
    given = {"user": "alice", "password": "x"} | {field: ""}
    page = visit().post("/login", given, status=422).text
    assert re.search(rf'id="field-{field}"[^>]*aria-invalid="true" aria-describedby="about-{field}"', page)
    assert re.search(rf'id="about-{field}"[^>]*>This is needed', page)


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_one_is_led_nowhere_else_after_a_login(alice, visit, back):
    assert visit().sign_in(alice, back=back).headers["Location"] == "/"
    assert value_of(visit().client.get("/login", params={"back": back}).text, "back") == "/"


def test_case_36_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(alice, visit):
    visitor = visit()
    visitor.client.cookies.set("junco", "planted")
    visitor.sign_in(alice)
    sessions = [cookie.value for cookie in visitor.client.cookies.jar if cookie.name == "junco"]
    assert any(value != "planted" for value in sessions)
    thief = visit()
    thief.client.cookies.set("junco", "planted")
    assert thief.client.get("/junco/v1/session").json()["user"] is None


def test_case_36_signing_in_again_ends_the_session_of_before(hub, alice, bob, visit):
    visitor = visit(alice)
    old = visitor.cookie
    visitor.sign_in(bob)
    assert visitor.cookie != old
    thief = visit()
    thief.client.cookies.set("junco", old)
    assert thief.client.get("/junco/v1/session").json()["user"] is None


def test_case_36_signing_out_ends_the_session_everywhere(alice, visit):
    visitor = visit(alice)
    kept = visitor.cookie
    visitor.post("/logout")
    assert "You are signed out." in visitor.get("/")
    thief = visit()
    thief.client.cookies.set("junco", kept)
    assert thief.client.get("/junco/v1/session").json()["user"] is None
    assert thief.client.get("/tokens").status_code == 401


FORMS = sorted(
    route.path
    for module in (signing_in, tokens, people, administration)
    for route in module.routes.routes
    if "POST" in route.methods
)


@pytest.mark.parametrize("path", FORMS)
def test_case_36_no_form_is_taken_without_the_sessions_word_or_from_elsewhere(hub, alice, visit, path):
    visitor = visit(hub.admin)
    hub.raw("POST", "/junco/v1/organisations", hub.admin, json={"name": "formers"})
    address = re.sub(r"\{(\w+)\}", lambda found: {"organisation": "formers", "user": "alice", "what": "disable",
                                                  "number": "1"}[found[1]], path)  # fmt: skip
    fields = {"user": "planted-user", "name": "planted", "role": "admin", "scopes": "repo:read", "days": "1",
              "password": GOOD, "password_again": GOOD, "old": hub.admin.password, "new": GOOD,
              "new_again": GOOD}  # fmt: skip
    for word in ({}, {"form_token": ""}, {"form_token": "x" * 32}):
        answer = visitor.client.post(address, data=fields | word, headers={"Origin": hub.url})
        assert answer.status_code == 403, (word, answer.status_code)
    word = {"form_token": visitor.word()}
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = visitor.client.post(address, data=fields | word, headers=origin)
        assert answer.status_code == 403, (origin, answer.status_code)
        nobody = visit().client.post(address, data=fields, headers=origin)
        assert nobody.status_code in {401, 403, 404}
    assert hub.ask("GET", "/me", alice)["user"] == "alice"
    assert hub.raw("GET", "/junco/v1/users/planted-user").status_code == 404


def test_case_38_passwords_cannot_be_tried_without_end(tmp_path):
    with running_hub(tmp_path, limits=Limits(logins=3)) as hub:
        hub.user("alice")
        visitor = Visitor(hub)
        for _ in range(3):
            visitor.post("/login", {"user": "alice", "password": "wrong"}, status=401)
        answer = visitor.post("/login", {"user": "alice", "password": "wrong"}, status=429)
        assert int(answer.headers["Retry-After"]) > 0
        assert "Too many requests" in answer.text
        visitor.client.close()


def test_another_password_ends_the_other_browsers_and_keeps_tokens(hub, visit):
    carol = hub.user("carol")
    here, elsewhere = visit(carol), visit(carol)
    wrong = [
        ({"old": "not it"}, "old", "This is not your password."),
        ({"new_again": "another one"}, "new_again", "The two are not the same."),
        ({"new": "short", "new_again": "short"}, "new", "10 to 256 characters"),
        ({"new": ""}, "new", "This is needed."),
        ({"old": ""}, "old", "This is needed."),
    ]
    good = {"old": carol.password, "new": "quite another password", "new_again": "quite another password"}
    for changed, field, why in wrong:
        page = here.post("/settings", good | changed, status=422).text
        assert re.search(rf'id="about-{field}"[^>]*>[^<]*{why}', page)
        for password in {*good.values(), *changed.values()} - {""}:
            assert password not in page
    answer = here.post("/settings", good)
    assert answer.headers["Location"] == "/settings"
    assert "Your password is changed." in here.get("/settings")
    assert elsewhere.client.get("/settings").status_code == 401
    assert hub.ask("GET", "/me", carol)["user"] == "carol"
    visit().post("/login", {"user": "carol", "password": carol.password}, status=401)
    visit().post("/login", {"user": "carol", "password": "quite another password"})


def test_who_joins_is_signed_in_and_looks_like_nobody_else(hub, alice, visit):
    visitor = visit()
    for fields, field, why in (
        ({"user": "al1ce", "password": GOOD, "password_again": GOOD}, "user", "is taken"),
        ({"user": "a b", "password": GOOD, "password_again": GOOD}, "user", "a name has 1 to 96"),
        ({"user": "settings", "password": GOOD, "password_again": GOOD}, "user", "the server's own"),
        ({"user": "dave", "password": "short", "password_again": "short"}, "password", "10 to 256 characters"),
        ({"user": "dave", "password": GOOD, "password_again": ""}, "password_again", "The two are not the same."),
    ):
        answer = visitor.post("/join", fields, status=409 if why == "is taken" else 422)
        assert why in said(answer.text)
        assert f'id="about-{field}"' in answer.text
        assert value_of(answer.text, "user") == fields["user"]
        assert GOOD not in answer.text
    answer = visitor.post("/join", {"user": "dave", "password": GOOD, "password_again": GOOD})
    assert answer.headers["Location"] == "/dave"
    assert "Welcome" in visitor.get("/dave")


def test_where_sign_up_is_closed_nobody_joins(tmp_path):
    with running_hub(tmp_path) as hub:
        visitor = Visitor(hub)
        assert "Accounts are made by whoever runs this hub." in visitor.get("/join")
        visitor.post("/join", {"user": "dave", "password": GOOD, "password_again": GOOD}, status=404)
        assert "/join" not in visitor.get("/login")
        assert hub.raw("GET", "/junco/v1/users/dave").status_code == 404
        visitor.client.close()


@pytest.mark.parametrize(
    "path", ["/settings", "/tokens", "/new/organisation", "/admin", "/admin/users", "/admin/audit"]
)
def test_nobody_sees_what_is_for_somebody(visit, path):
    page = visit().get(path, status=401)
    assert "Sign in first" in page


def test_pages_speak_chinese(alice, visit):
    visitor = visit(language="zh-CN")
    page = visitor.post("/login", {"user": "alice", "password": "wrong"}, status=401).text
    assert "用户名或密码不正确" in page
    assert '<html lang="zh"' in page
