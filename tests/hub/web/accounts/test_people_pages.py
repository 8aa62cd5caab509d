"""Pages of users, organisations, tokens and of whoever runs the hub."""

from __future__ import annotations

import re

import pytest
from visiting import said

CARD = b"---\nlicense: mit\n---\n# A thing\n\nIt does things.\n"


@pytest.fixture(scope="module")
def shared(hub, alice, bob):
    """Alice's public and private repository, and an organisation in which bob may write."""
    hub.repository(alice, "alice/open")
    hub.push(alice, "alice/open", {"README.md": CARD}, parent=None)
    hub.repository(alice, "alice/secretive", private=True)
    hub.ask("POST", "/organisations", alice, json={"name": "club"}, status=201)
    hub.ask("PUT", "/organisations/club/members/bob", alice, json={"role": "write"}, status=204)


def test_a_page_of_somebody_shows_what_its_reader_may_see(shared, alice, bob, visit):
    for person, names, count in ((None, ["open"], 1), (bob, ["open"], 1), (alice, ["secretive", "open"], 2)):
        page = visit(person).get("/alice")
        assert re.findall(r'<a href="/alice/([a-z]+)"', page) == names
        assert f"{count} repositor" in said(page)
        assert ("secretive" in page) == (person is alice)
        assert ("New organisation" in page) == (person is alice)


def test_a_page_of_nobody_is_not_there(visit):
    visit().get("/nobody-of-this-name", status=404)
    assert "Nothing shared yet" in visit().get("/bob")


def test_an_organisations_admin_changes_members_and_nobody_else(hub, shared, alice, bob, visit):
    hub.user("eve")
    visit(bob).get("/organisations/club", status=403)
    visit().get("/organisations/club", status=401)
    visit(bob).post("/organisations/club/members", {"user": "bob", "role": "admin"}, status=403)
    boss = visit(alice)
    assert "Manage members" in boss.get("/club")
    assert "Manage members" not in visit(bob).get("/club")
    boss.post("/organisations/club/members", {"user": "eve", "role": "read"})
    assert "The role is set." in boss.get("/organisations/club")
    members = hub.ask("GET", "/users/club")["members"]
    assert {"name": "eve", "role": "read"} in members
    page = boss.post("/organisations/club/members", {"user": "no-such-user", "role": "read"}, status=404).text
    assert "there is no user or organisation" in page
    assert 'value="no-such-user"' in page
    page = boss.post("/organisations/club/members", {"user": "eve", "role": "emperor"}, status=400).text
    assert "a role is one of" in page
    boss.post("/organisations/club/members/eve/remove")
    assert "eve" not in [each["name"] for each in hub.ask("GET", "/users/club")["members"]]
    page = boss.post("/organisations/club/members/alice/remove", status=409).text
    assert "the last admin of an organisation stays one" in page


def test_an_organisation_is_made_by_a_form(hub, alice, visit):
    visitor = visit(alice)
    page = visitor.post("/new/organisation", {"name": "c1ub"}, status=409).text
    assert "is taken" in page
    assert visitor.post("/new/organisation", {"name": "society"}).headers["Location"] == "/organisations/society"
    assert hub.ask("GET", "/users/society")["members"] == [{"name": "alice", "role": "admin"}]


def _token(page):
    return re.search(r'<code id="new-token">(jnc_\w+)</code>', page)[1]


def test_a_token_is_shown_once_and_does_what_it_says(hub, shared, alice, visit):
    visitor = visit(alice)
    fields = {"name": "laptop <b>", "scopes": ["repo:read", "user"], "days": "7", "only": ""}
    answer = visitor.post("/tokens", fields, status=201)
    assert answer.headers["Cache-Control"] == "no-store"
    token = _token(answer.text)
    assert token not in visitor.get("/tokens")
    assert "laptop &lt;b&gt;" in visitor.get("/tokens")
    me = hub.ask("GET", "/me", token)
    assert (me["user"], sorted(me["token"]["scopes"])) == ("alice", ["repo:read", "user"])
    hub.ask("POST", "/repositories", token, json={"name": "alice/more"}, status=403)
    visitor.post(f"/tokens/{me['token']['id']}/revoke")
    assert "The token is good no more." in visitor.get("/tokens")
    assert hub.raw("GET", "/junco/v1/me", token).status_code == 401


def test_a_token_may_be_for_one_repository_alone(hub, shared, alice, visit):
    answer = visit(alice).post(
        "/tokens",
        {"name": "ci", "scopes": ["repo:read", "repo:write"], "days": "1", "only": "alice/secretive"},
        status=201,
    )
    token = _token(answer.text)
    assert hub.raw("GET", "/junco/v1/repositories/alice/secretive", token).status_code == 200
    hub.ask("POST", "/repositories", token, json={"name": "alice/more"}, status=403)
    assert 'href="/alice/secretive"' in visit(alice).get("/tokens")


