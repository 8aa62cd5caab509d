"""Members of a family beside each other, and what rises, as pages: honest, sortable without scripts, escaped."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
from hubs import REPORT
from safetensors.numpy import save
from visiting import said

from junco.hub.web.machines import short_machines
from junco.hub.web.scatter import Point, scatter

CARD = "---\nlicense: {licence}\ntags: ['junco:operator', 'family:{family}']\n---\n# {title}\n"
EVIL = "<script>alert(1)</script>"


def member(hub, who, name, *, private=False, licence="mit", family="f-pages", **report):
    hub.repository(who, name, private=private)
    card = CARD.format(licence=licence, family=family, title=name).encode()
    hub.push(who, name, {"README.md": card}, parent=None)
    if report:
        mean = report.pop("mean")
        metrics = {"map": {"mean": mean, "low": mean - 0.02, "high": mean + 0.03, "num_items": 40}}
        sent = copy.deepcopy(REPORT) | {"metrics": metrics, **report}
        hub.ask("POST", f"/repositories/{name}/reports", who, json={"report": sent}, status=201)


@pytest.fixture(scope="module")
def family(hub, alice):
    member(hub, alice, "alice/good", mean=0.9, items_per_s=10.0, model_bytes=300_000_000, machine="one machine")
    member(hub, alice, "alice/fast", mean=0.7, items_per_s=900.0, model_bytes=9_000_000, machine=f"another {EVIL}")
    member(hub, alice, "alice/unmeasured", licence="apache-2.0")
    member(hub, alice, "alice/cars", mean=0.5, data={"name": f"cars {EVIL} {{{{7*7}}}}"})
    member(hub, alice, "alice/secretive", private=True, mean=0.95, machine="a secret machine")
    return "/families/f-pages"


def names(page):
    return re.findall(r'<th scope="row"><a href="/alice/([a-z]+)"', page)


def test_quality_is_shown_with_its_interval_machine_date_and_who_says_so(family, visit):
    page = visit().get(family)
    assert names(page)[:2] == ["good", "fast"]
    words = said(page)
    assert "0.900 [0.880, 0.930]" in words
    assert "one machine" in words
    assert "2026-11-29 by alice" in words
    assert "300 MB" in words
    assert "Speeds compare on one machine alone." in words


def test_what_was_not_measured_is_said_to_be_so(family, visit):
    page = visit().get(family)
    row = re.search(r'href="/alice/unmeasured".*?</tr>', page, re.DOTALL)[0]
    assert row.count("not measured") == 6
    assert "apache-2.0" in row


@pytest.mark.parametrize(
    ("column", "first", "way"),
    [("speed", "fast", "descending"), ("size", "fast", "ascending"), ("name", "cars", "ascending"),
     ("quality", "good", "descending")],
)  # fmt: skip
def test_a_link_sorts_and_the_same_link_again_turns_it_round(family, visit, column, first, way):
    visitor = visit()
    page = visitor.get(f"{family}?sort={column}&data=flowers@ffffffffffff")
    assert names(page)[0] == first
    assert f'aria-sort="{way}"' in page
    again = re.search(r'aria-sort="\w+"[^>]*><a href="([^"]+)"', page)[1].replace("&amp;", "&")
    turned = visitor.get(family + again)
    assert f'aria-sort="{way}"' not in turned
    measured = [name for name in names(turned) if name in {"good", "fast"}]
    assert measured[0] == ("good" if first == "fast" else "fast") or column == "name"


def test_members_by_other_data_are_chosen_in_a_form(family, visit):
    visitor = visit()
    page = visitor.client.get(family, params={"data": f"cars {EVIL} {{{{7*7}}}}"}).text
    assert names(page)[0] == "cars"
    assert "not measured" in page


def test_case_33_and_35_words_of_reports_are_words(family, visit):
    for path in (family, f"{family}?metric={EVIL}&data={EVIL}&sort={EVIL}", f"/rising?period={EVIL}&outside={EVIL}"):
        page = visit().get(path)
        assert "<script>alert" not in page
        assert "49" not in re.findall(r"cars[^<]*", page)


def test_case_32_a_private_member_is_on_its_owners_page_alone(family, alice, visit):
    assert "secretive" not in visit().get(family)
    assert "secret machine" not in visit().get(family)
    assert "secretive" in visit(alice).get(family)
    assert "f-hidden" not in visit().get("/families")


def test_a_repositorys_reports_are_a_page_and_its_owner_takes_one_away(hub, family, alice, bob, visit):
    member(hub, alice, "alice/again", mean=0.4, family="f-again")
    page = visit().get("/alice/again/measured")
    assert "map 0.400 [0.380, 0.430]" in said(page)
    assert "/drop" not in page
    number = hub.ask("GET", "/repositories/alice/again/reports")["items"][0]["id"]
    visit(bob).post(f"/alice/again/measured/{number}/drop", status=403)
    owner = visit(alice)
    answer = owner.client.post(f"/alice/again/measured/{number}/drop", headers={"Origin": hub.url})
    assert answer.status_code == 403
    owner.post(f"/alice/again/measured/{number}/drop")
    page = owner.get("/alice/again/measured")
    assert "The report is taken away." in page
    assert "Nothing was measured yet" in page
    owner.post(f"/alice/again/measured/{number}/drop", status=404)
    assert "<script>alert" not in visit().get("/alice/fast/measured") + visit().get("/alice/cars/measured")
    visit().get("/alice/secretive/measured", status=404)


def test_speed_and_quality_are_a_picture_where_there_are_two_to_compare(family, visit):
    page = visit().get(family)
    picture = re.search(r'<svg viewBox="0 0 640 320".*?</svg>', page, re.DOTALL)[0]
    assert picture.count('class="point') == 2
    assert {"circle", "square"} <= set(re.findall(r'class="point (\w+)"', picture))
    assert "style=" not in page
    assert "0 0 640 320" not in visit().client.get(family, params={"data": f"cars {EVIL} {{{{7*7}}}}"}).text


def test_families_are_listed_with_their_contracts_and_one_that_is_not_is_not(family, visit):
    page = visit().get("/families")
    assert "f-pages" in page
    assert "image-embedding" in page
    empty = visit().get("/families/face-embedding")
    assert "No member of this family is here yet" in empty
    assert "The contract" in empty
    visit().get("/families/nobody-has-it", status=404)


def test_what_rises_is_there_by_days_weeks_and_months(hub, family, bob, visit):
    hub.ask("GET", "/repositories/alice/good/tree/main", bob, headers={"X-Junco-Download": "1"})
    for period, count in (("day", 14), ("week", 12), ("month", 12)):
        page = visit().get(f"/rising?period={period}")
        assert f"downloads of the last {count}" in page
        assert f'href="/rising?period={period}" aria-current="page"' in page
    words = said(page)
    assert "f-pages" in words
    assert "more than usual" in words
    assert "alice/fast" in words
    assert "secretive" not in words


def test_what_is_outside_is_marked_as_such(visit):
    page = visit().get("/rising")
    outside = said(page[page.index('id="outside"') :])
    assert "not on this hub, and not measured here" in outside
    assert "text-embedding" in outside
    chosen = visit().get("/rising?outside=speaker-embedding")
    rows = re.findall(r'<a href="/families/([a-z-]+)">[a-z-]+</a></td>', chosen[chosen.index('id="outside"') :])
    assert set(rows) == {"speaker-embedding"}


def point(name, speed, mean=0.5):
    return Point(name, speed, mean, mean - 0.1, mean + 0.1, "circle")


@pytest.mark.parametrize("speeds", [(1, 1), (0.001, 100_000), (10, 10.0001), (1e-9, 1e9), (5, 50)])
def test_a_picture_has_room_for_all_points(speeds):
    picture = scatter([point(f"a/{number}", speed) for number, speed in enumerate(speeds)])
    places = [float(x) for x in re.findall(r'<circle cx="([\d.-]+)"', picture)]
    assert len(places) == 2
    assert all(52 <= x <= 640 - 24 for x in places)


def test_names_in_a_picture_cover_no_other_and_are_cut_where_they_are_long():
    picture = scatter([point("a/" + "x" * 90, 10), *(point(f"a/b{number}", 10, 0.5) for number in range(30))])
    labels = re.findall(r'<text class="label[^"]*" x="([\d.]+)" y="([\d.]+)">([^<]+)<', picture)
    assert len(labels) < 8
    assert all(len(text) <= 24 for _, _, text in labels)
    assert scatter([point("a/one", 1)]) is None


def test_a_member_without_a_report_shows_how_large_its_weights_are(hub, family, alice, visit):
    hub.repository(alice, "alice/heavy")
    card = CARD.format(licence="mit", family="f-heavy", title="Heavy").encode()
    weights = save({"head": np.zeros(500_000, np.float32)})
    files = {"README.md": card, "a.safetensors": weights, "notes.txt": b"a " * 500_000}
    hub.push(alice, "alice/heavy", files, parent=None)
    words = said(visit().get("/families/f-heavy"))
    assert "2 MB *" in words
    assert "not measured; the size of its files of weights" in words
    assert "the size of its files" not in said(visit().get(family))


def test_machines_of_a_legend_are_short_and_stay_apart():
    long = "x86_64 AMD EPYC 9354 32-Core Processor, 16 cores, NVIDIA H200 ×1"
    assert short_machines([long, "Apple M3"]) == {long: "AMD EPYC 9354", "Apple M3": "Apple M3"}
    twins = [long, long.replace("H200", "H100")]
    assert short_machines(twins) == {each: each for each in twins}
    assert short_machines(["x86_64"]) == {"x86_64": "x86_64"}
