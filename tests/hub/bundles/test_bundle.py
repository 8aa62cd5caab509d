"""A bundle carries what a name needs to a machine without a network, and nothing else gets in with it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
import stat
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from junco import hub, pipeline
from junco.cli.main import app
from junco.errors import (
    IntegrityError,
    JuncoError,
    NoHubError,
    ParameterError,
    TargetError,
    TrustError,
    UnavailableError,
)
from junco.hub.artefact.lock_file import read_lock
from junco.hub.artefact.tree import File, digest_of
from junco.hub.bundles import unpacking
from junco.hub.bundles.contents import LIST, MEMBER
from junco.hub.bundles.zip_reader import read_entries
from junco.hub.client.cache import Cache
from junco.hub.client.names import Name
from junco.hub.client.tokens import token_for
from junco.hub.trust.review import reviews

RED = np.full((4, 4, 3), (255, 0, 0), np.uint8)


@pytest.fixture
def packed(served, machine, colour, tmp_path):
    """A bundle of a pipeline whose step is an operator with code, made on bob's machine; once for all."""
    if served in _made:
        machine("bob", served.bob)
        (tmp_path / "flow.zip").write_bytes(_made[served])
        return Packed(tmp_path / "flow.zip")
    machine("alice", served.alice)
    name = "alice/colour"
    hub.push(colour("colour"), name, release="1.0.0")
    folder = tmp_path / "flow"
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(
        "junco: 1\nname: flow\nlicense: mit\ninputs: [image]\n"
        f"steps:\n  - {{map: {name}@1.0.0, in: image, out: vector}}\noutputs: [vector]\n"
    )
    hub.lock([folder])
    hub.push(folder, "alice/flow", release="1.0.0", licence="mit")
    machine("bob", served.bob)
    hub.bundle(["alice/flow@1.0.0"], tmp_path / "flow.zip")
    _made[served] = (tmp_path / "flow.zip").read_bytes()
    return Packed(tmp_path / "flow.zip")


_made = {}


class Packed:
    flow, operator = "alice/flow@1.0.0", "alice/colour@1.0.0"

    def __init__(self, file):
        self.file = file


@pytest.fixture
def island(machine, monkeypatch):
    """A machine without a network and without a hub, on which no socket may be opened."""

    def go(name="island"):
        home = machine(name)
        monkeypatch.delenv("JUNCO_HUB")
        monkeypatch.setenv("JUNCO_OFFLINE", "1")
        monkeypatch.setattr(socket.socket, "connect", _refuse)
        monkeypatch.setattr(socket, "getaddrinfo", _refuse)
        return home / "hub"

    return go


def _refuse(*args, **more):
    raise AssertionError("a socket was opened")


def test_what_was_bundled_works_where_there_is_no_network_once_its_code_is_allowed(packed, island, canary):
    home = island()
    with pytest.raises(NoHubError):
        pipeline(packed.flow)
    made = hub.unbundle(packed.file)
    assert sorted(made.artefacts) == sorted([packed.flow, packed.operator])
    with pytest.raises(TrustError, match="nobody here allowed"):
        pipeline(packed.flow)(RED)
    assert not canary.exists()
    for each in reviews(packed.flow):
        each.grant()
    assert pipeline(packed.flow)(RED).tolist() == [1, 0, 0]
    assert hub.unbundle(packed.file).artefacts == made.artefacts  # again, with nothing to do
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert list((home / "incoming").iterdir()) == []


