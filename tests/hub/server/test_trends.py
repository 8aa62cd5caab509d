"""What rises, and that nobody makes something rise by asking again and again (case 38)."""

from __future__ import annotations

import pytest
from hubs import running_hub
from sqlalchemy import select, update

from junco.hub.server.clock import DAY, now, today
from junco.hub.server.repos import trends
from junco.hub.server.repos.trends import in_periods
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.use import Day

CARD = "---\nlicense: mit\ntags: ['junco:operator', 'family:{family}']\n---\n# A model\n"
COUNTED = {"X-Junco-Download": "1"}


@pytest.fixture
def hub(tmp_path):
    with running_hub(tmp_path) as running:
        yield running


def member(hub, who, name, family, *, private=False):
    hub.repository(who, name, private=private)
    hub.push(who, name, {"README.md": CARD.format(family=family).encode()}, parent=None)


def history(hub, name, downloads):
    """Give a repository days that have been: downloads, the oldest first, yesterday's last."""
    with hub.hub.database.writing() as session:
        repository = session.scalars(select(Repository).where(Repository.name == name)).one()
        for age, count in enumerate(reversed(downloads), 1):
            session.add(Day(repository_id=repository.id, day=today() - age, downloads=count, likes=0))
        session.execute(update(Repository).where(Repository.id == repository.id).values(created=now() - 400 * DAY))


def rising(hub, **asked):
    return {each["family"]: each for each in hub.ask("GET", "/trends", params=asked)["families"]}


def test_a_family_that_is_asked_for_more_than_usual_rises_above_one_that_is_large_and_falls(hub):
    alice = hub.user("alice")
    for name, days in (("steady", [50] * 60), ("falling", [90] * 50 + [5] * 10), ("rising", [1] * 50 + [30] * 10)):
        member(hub, alice, f"alice/{name}", f"f-{name}")
        history(hub, name, days)
    told = hub.ask("GET", "/trends?period=week")["families"]
    assert [each["family"] for each in told] == ["f-rising", "f-steady", "f-falling"]
    assert told[0]["rise"] > 0 > told[2]["rise"]
    assert len(told[0]["days"]) == 7 * 12
    assert sum(told[0]["days"]) == told[0]["downloads"] == 350


@pytest.mark.parametrize(("period", "days"), [("day", 14), ("week", 84), ("month", 360)])
def test_days_weeks_and_months_look_back_as_far_as_they_say(hub, period, days):
    member(hub, hub.user("alice"), "alice/one", "f-one")
    assert len(rising(hub, period=period)["f-one"]["days"]) == days
    assert len(rising(hub, period=period, days=5)["f-one"]["days"]) == 5


def test_new_members_are_named_and_private_ones_are_not(hub):
    alice = hub.user("alice")
    member(hub, alice, "alice/shown", "f-new")
    member(hub, alice, "alice/hidden", "f-new", private=True)
    member(hub, alice, "alice/alone", "f-private", private=True)
    member(hub, alice, "alice/old", "f-new")
    history(hub, "old", [])
    told = rising(hub, period="week")
    assert (told["f-new"]["new"], told["f-new"]["members"]) == (1, 2)
    assert [each["name"] for each in told["f-new"]["new_members"]] == ["alice/shown"]
    assert "f-private" not in told


def test_case_38_asking_a_thousand_times_moves_what_asking_once_moves(hub):
    alice, bob = hub.user("alice"), hub.user("bob")
    for name in ("honest", "gamed"):
        member(hub, alice, f"alice/{name}", f"f-{name}")
    tokens = [hub.token(bob) for _ in range(5)]
    hub.ask("GET", "/repositories/alice/honest/tree/main", bob, headers=COUNTED)
    for token in tokens * 40:
        hub.ask("GET", "/repositories/alice/gamed/tree/main", token, headers=COUNTED)
        hub.raw("HEAD", "/alice/gamed/resolve/main/README.md", token, headers={"X-HF-Download-Counter": "1"})
    for name in ("honest", "gamed"):
        hub.ask("PUT", f"/repositories/alice/{name}/like", bob, status=204)
    for _ in range(30):
        hub.ask("DELETE", "/repositories/alice/gamed/like", bob, status=204)
        hub.ask("PUT", "/repositories/alice/gamed/like", bob, status=204)
    told = rising(hub, period="day")
    honest, gamed = ({k: v for k, v in told[f].items() if k in {"score", "rise", "downloads", "likes", "days"}}
                     for f in ("f-honest", "f-gamed"))  # fmt: skip
    assert gamed == honest
    assert (gamed["downloads"], gamed["likes"]) == (1, 1)
    shown = [hub.ask("GET", f"/repositories/alice/{name}")["trending"] for name in ("honest", "gamed")]
    assert shown[0] == pytest.approx(shown[1], rel=1e-3)


def test_case_38_a_like_that_is_taken_back_leaves_nothing(hub):
    alice, bob = hub.user("alice"), hub.user("bob")
    member(hub, alice, "alice/liked", "f-liked")
    before = rising(hub)["f-liked"]
    for _ in range(10):
        hub.ask("PUT", "/repositories/alice/liked/like", bob, status=204)
        hub.ask("DELETE", "/repositories/alice/liked/like", bob, status=204)
    assert rising(hub)["f-liked"] == before


def test_case_38_a_crowd_on_one_day_moves_a_trend_less_than_a_few_each_day(hub):
    alice = hub.user("alice")
    for name, days in (("bought", [0] * 13 + [1000]), ("used", [3] * 14)):
        member(hub, alice, f"alice/{name}", f"f-{name}")
        history(hub, name, days)
    told = rising(hub, period="week")
    assert told["f-used"]["score"] > told["f-bought"]["score"]


def test_what_takes_a_while_to_count_is_remembered_for_a_while(hub, monkeypatch):
    alice = hub.user("alice")
    member(hub, alice, "alice/first", "f-first")
    monkeypatch.setattr(trends, "_QUICK_S", -1)
    monkeypatch.setattr(trends, "_SHARE", 1e9)
    assert set(rising(hub)) == {"f-first"}
    member(hub, alice, "alice/second", "f-second")
    assert set(rising(hub)) == {"f-first"}
    assert set(rising(hub, period="day")) == {"f-first", "f-second"}


def test_days_become_periods_of_which_the_newest_is_whole():
    assert in_periods([1] * 14, 7) == [7, 7]
    assert in_periods([5, 1, 1, 1], 3) == [3]
