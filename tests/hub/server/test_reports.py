"""What was measured: reports are checked, kept by commit, and compared by family."""

from __future__ import annotations

import copy
import json

import pytest
from hubs import REPORT

CARD = "---\nlicense: {licence}\ntags: ['junco:operator', 'family:{family}']\n---\n# {title}\n"


def report(**changed):
    """A report that says something else."""
    return copy.deepcopy(REPORT) | changed


def measured(value, spread=0.05, of="map"):
    return {of: {"mean": value, "low": value - spread, "high": value + spread, "num_items": 50}}


def member(hub, who, name, *, family, licence="mit", private=False, **more):
    """A repository of a family, with a commit: the commit."""
    hub.repository(who, name, private=private)
    card = CARD.format(licence=licence, family=family, title=name).encode()
    return hub.push(who, name, {"README.md": card}, parent=None, **more)["commit"]


def send(hub, who, name, sent, *, status=201, revision="main"):
    return hub.ask(
        "POST", f"/repositories/{name}/reports", who, json={"revision": revision, "report": sent}, status=status
    )


def test_a_report_says_of_which_commit_by_whom_where_and_when(hub, alice):
    commit = member(hub, alice, "alice/measured", family="f-one", release="v1.0.0")
    made = send(hub, alice, "alice/measured", report())
    hub.push(alice, "alice/measured", {"b": b"later"})
    shown = hub.ask("GET", "/repositories/alice/measured/reports")["items"]
    assert [each["id"] for each in shown] == [made["id"]]
    assert (shown[0]["commit"], shown[0]["releases"], shown[0]["by"]) == (commit, ["v1.0.0"], "alice")
    for key in ("machine", "measured", "junco", "metrics", "items_per_s"):
        assert shown[0][key] == REPORT[key]
    assert shown[0]["at"].startswith("20")
    assert hub.ask("GET", "/repositories/alice/measured/reports?revision=main")["items"] == []
    assert len(hub.ask("GET", "/repositories/alice/measured/reports?revision=v1.0.0")["items"]) == 1


def test_the_same_report_sent_twice_is_one_and_of_another_commit_another(hub, alice):
    member(hub, alice, "alice/once", family="f-one")
    first = send(hub, alice, "alice/once", report())
    assert send(hub, alice, "alice/once", report(), status=200)["id"] == first["id"]
    hub.push(alice, "alice/once", {"b": b"later"})
    assert send(hub, alice, "alice/once", report())["id"] != first["id"]


@pytest.mark.parametrize(
    "changed",
    [
        {"metrics": {}},
        {"metrics": measured(float("nan"))},
        {"metrics": measured(float("inf"))},
        {"metrics": measured(1e300)},
        {"metrics": measured("0.5", 0) if False else {"map": {"mean": "0.5", "low": 0, "high": 1, "num_items": 1}}},
        {"metrics": {"map": {"mean": True, "low": 0, "high": 1, "num_items": 1}}},
        {"metrics": measured(0.5, -0.1)},
        {"metrics": {"map": {"mean": 0.5, "low": 0, "high": 1, "num_items": -1}}},
        {"metrics": {f"m{number}": measured(0.5)["map"] for number in range(65)} | measured(0.5)},
        {"main": "ndcg"},
        {"dim": 0},
        {"dim": 1.5},
        {"items_per_s": 0},
        {"items_per_s": 5e-324},
        {"items_per_s": -1},
        {"model_bytes": 2**60},
        {"machine": ""},
        {"machine": "x" * 201},
        {"machine": "two\nlines"},
        {"machine": "turned \u202e round"},
        {"measured": "yesterday"},
        {"measured": "2026-02-31T00:00:00Z"},
        {"measured": "2099-01-01T00:00:00Z"},
        {"junco": "<script>"},
        {"data": {"name": "", "fingerprint": None}},
        {"data": {"name": "a@b"}},
        {"data": {"name": "x" * 97}},
        {"data": {"name": "a", "fingerprint": "F" * 64}},
        {"unknown": 1},
    ],
    ids=str,
)
def test_what_is_no_measurement_is_refused(hub, alice, changed):
    if hub.raw("GET", "/junco/v1/repositories/alice/refusing").status_code == 404:
        member(hub, alice, "alice/refusing", family="f-one")
    body = json.dumps({"report": report(**changed)})
    headers = {**alice.headers, "Content-Type": "application/json"}
    answer = hub.raw("POST", "/junco/v1/repositories/alice/refusing/reports", headers=headers, content=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] == "invalid"
    assert hub.ask("GET", "/repositories/alice/refusing/reports")["items"] == []


def test_a_report_is_small(hub, alice):
    member(hub, alice, "alice/large", family="f-one")
    body = json.dumps({"report": report()}) + " " * (64 << 10)
    headers = {**alice.headers, "Content-Type": "application/json"}
    answer = hub.raw("POST", "/junco/v1/repositories/alice/large/reports", headers=headers, content=body)
    assert answer.status_code == 413
    pieces = (piece.encode() for piece in (json.dumps({"report": report()}), *[" " * 1000] * 70))
    assert (
        hub.raw("POST", "/junco/v1/repositories/alice/large/reports", headers=headers, content=pieces).status_code
        == 413
    )


def test_a_report_is_of_a_commit_that_is_there(hub, alice):
    hub.repository(alice, "alice/empty")
    assert send(hub, alice, "alice/empty", report(), status=404)["error"]["code"] == "no-revision"
    member(hub, alice, "alice/filled", family="f-one")
    send(hub, alice, "alice/filled", report(), status=404, revision="v9.9.9")