def test_the_same_names_give_the_same_bytes_and_other_programs_read_them(packed, tmp_path):
    hub.bundle([packed.flow], tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.file.read_bytes()
    with zipfile.ZipFile(packed.file) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == LIST
        told = json.loads(archive.read(LIST))
    assert {each["name"] for each in told["artefacts"]} == {packed.flow, packed.operator}
    assert b"jnc_" not in packed.file.read_bytes()
    with pytest.raises(TargetError, match="is there already"):
        hub.bundle([packed.flow], tmp_path / "again.zip")


def test_two_pipelines_that_pin_one_name_at_two_commits_carry_both(served, machine, colour, island, tmp_path, canary):
    machine("alice", served.alice)
    pinned = {}
    for number in (1, 2):
        operator = colour(f"twice{number}")
        (operator / "NOTES.md").write_text(f"the release {number}\n")
        hub.push(operator, "alice/twice", release=f"{number}.0.0")
        folder = tmp_path / f"flow{number}"
        folder.mkdir()
        (folder / "pipeline.yaml").write_text(
            f"junco: 1\nname: flow{number}\nlicense: mit\ninputs: [image]\n"
            "steps:\n  - {map: alice/twice, in: image, out: vector}\noutputs: [vector]\n"
        )
        hub.lock([folder])
        pinned[number] = read_lock(folder).pins["alice/twice"].commit
        hub.push(folder, f"alice/flow{number}", release="1.0.0", licence="mit")
    assert pinned[1] != pinned[2]
    machine("bob", served.bob)
    made = hub.bundle(["alice/flow1@1.0.0", "alice/flow2@1.0.0"], tmp_path / "both.zip")
    assert {revision.commit for revision in made.artefacts.values()} > set(pinned.values())
    assert f"alice/twice@{pinned[2]}" in made.artefacts
    island()
    hub.unbundle(tmp_path / "both.zip")
    for name in ("alice/flow1@1.0.0", "alice/flow2@1.0.0"):
        for each in reviews(name):
            each.grant()
        assert pipeline(name)(RED).tolist() == [1, 0, 0]
    for number, commit in pinned.items():
        assert (hub.pull(f"alice/twice@{commit}") / "NOTES.md").read_text() == f"the release {number}\n"


def test_what_the_hub_itself_said_of_a_commit_stays_whatever_a_bundle_says_by_another_name(
    packed, served, machine, tmp_path
):
    hub.bundle(["alice/flow"], tmp_path / "newest.zip")
    forged = Forged(tmp_path / "newest.zip")
    told = forged.told()
    for each in told["artefacts"]:
        del each["revision"]["record"]
    forged.tell(told)
    machine("carol", served.bob)
    hub.pull(packed.flow)
    (commit,) = [each["revision"]["commit"] for each in told["artefacts"] if each["name"] == "alice/flow"]
    hub.unbundle(forged.write(tmp_path / "forged.zip"))
    for revision in ("v1.0.0", commit):
        name = Name("alice/flow", revision)
        assert Cache().known(served.url, name).is_proved
        assert not Cache().is_hearsay(served.url, name)
    assert Cache().is_hearsay(served.url, Name("alice/flow", "latest"))


def test_the_commands(packed, island, tmp_path):
    run("hub", "bundle", packed.operator, "--to", tmp_path / "one.zip")
    island()
    assert "with code: junco hub trust shows it" in run("hub", "unbundle", tmp_path / "one.zip").output
    run("hub", "trust", packed.operator, "--yes")
    assert "take bundle" in run("hub", "trust", "--log").output
    assert "there is no file" in run("hub", "unbundle", tmp_path / "no.zip", code=2).stderr


def test_case_13_a_hub_that_a_bundle_alone_named_is_given_no_secret_unasked(packed, island, monkeypatch):
    island()
    made = hub.unbundle(packed.file)
    assert "say where to log in" in run("hub", "login", "--user", "alice", code=2).stderr
    monkeypatch.setenv("JUNCO_TOKEN", "jnc_mine")
    with pytest.raises(ParameterError, match="nothing says that it is for"):
        token_for(made.hub)


def run(*args, code=0):
    done = CliRunner().invoke(app, [str(each) for each in args])
    assert done.exit_code == code, (done.output, done.stderr)
    return done


def test_names_of_another_hub_than_the_one_that_is_meant_are_said_and_may_be_taken_for_its_own(
    packed, machine, monkeypatch, capsys
):
    machine("elsewhere")
    monkeypatch.setenv("JUNCO_HUB", "http://127.0.0.1:9")
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    hub.unbundle(packed.file)
    assert "http://127.0.0.1:9 is meant here" in capsys.readouterr().err
    with pytest.raises(UnavailableError):
        hub.pull(packed.flow)
    hub.unbundle(packed.file, hub="http://127.0.0.1:9")
    assert hub.pull(packed.flow).is_dir()


class Forged:
    """A bundle that somebody writes byte by byte."""

    def __init__(self, file):
        with zipfile.ZipFile(file) as archive:
            self.members = [(info.filename, archive.read(info)) for info in archive.infolist()]

    def told(self):
        return json.loads(self.members[0][1])

    def tell(self, told):
        self.members[0] = (LIST, json.dumps(told).encode())

    def write(self, target, members=None, **how):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(target, "w") as archive:
                for name, data in members or self.members:
                    info = zipfile.ZipInfo(name)
                    for key, value in how.items():
                        setattr(info, key, value)
                    archive.writestr(info, data)
        return target


def refused(file, home, match=None):
    """It is refused, by a typed error, before a byte of it is written."""
    before = sorted(home.rglob("*")) if home.exists() else []
    with pytest.raises(IntegrityError, match=match) as caught:
        hub.unbundle(file)
    after = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in after if path not in before] == []
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../../escaped",
        "/etc/passwd",
        "C:\\escaped",
        "blobs/../../escaped",
        "blobs/" + "0" * 63,
        "blobs/" + "A" * 64,
        "blobs/" + "0" * 64 + "\n",
        "blobs/",
        "blobs/x/",
        "sitecustomize.py",
        "a\0b",
        "junco-bundle.json/x",
        "JUNCO-BUNDLE.JSON",
        "ü",
    ],
)
def test_case_21_members_that_would_lead_elsewhere(packed, island, tmp_path, name):
    forged = Forged(packed.file)
    file = tmp_path / "bad.zip"
    stand_in = "N" * len(name.encode())
    forged.write(file, [*forged.members, (stand_in, b"x")])
    file.write_bytes(file.read_bytes().replace(stand_in.encode(), name.encode()))
    refused(file, island(), "which no bundle does")
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        (stat.S_IFLNK | 0o777, "no plain file"),
        (stat.S_IFCHR | 0o600, "no plain file"),
        (stat.S_IFBLK | 0o600, "no plain file"),
        (stat.S_IFIFO | 0o600, "no plain file"),
        (stat.S_IFSOCK | 0o600, "no plain file"),
        (stat.S_IFDIR | 0o700, "no plain file"),
    ],
)
def test_case_21_links_devices_and_folders(packed, island, tmp_path, mode, why):
    refused(Forged(packed.file).write(tmp_path / "bad.zip", external_attr=mode << 16), island(), why)


