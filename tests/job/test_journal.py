"""A journal that was torn, and the ledger that is made of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from junco.job.inventory import Inventory
from junco.job.journal import Journal
from junco.job.ledger import Ledger, Sealed, digest_of
from junco.store.sink import Span


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal", "target")


def test_what_was_appended_is_read_again_in_order(journal):
    assert list(journal.records()) == []
    records = [{"a": 1}, {"text": "ü\n\udcff"}, {"list": [1, None]}]
    for record in records:
        journal.append(record)
    assert list(journal.records()) == records


def test_a_torn_line_is_not_read_and_is_cut_before_the_next_is_written(journal):
    for number in range(3):
        journal.append({"number": number})
    whole = journal.path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last, len(whole)):
        journal.path.write_bytes(whole[:end])
        assert list(journal.records()) == [{"number": 0}, {"number": 1}]
        journal.cut()
        journal.append({"number": 9})
        assert [record["number"] for record in journal.records()] == [0, 1, 9]


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_line_in_which_a_byte_was_changed_ends_the_reading(tmp_path_factory, place, change):
    journal = Journal(tmp_path_factory.mktemp("j") / "journal", "target")
    for number in range(3):
        journal.append({"number": number, "text": "some text"})
    content = bytearray(journal.path.read_bytes())
    content[place] ^= change
    journal.path.write_bytes(content)
    read = [record["number"] for record in journal.records()]
    assert read == list(range(len(read)))
    assert len(read) < 3


def test_only_what_no_kill_can_do_counts_as_damage(journal):
    assert not journal.is_damaged
    for number in range(3):
        journal.append({"number": number})
    whole = journal.path.read_bytes()
    assert not journal.is_damaged
    journal.path.write_bytes(whole[:-5])
    assert not journal.is_damaged
    journal.path.write_bytes(b"x" + whole[1:])
    assert journal.is_damaged


def sealed(shard, texts, counts):
    return Sealed(shard, b"".join(digest_of(text, "") for text in texts), np.array(counts, np.int32))


@example([("k\U0005787b\U0003a938", 0)], 1)  # its key's hash ends in a zero byte
@given(st.lists(st.tuples(st.text(max_size=3), st.integers(-1, 3)), max_size=40), st.integers(1, 7))
def test_the_ledger_finds_each_input_at_its_rows(entries, size):
    parts = [entries[i : i + size] for i in range(0, len(entries), size)]
    ledger = Ledger(
        sealed(shard, [text for text, _ in part], [count for _, count in part]) for shard, part in enumerate(parts, 1)
    )
    expected = {}
    for shard, part in enumerate(parts, 1):
        start = 0
        for text, count in part:
            expected[text] = (shard, start, count)
            start += max(count, 0)
    assert ledger.find(digest_of("never there", "")) == -1
    for text, place in expected.items():
        number = ledger.find(digest_of(text, ""))
        assert (ledger.shards[number], ledger.starts[number], ledger.counts[number]) == place
        assert ledger.find(digest_of(text, "changed")) == -1
        assert ledger.knows_key(digest_of(text, "changed"))
    assert list(ledger.unseen()) == []


def test_what_nobody_looked_for_is_unseen_and_a_changed_input_is_not():
    ledger = Ledger([sealed(0, ["a", "b", "c"], [1, 1, 1])])
    ledger.find(digest_of("a", ""))
    ledger.find(digest_of("b", "other content"))
    assert list(ledger.unseen()) == [2]


def test_rows_that_lie_together_are_one_span():
    inventory = Inventory(None, Ledger())
    for shard, start, count in [(1, 0, 1), (1, 1, 2), (1, 3, -1), (1, 3, 1), (2, 0, 1), (1, 9, 1), (1, 4, 0)]:
        inventory.settle(inventory.add("key", b"", -1), shard, start, count)
    assert list(inventory.spans()) == [Span(1, 0, 4), Span(2, 0, 1), Span(1, 9, 1)]
    assert (inventory.num_rows, inventory.num_failed) == (6, 1)
