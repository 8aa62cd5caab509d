"""Case 31: every route × every kind of caller, from the table of routes itself."""

from __future__ import annotations

import itertools
import re

import pytest
from sqlalchemy import update

from junco.hub.server.access import SCOPES, Action
from junco.hub.server.app import ROUTERS
from junco.hub.server.tables.people import Token

CALLERS = [
    "anonymous", "other", "reader", "writer", "admin", "server admin", "revoked", "expired", "disabled", "read scope",
    "no scope", "elsewhere", "garbage",
]  # fmt: skip
_NOBODY = {"revoked", "expired", "disabled", "garbage"}
MAY = {
    Action.OPEN: set(CALLERS) - _NOBODY,
    Action.SIGNED: set(CALLERS),
    Action.BE_SOMEBODY: set(CALLERS) - _NOBODY - {"anonymous"},
    Action.ACCOUNT: {"other", "reader", "writer", "admin", "server admin", "elsewhere"},
    Action.READ: {"reader", "writer", "admin", "server admin", "read scope"},
    Action.LIKE: {"reader", "writer", "admin", "server admin"},
    Action.WRITE: {"writer", "admin", "server admin"},
    Action.ADMINISTER: {"admin", "server admin"},
    Action.MANAGE: {"admin", "server admin", "no scope"},
    Action.SERVE: {"server admin"},
}
"""Who may do what to a private repository of an organisation."""
CHECKED_WITHIN = {
    ("POST", "/junco/v1/repositories"), ("POST", "/api/repos/create"), ("DELETE", "/api/repos/delete"),
    ("POST", "/junco/v1/users"), ("GET", "/metrics"),
}  # fmt: skip
"""Routes whose target is in the body: each is asked about in a test of its own, below."""


def table():
    """Method, path and action of every route that the app has."""
    for prefix, router in ROUTERS:
        for route in router.routes:
            actions = [
                dependency.call.action
                for dependency in route.dependant.dependencies
                if hasattr(dependency.call, "action")
            ]
            for method in sorted(route.methods):
                yield method, prefix + route.path, actions


ROUTES = sorted(table())


@pytest.fixture(scope="module")
def club(hub):
    """An organisation with a private and a public repository, and a token for each kind of caller."""
    names = {"other": "other", "reader": "reader", "writer": "writer", "admin": "boss"}
    people = {caller: hub.user(name) for caller, name in names.items()}
    hub.ask("POST", "/organisations", people["admin"], json={"name": "club"}, status=201)
    for role in ("reader", "writer"):
        body = {"role": {"reader": "read", "writer": "write"}[role]}
        hub.ask("PUT", f"/organisations/club/members/{role}", people["admin"], json=body, status=204)
    tokens = {name: person.token for name, person in people.items()} | {"server admin": hub.admin.token}
    for name, private in (("secret", True), ("open", False)):
        hub.repository(people["admin"], f"club/{name}", private=private)
        hub.push(people["admin"], f"club/{name}", {"a.txt": b"hidden"}, parent=None)
    hub.repository(people["admin"], "club/elsewhere")
    writer = people["writer"]
    tokens["revoked"] = hub.token(writer)
    hub.ask("DELETE", "/me/token", tokens["revoked"], status=204)
    tokens["expired"] = hub.token(writer)
    with hub.hub.database.writing() as session:
        newest = hub.ask("GET", "/me/tokens", writer)["tokens"][0]["id"]
        session.execute(update(Token).where(Token.id == newest).values(expires=1))
    gone = hub.user("gone")
    hub.ask("PUT", "/organisations/club/members/gone", people["admin"], json={"role": "admin"}, status=204)
    hub.ask("POST", "/admin/users/gone/disable", hub.admin, status=204)
    tokens["disabled"] = gone.token
    tokens["read scope"] = hub.token(people["admin"], ["repo:read"])
    tokens["no scope"] = hub.token(people["admin"], ["org:admin"])
    tokens["elsewhere"] = hub.token(
        people["admin"], [s for s in SCOPES if s != "org:admin"], repository="club/elsewhere"
    )
    return {**tokens, "anonymous": None, "garbage": "jnc_" + "x" * 49}


def address(path, repository="secret"):
    """A route's path, filled in: what is written to is nothing that is there."""
    values = {
        "namespace": "club", "name": repository, "organisation": "club", "user": "nobody-here", "revision": "main",
        "revisions": "main...main", "path": "a.txt", "sha256": "0" * 64, "branch": "none", "tag": "none", "number": "0",
        "what": "neither", "family": "none", "oid": "0" * 64, "scope": "none", "xorb": "0" * 64, "rest": "none",
    }  # fmt: skip
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: values.get(found[1], "none"), path)


def test_every_route_says_which_action_it_is():
    assert [(method, path) for method, path, actions in ROUTES if not actions] == []
    assert len(ROUTES) > 60


WITH_ACTION = [(m, p, a) for m, p, a in ROUTES if (m, p) not in {("DELETE", "/junco/v1/me/token"), *CHECKED_WITHIN}]


@pytest.mark.parametrize(("method", "path", "actions"), WITH_ACTION, ids=str)
def test_case_31_a_route_is_for_those_whom_its_action_allows(hub, club, method, path, actions):
    may = set.intersection(*(MAY[action] for action in actions))
    ends = method == "DELETE" and path.endswith("/{name}")
    for caller in CALLERS:
        repository = "secret"
        if ends:
            repository = f"doomed-{path.count('/')}-{CALLERS.index(caller)}"
            hub.repository(club["admin"], f"club/{repository}", private=True)
        answer = hub.raw(method, address(path, repository), club[caller], content=b"{" if method != "GET" else None)
        if path.startswith(("/_xet", "/_lfs")):
            assert answer.status_code in {401, 403, 404}, (caller, answer.text)
        elif caller in may:  # what is asked for makes no sense, and so is refused for that, or not there
            assert answer.status_code not in {401, 403}, (caller, answer.text)
            assert answer.status_code < 500, (caller, answer.text)
        else:
            assert answer.status_code in {401, 403, 404}, (caller, answer.text)
            if caller in _NOBODY:
                assert answer.status_code == 401