def test_case_21_packed_members_whatever_they_grow_to(packed, island, tmp_path):
    forged = Forged(packed.file)
    forged.members[1] = (forged.members[1][0], bytes(50_000_000))
    refused(forged.write(tmp_path / "bad.zip", compress_type=zipfile.ZIP_DEFLATED), island(), "is packed")
    refused(forged.write(tmp_path / "bad2.zip", compress_type=zipfile.ZIP_LZMA), island("b"), "is packed|encrypted")


def test_case_21_a_name_twice(packed, island, tmp_path):
    forged = Forged(packed.file)
    refused(forged.write(tmp_path / "bad.zip", [*forged.members, forged.members[-1]]), island(), "stands there twice")


@pytest.mark.parametrize("place", ["end", "begin", "comment", "between"])
def test_case_21_bytes_that_no_member_has(packed, island, tmp_path, place):
    file, data = tmp_path / "bad.zip", packed.file.read_bytes()
    if place == "end":
        file.write_bytes(data + b"more")
    elif place == "begin":
        file.write_bytes(b"#!/bin/sh\n" + data)
    elif place == "comment":
        shutil.copyfile(packed.file, file)
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = b"hello"
    else:
        begin = struct.unpack("<L", data[-6:-2])[0]
        file.write_bytes(data[:begin] + b"gap!" + data[begin:-6] + struct.pack("<L", begin + 4) + data[-2:])
    refused(file, island())


