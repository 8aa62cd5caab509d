"""Each lane that waits gets its share of the rows."""

from __future__ import annotations

import pytest

from junco.operator.lanes import Lane
from junco.operator.shares import SHARES, Shares


def rows_served(wanted, num_turns):
    """Rows of each lane after so many turns; each lane always waits, and takes so many rows at a time."""
    shares, rows = Shares(), dict.fromkeys(wanted, 0)
    for lane in wanted:
        shares.came(lane)
    for _ in range(num_turns):
        lane = shares.next(wanted)
        shares.served(lane, wanted[lane])
        rows[lane] += wanted[lane]
    return rows


@pytest.mark.parametrize(
    "wanted",
    [
        {Lane.ONLINE: 1, Lane.BATCH: 128},
        {Lane.ONLINE: 1, Lane.BULK: 1024},
        {Lane.ONLINE: 64, Lane.BATCH: 1},
        {Lane.ONLINE: 8, Lane.BATCH: 32, Lane.BULK: 128},
    ],
    ids=str,
)
def test_each_lane_that_waits_gets_its_share_of_the_rows_however_many_it_takes_at_a_time(wanted):
    rows = rows_served(wanted, 40_000)
    whole = sum(SHARES[lane] for lane in wanted)
    for lane in wanted:  # to within what is taken at a time
        assert rows[lane] == pytest.approx(sum(rows.values()) * SHARES[lane] / whole, abs=max(wanted.values()))


def test_a_lane_that_comes_late_gets_its_share_from_then_on_and_no_more():
    shares = Shares()
    shares.came(Lane.BATCH)
    for _ in range(1000):
        shares.served(Lane.BATCH, 100)
    shares.came(Lane.ONLINE)
    order = []
    for _ in range(10_000):
        order.append(shares.next([Lane.BATCH, Lane.ONLINE]))
        shares.served(order[-1], 1)
    share = SHARES[Lane.BATCH] / (SHARES[Lane.BATCH] + SHARES[Lane.ONLINE])
    assert order.count(Lane.BATCH) == pytest.approx(share * len(order), rel=0.1)