def test_others_send_none_and_take_none_away(hub, alice, bob):
    member(hub, alice, "alice/owned", family="f-one")
    number = send(hub, alice, "alice/owned", report())["id"]
    send(hub, bob, "alice/owned", report(), status=403)
    hub.ask("DELETE", f"/repositories/alice/owned/reports/{number}", bob, status=403)
    member(hub, bob, "bob/own", family="f-one")
    hub.ask("DELETE", f"/repositories/bob/own/reports/{number}", bob, status=404)
    assert len(hub.ask("GET", "/repositories/alice/owned/reports")["items"]) == 1
    hub.ask("DELETE", f"/repositories/alice/owned/reports/{number}", alice, status=204)
    assert hub.ask("GET", "/repositories/alice/owned/reports")["items"] == []


def test_reports_are_noted_in_the_log(hub, alice):
    member(hub, alice, "alice/logged", family="f-one")
    number = send(hub, alice, "alice/logged", report())["id"]
    hub.ask("DELETE", f"/repositories/alice/logged/reports/{number}", alice, status=204)
    log = hub.ask("GET", "/admin/audit?limit=1000", hub.admin)["items"]
    mine = [(each["action"], each["actor"]) for each in log if each["target"] == "alice/logged"]
    assert mine[:2] == [("report.drop", "alice"), ("report.add", "alice")]


def test_a_repository_that_ends_takes_its_reports_along(hub, alice):
    member(hub, alice, "alice/ending", family="f-end")
    send(hub, alice, "alice/ending", report())
    hub.ask("DELETE", "/repositories/alice/ending", alice, status=204)
    told = hub.ask("GET", "/families/f-end")
    assert (told["total"], told["items"], told["data"]) == (0, [], [])


@pytest.fixture(scope="module")
def family(hub, alice):
    """Four members: two measured by the same data, one by another, one not at all; and a private one."""
    for name, value, speed in (("good", 0.9, 10.0), ("fast", 0.7, 900.0)):
        member(hub, alice, f"alice/{name}", family="f-two")
        send(hub, alice, f"alice/{name}", report(metrics=measured(value), items_per_s=speed))
    member(hub, alice, "alice/elsewhere", family="f-two")
    send(hub, alice, "alice/elsewhere", report(data={"name": "cars"}, metrics=measured(0.99)))
    member(hub, alice, "alice/unmeasured", family="f-two")
    member(hub, alice, "alice/hidden", family="f-two", private=True)
    send(hub, alice, "alice/hidden", report(data={"name": "our customers"}, machine="a secret machine"))
    return "f-two"


def names(told):
    return [each["name"].partition("/")[2] for each in told["items"]]


def test_members_stand_beside_each_other_by_one_data_and_gaps_are_shown(hub, family):
    told = hub.ask("GET", f"/families/{family}")
    assert told["chosen"] == {"data": "flowers@ffffffffffff", "metric": "map", "sort": "quality"}
    assert names(told)[:2] == ["good", "fast"]
    assert set(names(told)[2:]) == {"elsewhere", "unmeasured"}
    assert [each["report"] is None for each in told["items"]] == [False, False, True, True]
    assert [(each["name"], each["members"]) for each in told["data"]] == [("flowers", 2), ("cars", 1)]


@pytest.mark.parametrize(
    ("asked", "first"), [("sort=speed", "fast"), ("sort=quality&falling=false", "fast"), ("data=cars", "elsewhere")]
)
def test_members_are_sorted_by_what_was_asked_and_the_unmeasured_stand_last(hub, family, asked, first):
    told = hub.ask("GET", f"/families/{family}?{asked}")
    assert names(told)[0] == first
    assert told["items"][-1]["report"] is None


def test_a_sort_that_there_is_not_is_refused(hub, family):
    hub.ask("GET", f"/families/{family}?sort=id;drop", status=400)


def test_a_private_members_reports_are_seen_by_its_own_alone(hub, family, alice, bob):
    for who in (None, bob):
        text = json.dumps(hub.ask("GET", f"/families/{family}", who))
        assert "hidden" not in text
        assert "our customers" not in text
        assert "secret machine" not in text
        asked = hub.ask("GET", f"/families/{family}?data=our customers", who)
        assert all(each["report"] is None for each in asked["items"])
        hub.ask("GET", "/repositories/alice/hidden/reports", who, status=404)
    assert "our customers" in json.dumps(hub.ask("GET", f"/families/{family}", alice))


def test_the_report_of_what_is_current_stands_for_a_member(hub, alice):
    member(hub, alice, "alice/moving", family="f-three")
    send(hub, alice, "alice/moving", report(metrics=measured(0.2)))
    hub.push(alice, "alice/moving", {"b": b"later"})
    old = hub.ask("GET", "/families/f-three")["items"][0]["report"]
    assert (old["is_current"], old["metrics"]["map"]["mean"]) == (False, 0.2)
    send(hub, alice, "alice/moving", report(metrics=measured(0.3)))
    first = hub.ask("GET", "/repositories/alice/moving/commits/main")["items"][1]["commit"]
    send(hub, alice, "alice/moving", report(metrics=measured(0.4)), revision=first)
    new = hub.ask("GET", "/families/f-three")["items"][0]["report"]
    assert (new["is_current"], new["metrics"]["map"]["mean"]) == (True, 0.3)


def test_a_family_of_juncos_own_says_its_contract(hub):
    told = hub.ask("GET", "/families/image-embedding")
    kinds = {each["kind"]: each for each in told["contracts"]}
    assert "vector" in kinds["operator"]["interface"]
    assert hub.ask("GET", "/families/nobody-has-it")["contracts"] == []