@pytest.mark.parametrize(
    ("where", "field", "offset"),
    [
        *(("list", *each) for each in (("size", 24), ("packed", 20), ("crc", 16), ("offset", 42), ("flags", 8))),
        *(("list", *each) for each in (("name", 46), ("extra", 30), ("version", 6), ("comment", 32))),
        *(("local", *each) for each in (("size", 22), ("packed", 18), ("crc", 14), ("flags", 6), ("name", 30))),
        *(("local", *each) for each in (("extra", 28), ("version", 4))),
    ],
)
def test_case_21_what_is_said_at_the_end_and_what_is_said_at_the_member_differ(
    packed, island, tmp_path, where, field, offset
):
    data = bytearray(packed.file.read_bytes())
    mark = b"PK\x01\x02" if where == "list" else b"PK\x03\x04"
    data[data.index(mark, data.index(mark) + 1) + offset] ^= 0x40  # of the second member
    (tmp_path / f"{field}.zip").write_bytes(data)
    refused(tmp_path / f"{field}.zip", island())


def test_case_21_members_that_lie_over_each_other(packed, island, tmp_path):
    """As the zip bombs do that are not packed twice: many names for the same bytes."""
    forged = Forged(packed.file)
    forged.write(file := tmp_path / "bad.zip")
    data = bytearray(file.read_bytes())
    first = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    second = data.index(b"PK\x01\x02", first + 1)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    file.write_bytes(data)
    refused(file, island(), "not where the one before it ends|is called")


@pytest.mark.parametrize("length", [0, 10, 22, 100, 5000, -1, -22, -100])
def test_case_21_a_bundle_that_is_cut_off(packed, island, tmp_path, length):
    (tmp_path / "bad.zip").write_bytes(packed.file.read_bytes()[:length])
    refused(tmp_path / "bad.zip", island(), "no bundle")


@pytest.mark.parametrize(
    "start", [b"", b"PK\x05\x06" + bytes(18), b"\x1f\x8b" + bytes(50), b"7z\xbc\xaf'\x1c" * 9, b"a" * 99]
)
def test_what_is_no_bundle_is_said(island, tmp_path, start):
    (tmp_path / "bad.zip").write_bytes(start)
    refused(tmp_path / "bad.zip", island(), "no bundle")
    with pytest.raises(UnavailableError, match="is a folder"):
        hub.unbundle(tmp_path)


def test_any_byte_that_is_changed_is_noticed(packed, island, tmp_path):
    home = island()
    data = packed.file.read_bytes()
    rng = np.random.default_rng(0)
    for at in sorted(rng.choice(len(data), 60, replace=False)):
        bad = bytearray(data)
        bad[at] ^= 1 << int(rng.integers(8))
        (tmp_path / "bad.zip").write_bytes(bad)
        try:
            made = hub.unbundle(tmp_path / "bad.zip")
        except JuncoError:
            assert not (home / "known").exists()
        else:  # times of members, which say nothing
            assert made.artefacts
            shutil.rmtree(home)


@pytest.mark.parametrize(
    "change", ["missing", "more", "digest", "other", "size", "path", "twice", "release", "hub", "none"]
)
def test_what_a_bundle_says_and_does_not_hold(packed, island, tmp_path, change):
    forged = Forged(packed.file)
    told = forged.told()
    revision = told["artefacts"][0]["revision"]
    changes = {
        "missing": forged.members.pop,
        "more": lambda: forged.members.append((f"blobs/{hashlib.sha256(b'x').hexdigest()}", b"x")),
        "digest": lambda: revision.update(digest="0" * 64),
        "other": lambda: revision["files"][0].update(sha256="0" * 64),
        "size": lambda: revision["files"][0].update(size=3),
        "path": lambda: revision["files"][0].update(path="../../escaped"),
        "twice": lambda: told["artefacts"].append(told["artefacts"][0]),
        "release": lambda: revision.update(release="v9.9.9"),
        "hub": lambda: told.update(hub="file:///etc"),
        "none": lambda: told.update(artefacts=[]),
    }
    changes[change]()
    if change not in ("missing", "more"):
        forged.tell(told)
    refused(forged.write(tmp_path / "bad.zip"), island())


