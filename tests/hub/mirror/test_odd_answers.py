"""Case 40: whatever another hub's answers hold, it is said to be that hub's fault, and this one does not fail."""

from __future__ import annotations

import pytest
from other_hubs import send, send_json

COMMIT = "1" * 40
ADDRESSES = [
    "http://[bad",
    "http://a..example/",
    "http://xn--\u00ff.example/",
    "http://example.com:abc/",
    "//[",
    "\\\\x",
]


@pytest.mark.parametrize("field", ["private", "gated"])
@pytest.mark.parametrize("value", [[], [1], {"a": []}, "x", 1])
def test_what_is_said_oddly_to_be_closed_is_closed(mirror, other, field, value):
    other.put("acme/odd", {"a.txt": b"x"})
    said = {"id": "acme/odd", "sha": COMMIT, field: value}
    other.spoilt["/api/models/acme/odd/revision"] = lambda h: send_json(h, said)
    assert mirror.raw("GET", "/acme/odd/resolve/main/a.txt").status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("beginning", ["/api/models/acme/odd/revision", "/acme/odd/resolve"])
def test_an_address_that_is_none_is_not_followed(mirror, other, address, beginning):
    other.put("acme/odd", {"a.txt": b"x", "b.bin": b"y" * 100_000})
    location = address.encode().decode("latin-1")
    other.spoilt[beginning] = lambda h: send(h, 302, b"", {"Location": location})
    for path in ("a.txt", "b.bin"):
        assert mirror.raw("GET", f"/acme/odd/resolve/main/{path}").status_code == 502


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_list_that_goes_on_at_no_address_is_refused(mirror, other, address):
    other.put("acme/odd", {"a.txt": b"x"})
    link = f'<{address}>; rel="next"'.encode().decode("latin-1")
    other.spoilt["/api/models/acme/odd/tree"] = lambda h: send_json(h, [], {"Link": link})
    assert mirror.raw("GET", "/acme/odd/resolve/main/a.txt").status_code == 502