@pytest.mark.parametrize(
    ("changed", "field", "status", "why"),
    [
        ({"name": ""}, "name", 422, "This is needed."),
        ({"name": "x" * 500}, "name", 422, "too long"),
        ({"scopes": []}, "scopes", 422, "Tick one at least."),
        ({"scopes": ["all:of:it"]}, "scopes", 422, "scopes are of"),
        ({"days": "9999"}, "scopes", 422, "days are 1 to"),
        ({"days": "soon"}, "name", 422, "no number of days"),
        ({"only": "nobody-of-this-name"}, "only", 404, "there is no user or organisation"),
        ({"only": "alice/secretive"}, "only", 404, "there is no such repository, or it is private and not yours"),
        ({"only": "alice/nosuch"}, "only", 404, "there is no such repository, or it is private and not yours"),
    ],
)
def test_a_token_that_cannot_be_is_refused_beside_its_field(shared, bob, visit, changed, field, status, why):
    fields = {"name": "mine", "scopes": ["repo:read"], "days": "7", "only": ""}
    page = visit(bob).post("/tokens", fields | changed, status=status).text
    assert why in said(re.search(rf'id="about-{field}"[^>]*>([^<]*)', page)[1])
    assert "new-token" not in page


def test_nobody_revokes_anothers_token(hub, alice, bob, visit):
    number = hub.ask("GET", "/me", alice)["token"]["id"]
    for wrong in (number, 0, 10**30):
        visit(bob).post(f"/tokens/{wrong}/revoke", status=404)
    assert hub.ask("GET", "/me", alice)["user"] == "alice"


def test_only_admins_see_the_administration(alice, visit):
    for path in ("/admin", "/admin/users", "/admin/audit"):
        visit(alice).get(path, status=403)
    for path in ("/admin/users", "/admin/collect", "/admin/users/alice/disable"):
        visit(alice).post(path, {"user": "planted"}, status=403)
    assert 'href="/admin"' not in visit(alice).get("/")


def test_a_user_is_made_shut_out_and_let_in_again(hub, visit):
    admin = visit(hub.admin)
    page = admin.post("/admin/users", {"user": "frank"}, status=201).text
    password = re.search(r'<code id="new-password">([^<]+)</code>', page)[1]
    assert password not in admin.get("/admin/users")
    frank = visit()
    frank.post("/login", {"user": "frank", "password": password})
    token = _token(frank.post("/tokens", {"name": "t", "scopes": "repo:read", "days": "1"}, status=201).text)
    admin.post("/admin/users/frank/disable")
    assert "disabled" in said(admin.get("/admin/users?q=frank"))
    assert frank.client.get("/tokens").status_code == 401
    assert hub.raw("GET", "/junco/v1/me", token).status_code == 401
    visit().post("/login", {"user": "frank", "password": password}, status=401)
    admin.post("/admin/users/frank/enable")
    assert frank.client.get("/tokens").status_code == 401
    assert hub.raw("GET", "/junco/v1/me", token).status_code == 401
    visit().post("/login", {"user": "frank", "password": password})
    page = admin.post("/admin/users", {"user": "fr4nk!"}, status=422).text
    assert 'value="fr4nk!"' in page


def test_who_has_lost_a_password_gets_another(hub, visit):
    judy = hub.user("judy")
    theirs, admin = visit(judy), visit(hub.admin)
    page = admin.post("/admin/users/judy/password", status=201).text
    password = re.search(r'<code id="new-password">([^<]+)</code>', page)[1]
    assert theirs.client.get("/tokens").status_code == 401
    visit().post("/login", {"user": "judy", "password": judy.password}, status=401)
    visit().post("/login", {"user": "judy", "password": password})
    assert password not in str(hub.ask("GET", "/admin/audit?action=password", hub.admin)["items"])
    admin.post("/admin/users/nobody-of-this-name/password", status=404)


def test_an_admin_does_not_shut_themselves_out(hub, visit):
    page = visit(hub.admin).post(f"/admin/users/{hub.admin.name}/disable", status=409).text
    assert "nobody shuts themselves out" in page
    hub.ask("POST", f"/admin/users/{hub.admin.name}/disable", hub.admin, status=409)


def test_users_are_found_and_paged(hub, visit):
    for number in range(55):
        hub.user(f"many-{number:02}")
    admin = visit(hub.admin)
    page = admin.get("/admin/users?q=many")
    rows = re.findall(r'<a href="/(many-[0-9]+)"', page)
    assert len(rows) == 50
    more = re.search(r'href="(/admin/users\?after=[^"]+)"', page)[1].replace("&amp;", "&")
    rest = re.findall(r'<a href="/(many-[0-9]+)"', admin.get(more))
    assert len({*rows, *rest}) == 55


def test_the_log_is_filtered(hub, shared, alice, visit):
    admin = visit(hub.admin)
    page = admin.get("/admin/audit?actor=alice&action=repository.make&target=alice/")
    rows = re.findall(r"<tr>\s*<td class=\"mono\">", page)
    assert len(rows) >= 2
    assert "alice/secretive" in page
    assert "session.open" not in re.search(r"<tbody>.*</tbody>", page, re.DOTALL)[0]
    assert "No such deed" in admin.get("/admin/audit?actor=nobody-ever")
    found = hub.ask("GET", "/admin/audit?action=member", hub.admin)["items"]
    assert found
    assert all(each["action"].startswith("member") for each in found)


def test_the_admins_page_counts_and_collects(hub, shared, alice, visit):
    admin = visit(hub.admin)
    page = said(admin.get("/admin"))
    assert "users" in page
    assert "SQLite" in page
    assert "open to anybody" in page
    answer = admin.post("/admin/collect", status=200)
    assert re.search(r"\d+ files? (is|are) gone", said(answer.text))


def test_case_35_names_and_words_are_shown_as_they_are(hub, alice, visit):
    page = visit(alice).post("/new/organisation", {"name": '"><script>alert(1)</script>{{7*7}}'}, status=422).text
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