def test_bytes_that_are_not_those_of_their_name_are_thrown_away_and_no_name_is_known(packed, island, tmp_path):
    forged = Forged(packed.file)
    name, data = forged.members[-1]
    forged.members[-1] = (name, bytes(len(data)))
    forged.write(tmp_path / "bad.zip")
    home = island()
    with pytest.raises(IntegrityError, match="has the sha256"):
        hub.unbundle(tmp_path / "bad.zip")
    assert not (home / "known").exists()
    assert list((home / "incoming").iterdir()) == []
    assert name.partition("/")[2] not in {path.name for path in (home / "blobs").rglob("*")}
    hub.unbundle(packed.file)  # which goes on with what was right


def test_a_bundle_does_not_change_what_a_release_means_on_this_machine(packed, island, tmp_path):
    home = island()
    hub.unbundle(packed.file)
    forged = Forged(packed.file)
    told = forged.told()
    for each in told["artefacts"]:
        each["revision"]["commit"] = "0" * 40
        each["revision"].pop("record")
    forged.tell(told)
    assert "one of them is forged" in refused(forged.write(tmp_path / "bad.zip"), home)


def test_what_a_bundle_alone_says_of_a_release_is_asked_of_the_hub_where_it_can_be(
    packed, island, tmp_path, machine, served, monkeypatch
):
    """A forged bundle reaches a machine first: it does not stay the truth there."""
    forged = Forged(packed.file)
    told = forged.told()
    flow = next(each for each in told["artefacts"] if each["name"] == packed.flow)
    (data,) = (data for name, data in forged.members if b"main: " in data or b"steps:" in data)
    bad = data.replace(b"flow", b"evil")
    sha256, before = hashlib.sha256(bad).hexdigest(), hashlib.sha256(data).hexdigest()
    forged.members = [
        (f"blobs/{sha256}", bad) if each == (f"blobs/{before}", data) else each for each in forged.members
    ]
    forged.members[1:] = sorted(forged.members[1:])
    files = flow["revision"]["files"]
    for each in files:
        if each["sha256"] == before:
            each.update(sha256=sha256, size=len(bad))
    flow["revision"]["digest"] = digest_of(File(each["path"], each["size"], each["sha256"]) for each in files)
    forged.tell(told)
    machine("offline")
    with monkeypatch.context() as patched:
        patched.setenv("JUNCO_OFFLINE", "1")
        hub.unbundle(forged.write(tmp_path / "forged.zip"))
        assert b"evil" in (hub.pull(packed.flow) / "pipeline.yaml").read_bytes()
    assert b"evil" not in (hub.pull(packed.flow) / "pipeline.yaml").read_bytes()
    commit = flow["revision"]["commit"]
    assert b"evil" not in (hub.pull(f"alice/flow@{commit}") / "pipeline.yaml").read_bytes()


def test_a_bundle_is_taken_only_where_signatures_that_are_wanted_are_good(packed, island, tmp_path, machine, served):
    from junco.hub.signing.keys import new_key
    from junco.hub.signing.policy import trust_key

    home = island()
    _, public, _ = new_key(tmp_path / "team")
    trust_key("alice", public, hub=served.url)
    with pytest.raises(TrustError, match=r"is not used: it is not signed"):
        hub.unbundle(packed.file)
    assert not (home / "known").exists()


def test_files_that_run_code_in_careless_hands_do_not_come_in_a_bundle(served, machine, island, tmp_path, monkeypatch):
    import pickle

    from junco.hub.client import pulling

    machine("alice", served.alice)
    served.repository(served.alice, "alice/pickled")
    served.push(
        served.alice, "alice/pickled", {"README.md": b"---\nlicense: mit\n---\n", "model.bin": pickle.dumps([1] * 99)}
    )
    with pytest.raises(TrustError, match="careless hands"):
        hub.bundle(["alice/pickled"], tmp_path / "no.zip")
    with monkeypatch.context() as patched:
        patched.setattr(pulling, "unsafe_format", lambda *args: None)
        patched.setattr(pulling, "_unsafe", lambda *args: None)
        real = pulling.pulled
        patched.setattr(
            "junco.hub.bundles.packing.pulled", lambda name, **how: real(name, allow_unsafe_files=True, hub=how["hub"])
        )
        hub.bundle(["alice/pickled"], tmp_path / "bad.zip")
    home = island()
    with pytest.raises(TrustError, match=r"careless hands: model\.bin"):
        hub.unbundle(tmp_path / "bad.zip")
    assert not (home / "known").exists()


