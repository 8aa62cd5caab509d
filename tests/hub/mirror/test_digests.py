"""Cases 29 and 40: who knows a digest has not the file, whatever another hub says of it."""

from __future__ import annotations

import hashlib

import pytest

PRIVATE = b"what nobody else may read " * 40
README = b"# Mine\n\nof no concern to others\n"


def _claim(other, name, files, sizes=None):
    """Have the other hub name files by their digests, whatever it gives."""
    listed, plain = dict(files), other.entry

    def entry(path, data):
        data = listed.get(path, data)
        size = (sizes or {}).get(path, len(data))
        large = {"oid": hashlib.sha256(data).hexdigest(), "size": size, "pointerSize": 130}
        return {**plain(path, data), "oid": "1" * 40, "size": size, "lfs": large}

    other.entry = entry
    other.put(name, dict.fromkeys(files, b"not it"))
    return lambda: setattr(other, "entry", plain)


@pytest.mark.parametrize(
    "path", [
        "/acme/thief/resolve/main/private.txt", "/acme/thief/blob/main/private.txt", "/acme/thief",
        "/acme/thief/download/main/private.txt", "/junco/v1/repositories/acme/thief",
        f"/junco/v1/repositories/acme/thief/blobs/{hashlib.sha256(PRIVATE).hexdigest()}",
    ],
)  # fmt: skip
def test_case_29_a_mirrored_repository_gives_no_private_file_by_its_digest(mirror, other, path):
    alice = mirror.user("alice")
    mirror.repository(alice, "alice/hers", private=True)
    mirror.push(alice, "alice/hers", {"private.txt": PRIVATE, "README.md": README}, parent=None)
    _claim(other, "acme/thief", {"private.txt": PRIVATE, "README.md": README})
    mirror.raw("GET", "/acme/thief/resolve/main/private.txt")
    answer = mirror.raw("GET", path, headers={} if "/v1/" in path else {"Accept": "text/html"})
    assert PRIVATE[:20] not in answer.content
    assert b"of no concern" not in answer.content
    assert mirror.raw("GET", "/alice/hers/resolve/main/private.txt", alice).content == PRIVATE


def test_a_file_that_is_here_already_is_given_once_its_own_hub_has_sent_it(mirror, other):
    alice = mirror.user("alice")
    mirror.repository(alice, "alice/hers", private=True)
    mirror.push(alice, "alice/hers", {"a.bin": PRIVATE}, parent=None)
    commit = other.put("acme/open", {"a.bin": PRIVATE})
    for _ in range(2):
        assert mirror.raw("GET", "/acme/open/resolve/main/a.bin").content == PRIVATE
    assert other.asked[f"/acme/open/resolve/{commit}/a.bin"] == 1


def test_a_wrong_size_of_a_digest_bars_nobody_who_has_the_file(mirror, other):
    restore = _claim(other, "acme/liar", {"a.bin": PRIVATE}, {"a.bin": 5})
    assert mirror.raw("GET", "/acme/liar/resolve/main/a.bin").status_code == 502
    restore()
    other.put("acme/open", {"a.bin": PRIVATE})
    assert mirror.raw("GET", "/acme/open/resolve/main/a.bin").content == PRIVATE


def test_a_wrong_size_of_a_digest_does_not_spoil_what_is_pushed(mirror, other):
    _claim(other, "acme/liar", {"a.bin": PRIVATE}, {"a.bin": 5})
    assert mirror.raw("HEAD", "/acme/liar/resolve/main/a.bin").status_code == 200
    alice = mirror.user("alice")
    mirror.repository(alice, "alice/hers")
    mirror.push(alice, "alice/hers", {"a.bin": PRIVATE}, parent=None)
    assert mirror.raw("GET", "/alice/hers/resolve/main/a.bin", alice).content == PRIVATE


@pytest.mark.parametrize("name", ["x%3Fy", "x%0Ay", "%2e%2e", "x%5Cy", ".x"])
def test_a_name_that_nothing_has_is_asked_of_nobody(mirror, other, name):
    assert mirror.raw("GET", f"/api/models/acme/{name}/revision/main").status_code in {401, 404}
    assert not other.asked
