"""What nobody's client would send: cursors, numbers and origins that are forged get an answer, and no failure."""

from __future__ import annotations

import base64
import http.client
import json
import struct
from urllib.parse import urlsplit

import pytest


@pytest.fixture(scope="module", autouse=True)
def _open(hub, alice):
    hub.repository(alice, "alice/open")
    hub.push(alice, "alice/open", {"README.md": b"# Open\n"}, parent=None)


def _cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("sort", "parts"),
    [
        ("trending", (10**30, 1)),
        ("trending", (1, 10**30)),
        ("trending", (1, -(10**30))),
        ("trending", (float("nan"), 1)),
        ("trending", (float("inf"), 1)),
        ("trending", (True, 1)),
        ("name", ("\ud800", 1)),
        ("name", (1, 1)),
    ],
)
def test_a_forged_cursor_is_refused(hub, sort, parts):
    query = f"sort={sort}&after={_cursor(sort, *parts)}"
    told = hub.ask("GET", f"/repositories?{query}", status=400)
    assert told["error"]["code"] == "bad-request"
    assert hub.raw("GET", f"/search?{query}", headers={"Accept": "text/html"}).status_code == 400


@pytest.mark.parametrize("number", [2**63, 10**30, -1])
def test_a_number_that_no_row_has_is_refused(hub, alice, number):
    for method, path, who in (
        ("DELETE", f"/repositories/alice/open/reports/{number}", alice),
        ("DELETE", f"/me/tokens/{number}", alice),
        ("GET", f"/admin/audit?after={number}", hub.admin),
    ):
        hub.ask(method, path, who, status=422)


def test_an_origin_that_is_no_address_is_another_site(hub, alice):
    connection = http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=20)
    connection.request("POST", "/login", headers={"Cookie": "junco=x", "Origin": "http://[evil", "Content-Length": "0"})
    assert connection.getresponse().status == 403
    connection.close()


def test_a_tensor_is_called_by_any_number_of_digits(hub, alice):
    for first in "12":
        header = json.dumps({first * 5000: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}).encode()
        data = struct.pack("<Q", len(header)) + header
        commit = hub.push(alice, "alice/open", {"digits.safetensors": data})["commit"]
    html = {"Accept": "text/html"}
    assert hub.raw("GET", "/alice/open/blob/main/digits.safetensors", headers=html).status_code == 200
    parent = hub.ask("GET", f"/repositories/alice/open/tree/{commit}")["parent"]
    assert hub.raw("GET", f"/alice/open/compare/{parent}...{commit}", headers=html).status_code == 200