def test_a_disk_that_is_too_small_is_told_before(packed, island, monkeypatch):
    home = island()
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(TargetError, match="has room for 10 bytes"):
        hub.unbundle(packed.file)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_a_disk_that_fills_up_leaves_nothing_half_and_the_same_call_goes_on(packed, island, monkeypatch):
    home = island()
    real, count = os.fdopen, [0]

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.file.close()

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def fails_at_the_third(handle, mode="r", *rest, **more):
        file = real(handle, mode, *rest, **more)
        count[0] += 1
        return Full(file) if count[0] == 3 else file

    with monkeypatch.context() as patched:
        patched.setattr(unpacking.os, "fdopen", fails_at_the_third)
        with pytest.raises(TargetError, match="No space left"):
            hub.unbundle(packed.file)
    there = {path.name for path in (home / "blobs").rglob("*") if path.is_file()}
    assert len(there) == 2
    assert list((home / "incoming").iterdir()) == []
    assert not (home / "known").exists()
    seen = []
    hub.unbundle(packed.file, told=lambda name, done, total: seen.append((done, total)))
    assert 0 < seen[0][0] < seen[-1][0] == seen[-1][1]


def test_large_zips_are_read_too(tmp_path):
    """With the larger fields, which stand there for more than 4 GB."""
    name, data = "blobs/" + "0" * 64, b"hello"
    with (
        zipfile.ZipFile(tmp_path / "large.zip", "w") as archive,
        archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member,
    ):
        member.write(data)
    with (tmp_path / "large.zip").open("rb") as file:
        (entry,) = read_entries(file, MEMBER).values()
        file.seek(entry.start)
        assert file.read(entry.size) == data
    sparse = tmp_path / "sparse.zip"
    size = 5 * 2**30
    with sparse.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.file_size = size
        archive._writing = False
        with archive.open(info, "w") as member:
            member._file_size = member._compress_size = 0
            member.write(b"x")
            file.seek(size - 1, 1)
            member._file_size = member._compress_size = size
        archive.start_dir = file.tell()
    with sparse.open("rb") as file:
        (entry,) = read_entries(file, MEMBER).values()
    assert entry.size == size


def test_there_is_something_to_bundle(served, machine, tmp_path):
    machine("eve", served.bob)
    with pytest.raises(JuncoError, match="say what"):
        hub.bundle([], tmp_path / "x.zip")
    with pytest.raises(JuncoError):
        hub.bundle(["alice/nothing-of-that-name"], tmp_path / "x.zip")
    assert list(tmp_path.glob("*.zip*")) == []
    assert Path(tmp_path).is_dir()


def test_a_bundle_of_which_python_writes_the_end_twice_is_read(tmp_path, monkeypatch):
    """From 2 GiB on; the limit is lowered, so that the test needs no such file."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    path, name = tmp_path / "large.zip", f"blobs/{'a' * 64}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(LIST), b"{}")
        member = zipfile.ZipInfo(name)
        member.file_size = 1500
        with archive.open(member, "w") as file:
            file.write(b"x" * 1500)
    data = path.read_bytes()
    with path.open("rb") as file:
        assert {each.name: each.size for each in read_entries(file, MEMBER).values()} == {LIST: 2, name: 1500}
    begin = data[-6:-2]
    path.write_bytes(data[:-6] + struct.pack("<L", struct.unpack("<L", begin)[0] + 1) + data[-2:])
    with path.open("rb") as file, pytest.raises(IntegrityError, match="two ends"):
        read_entries(file, MEMBER)
