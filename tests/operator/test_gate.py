"""How many may be inside, who is next where several threads wait, and who need not wait for whom."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from junco.errors import DeadlineError
from junco.operator.gate import Gate
from junco.operator.lanes import Lane, in_lane, until, waiting_for_me, working_for

LONG_S = 30


def wait_until(is_so):
    ends_s = time.monotonic() + LONG_S
    while not is_so():
        assert time.monotonic() < ends_s
        threading.Event().wait(0.001)


def started(*works):
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    return threads


def at_every_look_later():
    """A clock for which every turn is over when it is looked at."""
    return itertools.count().__next__


def all_ended(threads):
    for thread in threads:
        thread.join(LONG_S)
    return not any(thread.is_alive() for thread in threads)


def test_where_lanes_wait_for_each_other_the_gate_lets_them_in_by_their_shares():
    """470 threads want a row each, 30 want blocks of 16 in a batch, again and again; counted while both wait."""
    gate, rows, is_counted = Gate(clock=at_every_look_later()), {Lane.ONLINE: 0, Lane.BATCH: 0}, threading.Event()

    def work(lane, num_rows, times):
        with in_lane(lane):
            for _ in range(times):
                place = gate.take()
                if len(gate.waiting) < 2:  # one lane has all it wanted
                    is_counted.set()
                if not is_counted.is_set():
                    rows[lane] += num_rows
                place.release(num_rows)

    outer = gate.take()
    threads = started(*[lambda: work(Lane.ONLINE, 1, 4)] * 470, *[lambda: work(Lane.BATCH, 16, 20)] * 30)
    wait_until(lambda: gate.num_waiting == 500)
    outer.release(0)
    assert all_ended(threads)
    assert rows[Lane.BATCH] >= 16, "batches do not starve"
    assert rows[Lane.BATCH] <= rows[Lane.ONLINE] / 4 + 2 * 16


# ---- who is next


def test_where_no_lane_has_had_more_than_its_share_the_more_urgent_goes_first_and_in_a_lane_whoever_came_first():
    gate, went = Gate(clock=at_every_look_later()), []

    def wait(name, its_lane):
        with in_lane(its_lane):
            place = gate.take()
            went.append(name)
            place.release()

    held, threads = gate.take(), []
    lanes = {"bulk": Lane.BULK, "batch": Lane.BATCH, "one": Lane.ONLINE, "two": Lane.ONLINE}
    for number, (name, its_lane) in enumerate(lanes.items(), 1):
        threads += started(lambda name=name, its_lane=its_lane: wait(name, its_lane))
        wait_until(lambda number=number: gate.num_waiting == number)
    held.release(0)
    assert all_ended(threads)
    assert went == ["one", "batch", "bulk", "two"]


def test_rows_of_a_lane_that_found_a_free_place_are_counted_like_those_of_one_that_waited():
    now = [1.0]
    gate = Gate(clock=lambda: now[0])
    for num_rows in (12000, 12):  # single calls were served long before there was a batch
        place, job = gate.take(), gate.claim(-1, Lane.BULK)
        now[0] += 1
        place.release(num_rows)
        job.place.release(0)
    place, early = gate.take(), gate.claim(-2, Lane.ONLINE)
    place.release(12)  # it is free in a job's turn, and the single call is called
    with in_lane(Lane.BATCH):
        found = gate.take()
        now[0] += 1
        found.release(30)
    batch, single = gate.claim(-3, Lane.BATCH), gate.claim(-4, Lane.ONLINE)
    now[0] += 1
    early.place.release(0)
    assert single.place is not None
    assert batch.place is None


def test_a_claim_is_in_the_lane_of_whom_it_is_made_for():
    gate = Gate()
    held = gate.take()
    with in_lane(Lane.BULK):
        one = gate.claim(-1, Lane.ONLINE)
    other = gate.claim(-2, Lane.BATCH)
    held.release(0)
    assert one.place is not None
    assert other.place is None


def test_as_many_threads_are_inside_as_there_are_places():
    gate, together, at_once = Gate([None] * 3), threading.Barrier(3, timeout=LONG_S), []

    def work():
        place = gate.take()
        at_once.append(len(gate.holders))
        together.wait()
        place.release()

    assert all_ended(started(*[work] * 9))
    assert max(at_once) == 3


def test_a_gate_that_is_widened_lets_in_those_who_wait():
    gate = Gate()
    held = gate.take()
    threads = started(lambda: gate.take().release())
    wait_until(lambda: gate.num_waiting == 1)
    gate.widen(2)
    assert all_ended(threads)
    held.release()


def test_each_place_has_something_of_its_own():
    gate = Gate(["a", "b"])
    one = gate.take()
    found = []
    assert all_ended(started(lambda: found.append(gate.take().what)))
    assert {one.what, *found} == {"a", "b"}


def test_whoever_is_inside_may_enter_again():
    gate = Gate()
    outer, inner = gate.take(), gate.take()
    inner.release()
    assert gate.try_take() is None
    outer.release()
    place = gate.try_take()
    assert place is not None
    place.release()


def test_whoever_has_waited_long_enough_leaves_the_queue():
    gate, failures = Gate(), []

    def wait():
        with until(time.monotonic() + 0.05):
            try:
                gate.take()
            except DeadlineError as error:
                failures.append(error)

    held = gate.take()
    assert all_ended(started(wait))
    held.release()
    assert len(failures) == 1
    assert gate.try_take() is not None


def test_a_place_is_handed_to_whoever_waits_when_the_turn_is_over():
    """The thread that has the place leaves and comes again, before the one that waits is there."""
    gate, is_in = Gate(clock=at_every_look_later()), threading.Event()
    place = gate.take()
    threads = started(lambda: (gate.take().release(), is_in.set()))
    wait_until(lambda: gate.num_waiting == 1)
    place.release()
    gate.take().release()
    assert is_in.is_set()
    assert all_ended(threads)


def test_while_a_turn_lasts_a_place_goes_to_the_quickest_of_its_lane_and_to_no_other_before_those_who_wait():
    gate, went = Gate(clock=lambda: 1.0), []

    def wait(name):
        place = gate.take()
        went.append(name)
        place.release()

    place = gate.take()
    threads = started(lambda: wait("first"))
    wait_until(lambda: gate.num_waiting == 1)
    place.release()  # nobody had a turn: it is handed over, and a turn begins
    assert all_ended(threads)
    place = gate.take()
    threads = started(lambda: wait("second"))
    wait_until(lambda: gate.num_waiting == 1)
    with in_lane(Lane.BULK):
        place.release()
    assert all_ended(threads), "a place that comes free in a turn is there for whoever waits"
    assert went == ["first", "second"]


def test_a_thread_waits_from_when_another_one_has_claimed_a_place_for_it():
    gate, told, went = Gate(), threading.Event(), []
    held, claims = gate.take(), []

    def heir():
        told.wait(LONG_S)
        place = gate.redeem(claims[0])
        went.append("heir")
        place.release()

    def other():
        with in_lane(Lane.BATCH):
            place = gate.take()
            went.append("other")
            place.release()

    threads = started(heir)
    claims.append(gate.claim(threads[0].ident, Lane.ONLINE))
    threads += started(other)
    wait_until(lambda: gate.num_waiting == 2)
    held.release(0)  # to the heir, who is not there yet
    told.set()
    assert all_ended(threads)
    assert went == ["heir", "other"]


def test_a_claim_that_is_dropped_keeps_nobody_out():
    gate = Gate(clock=at_every_look_later())
    held = gate.take()
    early, late = gate.claim(-1, Lane.ONLINE), gate.claim(-2, Lane.ONLINE)
    gate.drop(early)
    gate.claim(-3, Lane.BATCH)
    held.release(0)
    gate.drop(late)
    assert list(gate.holders) == [-3]


def test_where_lanes_meet_at_several_places_none_stays_free_while_somebody_waits():
    """A place comes free in a turn and a single call is called; before he is there the other one is handed to him."""
    now = [1.0]
    gate, leave = Gate([None, None], clock=lambda: now[0]), threading.Event()

    def hold():
        with in_lane(Lane.BATCH):
            place = gate.take()
            leave.wait(LONG_S)
            place.release(5)

    def wait():
        with in_lane(Lane.BATCH):
            gate.take().release()

    held, batch = gate.take(), started(hold)
    wait_until(lambda: len(gate.holders) == 2)
    early = gate.claim(-1, Lane.ONLINE)
    held.release(0)  # handed over: his lane's turn begins
    late = gate.claim(-2, Lane.ONLINE)
    early.place.release(0)
    waiting = started(wait)
    wait_until(lambda: gate.num_waiting == 2)
    now[0] += 1
    leave.set()
    assert all_ended(batch)
    assert late.place is not None
    assert all_ended(waiting)


@pytest.mark.parametrize("num_places", [2, 3])
def test_two_lanes_that_come_and_go_at_several_places_never_stop(num_places):
    gate = Gate([None] * num_places)

    def work(number):
        with in_lane(Lane(number % 2)):
            for _ in range(300):
                place = gate.take()
                time.sleep(0)
                place.release(1 + number % 7)

    assert all_ended(started(*[lambda number=number: work(number) for number in range(8)]))
    assert len(gate.free) == num_places


def test_a_place_that_ctrl_c_took_away_is_put_back_for_whoever_waits(monkeypatch):
    monkeypatch.setattr("junco.operator.gate.LOST_S", 0.01)
    gate = Gate([None, None])
    gate.free.pop()  # as in a thread that is interrupted before he has noted that he has it
    held = gate.take()
    threads = started(lambda: gate.take().release())
    assert all_ended(threads)
    assert len(gate.free) == 1
    held.release()
    assert len(gate.free) == 2


def test_a_claim_that_was_redeemed_and_is_dropped_gives_its_place_back_once():
    """As by one whom Ctrl-C reaches between both."""
    gate = Gate()
    free = gate.claim(threading.get_ident(), Lane.ONLINE)
    gate.redeem(free)
    handed = gate.claim(-1, Lane.ONLINE)
    gate.drop(free)
    gate.drop(free)
    assert list(gate.holders) == [-1]
    gate.drop(handed)
    assert (gate.holders, len(gate.free), gate.num_waiting) == ({}, 1, 0)


# ---- who lends his place to whom


def test_a_thread_does_not_wait_for_one_who_waits_for_it():
    gate = Gate()
    held, waiting = gate.take(), waiting_for_me()

    def help_out():
        with working_for(waiting):
            gate.take().release()

    assert all_ended(started(help_out))
    held.release()
    assert gate.try_take() is not None


@pytest.mark.parametrize("num_places", [1, 2])
def test_those_who_work_for_one_who_waits_have_his_place_one_at_a_time(num_places):
    gate = Gate([None] * num_places)
    held, waiting = [gate.take()], waiting_for_me()
    inside, most = [], []
    others = started(*[lambda: gate.take() and threading.Event().wait(LONG_S)] * (num_places - 1))
    wait_until(lambda: len(gate.holders) == num_places)

    def help_out():
        with working_for(waiting):
            for _ in range(200):
                place = gate.take()
                inside.append(1)
                most.append(len(inside))
                inside.pop()
                place.release()

    assert all_ended(started(*[help_out] * 4))
    held[0].release()
    assert max(most) == 1
    del others


def test_a_place_that_was_lent_is_free_only_when_those_who_have_it_have_left():
    gate = Gate()
    held, waiting = gate.take(), waiting_for_me()
    inside, go_on, went = threading.Event(), threading.Event(), []

    def help_out():
        with working_for(waiting):
            place = gate.take()
            inside.set()
            go_on.wait(LONG_S)
            went.append("helper")
            place.release()

    helper = started(help_out)
    assert inside.wait(LONG_S)
    held.release()  # he did not wait to the end
    other = started(lambda: (gate.take(), went.append("other")))
    wait_until(lambda: gate.num_waiting == 1)
    go_on.set()
    assert all_ended(helper + other)
    assert went == ["helper", "other"]


def test_one_who_lent_his_place_and_goes_on_waits_until_it_is_given_back():
    gate = Gate()
    held, waiting = gate.take(), waiting_for_me()
    inside, go_on, went = threading.Event(), threading.Event(), []

    def help_out():
        with working_for(waiting):
            place = gate.take()
            inside.set()
            go_on.wait(LONG_S)
            went.append("helper")
            place.release()

    helper = started(help_out)
    assert inside.wait(LONG_S)
    threading.Timer(0.05, go_on.set).start()
    again = gate.take()
    went.append("he")
    again.release()
    held.release()
    assert all_ended(helper)
    assert went == ["helper", "he"]
    assert gate.try_take() is not None


def test_many_threads_come_and_go_and_no_more_are_inside_than_there_are_places():
    """Of all lanes, with deadlines that some of them miss, some within others."""
    gate, inside, most, num_late = Gate([None] * 2), [], [], []

    def work(number):
        with in_lane(Lane(number % 3)):
            for _ in range(100):
                try:
                    with until(time.monotonic() + 0.001 * (number % 5 or LONG_S * 1000)):
                        place = gate.take()
                except DeadlineError:
                    num_late.append(1)
                    continue
                inside.append(1)
                most.append(len(inside))
                gate.take().release()
                inside.pop()
                place.release(number)

    assert all_ended(started(*[lambda number=number: work(number) for number in range(24)]))
    assert max(most) <= 2
    assert len(gate.free) == 2
    assert not gate.waiting
    assert not gate.holders
