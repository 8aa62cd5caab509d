"""Targets at addresses, against a server that speaks S3: whole or not at all, and gone on with after any stop."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from junco import open_set, pipe
from junco.errors import InputError, TargetError
from junco.store.addresses import Address
from junco.store.rejects import rejects_of
from junco.store.vectors import rows_of, space_of

TEXTS = ["a", "bb", "bad", "ccc"]
KINDS = ["out/v.parquet", "v.npy", "v.jsonl", "v.csv", "out/v/"]


@pytest.fixture(scope="module")
def server():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    """An empty bucket, and credentials in the environment."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    for name, value in {
        "ENDPOINT_URL": server,
        "ACCESS_KEY_ID": "k",
        "SECRET_ACCESS_KEY": "s",
        "REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    for path, method in (("moto-api/reset", "POST"), ("bucket", "PUT")):
        with urllib.request.urlopen(urllib.request.Request(f"{server}/{path}", method=method)):
            pass
    return "s3://bucket"


@pytest.fixture
def embed():
    def made(text):
        if "bad" in text:
            raise ValueError("bad")
        return np.full(3, len(text), np.float32)

    with pipe.input("text").map("text", "vector", made).output("vector", space="lengths") as p:
        yield p


def there(address="s3://bucket/x"):
    """What lies in the bucket, with what the store calls it."""
    place = Address(address)
    import obstore

    return {each["path"]: each["e_tag"] for page in obstore.list(place._store) for each in page}


@pytest.mark.parametrize("name", KINDS)
def test_a_target_is_written_read_back_and_gone_on_with(bucket, embed, name):
    target = f"{bucket}/{name}"
    report = embed.run(TEXTS, target)
    assert (report.num_new, report.num_rejects, report.target) == (4, 1, target)
    assert report.rejects == f"{target.rstrip('/')}.rejects.parquet"
    found = open_set(target)
    assert found.keys == ["a", "bb", "ccc"]
    assert found.vectors[:, 0].tolist() == [1, 2, 3]
    assert found.space == space_of(target) == embed.plan.space
    assert rows_of([rejects_of(target)], ["input"]).to_pydict() == {"input": ["bad"]}
    before = there()
    assert embed.run(TEXTS, target).is_unchanged
    assert there() == before
    report = embed.run(["a", "bb", "dddd"], target)
    assert (report.num_new, report.num_deleted) == (1, 2)
    assert open_set(target).keys == ["a", "bb", "dddd"]
    assert not any("rejects" in path for path in there())


@pytest.mark.parametrize("name", ["v.parquet", "v.csv", "v/"])
def test_stopped_at_any_exchange_with_the_store_the_next_run_ends_well(bucket, embed, name, monkeypatch):
    target = f"{bucket}/{name}"
    embed.run(TEXTS, target, shard_rows=2)
    later = [*TEXTS[:3], "dd", "ee"]
    num_stops = stop_at = 0
    exchanges = {name: getattr(Address, name) for name in ("put", "head", "delete")}

    class Stopped(BaseException):
        pass

    def counted(name, is_after):
        def call(place, *args):
            nonlocal left
            left -= 1
            if left == 0 and not is_after:
                raise Stopped
            found = exchanges[name](place, *args)
            if left == 0:
                raise Stopped
            return found

        return call

    for is_after in (False, True):
        for name in exchanges:
            monkeypatch.setattr(Address, name, counted(name, is_after))
        for stop_at in range(1, 8):
            left = stop_at
            try:
                embed.run(later, target, shard_rows=2)
            except Stopped:
                num_stops += 1
            left = 0
            embed.run(later, target, shard_rows=2)
            assert open_set(target).keys == [text for text in later if text != "bad"]
            later = [*later[:-1], later[-1] + "e"]
    assert num_stops >= 8
    monkeypatch.undo()


def test_only_what_changed_of_a_folder_is_sent_and_what_is_left_over_goes(bucket, embed):
    texts = [f"t{number}" for number in range(5)]
    embed.run(texts, f"{bucket}/v/", shard_rows=2)
    before = there()
    assert sorted(before) == [f"v/part-0000{number}.parquet" for number in range(3)]
    embed.run(texts[:3], f"{bucket}/v/", shard_rows=2)
    after = there()
    assert sorted(after) == ["v/part-00000.parquet", "v/part-00001.parquet"]
    assert after["v/part-00000.parquet"] == before["v/part-00000.parquet"]


def test_what_somebody_else_wrote_is_not_replaced_unasked(bucket, embed, tmp_path):
    place, mine = Address(f"{bucket}/v.parquet"), tmp_path / "mine"
    mine.write_text("mine")
    place.put("v.parquet", mine)
    with pytest.raises(TargetError, match="no bulk job made it"):
        embed.run(["a"], f"{bucket}/v.parquet")
    embed.run(["a"], f"{bucket}/v.parquet", resume=False)
    place.put("v.parquet", mine)
    with pytest.raises(TargetError, match="changed by something else"):
        embed.run(["a"], f"{bucket}/v.parquet")
    place.put("w/letter.txt", mine)
    for resume in (True, False):
        with pytest.raises(TargetError):
            embed.run(["a"], f"{bucket}/w/", resume=resume)


def test_what_was_removed_there_is_made_again_and_what_was_removed_in_part_is_told(bucket, embed):
    target = f"{bucket}/v.npy"
    embed.run(["a"], target)
    Address(target).delete("v.npy")
    assert embed.run(["a"], target).num_new == 1
    assert open_set(target).keys == ["a"]
    Address(target).delete("v.npy.inputs.parquet")
    with pytest.raises(TargetError, match="changed by something else"):
        embed.run(["a"], target)


def test_a_set_that_was_written_anew_is_fetched_anew(bucket, embed):
    target = f"{bucket}/v.parquet"
    embed.run(["a"], target)
    first = open_set(target)
    embed.run(["a", "bb"], target)
    assert (len(first), len(open_set(target))) == (1, 2)


def test_several_may_be_the_first_to_fetch_a_set(bucket, embed):
    embed.run(TEXTS[:2], f"{bucket}/v.npy")
    meet = Barrier(3)

    def opened(_):
        meet.wait()
        return open_set(f"{bucket}/v.npy").keys

    with ThreadPoolExecutor(3) as threads:
        assert [*threads.map(opened, range(3))] == [TEXTS[:2]] * 3


def test_a_store_that_has_no_such_bucket_refuses_or_is_down_is_one_line(bucket, embed, monkeypatch):
    with pytest.raises(TargetError, match=r"^s3://nowhere/v\.parquet: there is no such bucket"):
        embed.run(["a"], "s3://nowhere/v.parquet")
    with pytest.raises(InputError, match="nothing is there"):
        open_set(f"{bucket}/none.parquet")
    with pytest.raises(TargetError, match="not of ftp"):
        embed.run(["a"], "ftp://host/v.parquet")
    with pytest.raises(TargetError, match="names no file"):
        embed.run(["a"], "s3://bucket/")
    with pytest.raises(TargetError, match="is no target"):
        embed.run(["a"], f"{bucket}/v.xlsx")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(TargetError, match="cannot be reached") as caught:
        embed.run(["a"], f"{bucket}/other.parquet")
    assert "\n" not in str(caught.value)


def test_a_file_address_is_a_path(embed, tmp_path):
    embed.run(["a"], f"file://{tmp_path}/v%20w.parquet")
    assert open_set(f"file://{tmp_path}/v w.parquet").keys == ["a"]
    assert (tmp_path / "v w.parquet").exists()
