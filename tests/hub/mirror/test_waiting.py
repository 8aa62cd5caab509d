"""Who waits for files of another hub keeps nobody else waiting, and has no part of a file that was not checked."""

from __future__ import annotations

import os
import threading
import time

import httpx2
import pytest
from other_hubs import mirroring, send, send_file, serving_hub

from junco.hub.server.mirror import fetching, sending
from junco.hub.server.mirror import mirror as mirror_module

BIG = os.urandom(3_000_000)


@pytest.fixture
def held(other):
    """Files of the other hub come when this is set, and no earlier."""
    event = threading.Event()
    data = {f"{number}.bin": os.urandom(100) for number in range(60)}
    commit = other.put("acme/small", {**data, "config.json": b"{}"})

    def slowly(handler):
        event.wait(30)
        send_file(handler, data[handler.path.rpartition("/")[2]])

    other.spoilt[f"/acme/small/resolve/{commit}/"] = lambda h: send(h, 200, b"{}") if "json" in h.path else slowly(h)
    yield event
    event.set()


def get(hub, path, **headers):
    return hub.raw("GET", f"/acme/small/resolve/main/{path}", headers=headers)


def test_requests_for_files_that_do_not_come_leave_the_hub_to_others(tmp_path, other, held, monkeypatch):
    monkeypatch.setattr(mirror_module, "MOST_WAITING", 4)
    monkeypatch.setattr(fetching, "MOST_BEGUN", 10)
    with serving_hub(tmp_path, mirroring=mirroring(other.url, fresh_s=60.0)) as hub:
        assert get(hub, "config.json").content == b"{}"
        answers = []
        threads = [
            threading.Thread(target=lambda number=number: answers.append(get(hub, f"{number}.bin")))
            for number in range(60)
        ]
        for thread in threads:
            thread.start()
        while len(answers) < 56:  # all but those who have a seat were sent away at once
            time.sleep(0.01)
        assert {(answer.status_code, answer.headers["Retry-After"]) for answer in answers} == {(503, "5")}
        assert sum(thread.name == "junco-mirror" for thread in threading.enumerate()) <= 10
        assert hub.raw("GET", "/health").status_code == 200
        held.set()
        for thread in threads:
            thread.join(30)
        assert [answer.status_code for answer in answers].count(200) == 4


def test_what_is_not_there_in_time_is_said_to_be_on_its_way(tmp_path, other, held, monkeypatch):
    monkeypatch.setattr(sending, "FIRST_S", 0.1)
    with serving_hub(tmp_path, mirroring=mirroring(other.url, fresh_s=60.0)) as hub:
        answer = get(hub, "1.bin")
        assert (answer.status_code, "it is being fetched" in answer.json()["error"]) == (504, True)


def test_a_file_that_could_not_be_fetched_takes_no_place_from_others(tmp_path, other, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BEGUN", 1)
    commit = other.put("acme/small", {"a.bin": b"a" * 100, "b.bin": b"b" * 100})
    other.spoilt[f"/acme/small/resolve/{commit}/a.bin"] = lambda h: send_file(h, b"x" * 100)
    with serving_hub(tmp_path, mirroring=mirroring(other.url)) as hub:
        assert get(hub, "a.bin").status_code == 502
        while (answer := get(hub, "b.bin")).status_code == 503:
            time.sleep(0.01)
        assert answer.content == b"b" * 100


@pytest.mark.parametrize("part", ["0-99", "0-999999", "1000000-1999999", "2999900-", "-100"])
def test_no_part_of_a_file_with_other_bytes_than_were_promised_comes_whole(mirror, other, part):
    commit = other.put("acme/small", {"big.bin": BIG})
    other.spoilt[f"/acme/small/resolve/{commit}/big.bin"] = lambda h: send_file(h, BIG[:-1] + bytes([BIG[-1] ^ 1]))
    try:
        status = get(mirror, "big.bin", Range=f"bytes={part}").status_code
    except httpx2.RemoteProtocolError:  # it had begun, and broke off
        status = 502
    assert status == 502
    other.spoilt.clear()
    start, _, stop = part.partition("-")
    wanted = BIG[int(start) : int(stop) + 1 if stop else None] if start else BIG[-int(stop) :]
    answer = get(mirror, "big.bin", Range=f"bytes={part}")
    assert (answer.status_code, answer.content) == (206, wanted)