OF_REPOSITORIES = [(m, p) for m, p, _ in ROUTES if "{name}" in p]


@pytest.mark.parametrize(("method", "path"), OF_REPOSITORIES, ids=str)
def test_case_32_a_private_repository_is_as_one_that_is_not_there(hub, club, method, path):
    assert hub.raw("GET", "/junco/v1/repositories/club/secret", club["reader"]).status_code == 200
    for caller in ("anonymous", "other", "no scope", "elsewhere"):
        answers = [
            hub.raw(method, address(path, name), club[caller], content=b"{}" if method != "GET" else None)
            for name in ("secret", "nosuch")
        ]
        shown = [
            (answer.status_code, re.sub('"request":"[0-9a-f]+"', "", answer.text), sorted({*answer.headers} - {"date"}))
            for answer in answers
        ]
        assert shown[0] == shown[1], caller
        assert answers[0].status_code in {401, 404}


def test_case_32_what_is_private_is_in_no_list(hub, club):
    for caller, path in itertools.product(("anonymous", "other", "no scope", "elsewhere"), (
        "/junco/v1/repositories?q=secret", "/junco/v1/repositories?namespace=club", "/api/models?search=secret",
        "/api/models?author=club", "/junco/v1/users/club", "/junco/v1/trends", "/api/users/boss/likes",
    )):  # fmt: skip
        hub.ask("PUT", "/repositories/club/secret/like", club["admin"], status=204)
        answer = hub.raw("GET", path, club[caller])
        assert answer.status_code == 200
        assert "club/secret" not in answer.text
    found = hub.ask("POST", "/resolve", club["other"], json={"names": ["club/secret", "club/nosuch"]})["resolved"]
    assert found[0]["error"] == found[1]["error"]
    assert "club/secret" in hub.raw("GET", "/api/models?author=club", club["reader"]).text


@pytest.mark.parametrize("caller", CALLERS)
def test_case_31_a_repository_is_made_by_those_who_may_write(hub, club, caller):
    body = {"name": f"club/made-by-{caller.replace(' ', '-')}"}
    answer = hub.raw("POST", "/junco/v1/repositories", club[caller], json=body)
    may = caller in {"writer", "admin", "server admin"}
    assert answer.status_code == 201 if may else answer.status_code in {401, 403}
    answer = hub.raw(
        "POST", "/api/repos/create", club[caller], json={"organization": "club", "name": f"hf-{caller[:3]}"}
    )
    assert answer.status_code in {200, 409} if may else answer.status_code in {401, 403}


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller not in {"admin", "server admin"}])
def test_case_31_a_repository_ends_by_an_admin_alone(hub, club, caller):
    body = {"organization": "club", "name": "secret"}
    assert hub.raw("DELETE", "/api/repos/delete", club[caller], json=body).status_code in {401, 403, 404}
    assert hub.ask("GET", "/repositories/club/secret", club["admin"])["name"] == "club/secret"


def test_a_user_is_made_by_an_admin_alone(hub, club):
    for caller in CALLERS:
        body = {"user": f"by-{caller.replace(' ', '-')}", "password": "a long enough password"}
        answer = hub.raw("POST", "/junco/v1/users", club[caller], json=body)
        assert answer.status_code == 201 if caller == "server admin" else answer.status_code in {401, 403}


def test_a_token_makes_none_that_can_do_more(hub, club):
    reader = hub.token(hub.user("careful"), ["repo:read", "user"])
    body = {"name": "more", "scopes": ["repo:write"]}
    assert hub.ask("POST", "/me/tokens", reader, json=body, status=403)["error"]["details"] == {"scope": "repo:write"}
    hub.ask("POST", "/me/tokens", reader, json={"name": "same", "scopes": ["repo:read"]}, status=201)
    body = {"name": "wider", "scopes": ["repo:read"]}
    narrow = hub.ask("POST", "/me/tokens", club["elsewhere"], json=body, status=201)["token"]
    assert hub.raw("GET", "/junco/v1/repositories/club/secret", narrow).status_code == 404


def test_a_token_of_one_repository_reads_what_is_public_and_writes_there_alone(hub, club):
    assert hub.raw("GET", "/junco/v1/repositories/club/open", club["elsewhere"]).status_code == 200
    commit = {"parent": "any", "add": [{"path": "a", "content": "YQ=="}]}
    hub.ask("POST", "/repositories/club/open/commits/main", club["elsewhere"], json=commit, status=403)
    hub.ask("POST", "/repositories/club/elsewhere/commits/main", club["elsewhere"], json=commit, status=201)


def test_who_leaves_an_organisation_has_left(hub, club):
    leaver = hub.user("leaver")
    hub.ask("PUT", "/organisations/club/members/leaver", club["admin"], json={"role": "write"}, status=204)
    assert hub.raw("GET", "/junco/v1/repositories/club/secret", leaver).status_code == 200
    hub.ask("DELETE", "/organisations/club/members/leaver", club["admin"], status=204)
    assert hub.raw("GET", "/junco/v1/repositories/club/secret", leaver).status_code == 404
    hub.ask("DELETE", "/organisations/club/members/boss", club["admin"], status=409)
