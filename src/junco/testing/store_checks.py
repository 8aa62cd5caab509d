"""What every vector store has to pass, ours and those of strangers.

In the tests of a package that brings a store, which is installed with its entry point::

    import pytest
    from junco.testing import STORE_CHECKS

    @pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
    def test_the_store_keeps_the_contract(check, tmp_path):
        check(f"mine:{tmp_path}/db#rows")

Each check takes the address of a collection that is not there. It raises an ``AssertionError`` that says what was not
kept, or whatever the store raises.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from junco.answers.opening import open_set
from junco.errors import JuncoError, SpaceError, TargetError
from junco.testing.index_check import finds_with_an_index
from junco.testing.killing import killed, source, stopped
from junco.testing.letters import HOSTILE, letters, plain_pipeline, texts, typed_pipeline
from junco.testing.stored import (
    METADATA,
    check_set,
    forget,
    holds,
    made_rows,
    must_refuse,
    opened,
    rows_in,
    run,
    units_of_rows,
)
from junco.vector_store.contract import ID, INPUT, Condition
from junco.vector_store.installed import store_at


def gives_back_what_was_put_in(address: str) -> None:
    """Rows, their number and the metadata, also after it was closed and opened again; `drop` removes it all."""
    rows = made_rows(300)
    with store_at(address) as store:
        store.check()
        assert store.metadata() is None, "metadata() is None where there is no collection"
        opened(store, rows)
        assert store.count() == 0, "a new collection has no rows"
        assert list(rows_in(store, [ID])) == [], "scan() of a new collection gives no rows"
        store.upsert(rows, are_new=True)
        assert store.count() == 300, "count() is exact right after upsert()"
        store.finish()
    with store_at(address) as store:
        said = store.metadata()
        assert said is not None
        assert {name: said.get(name) for name in METADATA} == METADATA, "metadata() gives what open() was given"
        assert holds(store, rows), "scan() gives the rows that were put in"
        ids = rows.column(ID).to_pylist()
        given = store.get([ids[7], "0" * 32, ids[250]], ["size", ID]).to_pylist()
        assert sorted(given, key=lambda row: row["size"]) == [
            {"size": 7, ID: ids[7]},
            {"size": 250, ID: ids[250]},
        ], "get() gives rows by their ids"
        assert store.get(["0" * 32], [ID]).num_rows == store.get([], [ID]).num_rows == 0
        store.drop()
        store.drop()
        assert store.metadata() is None, "drop() removes the collection"


def takes_no_row_twice(address: str) -> None:
    """A row whose id is there takes its place; rows are taken out by their ids, those that are not there too."""
    rows = made_rows(100)
    with store_at(address) as store:
        opened(store, rows)
        store.upsert(rows.slice(0, 60), are_new=True)
        changed = rows.slice(40).set_column(rows.column_names.index("size"), "size", rows.column("size").slice(0, 60))
        store.upsert(changed, are_new=False)
        store.upsert(changed, are_new=False)
        assert store.count() == 100, "upsert() replaces rows by their ids"
        assert len(store.search(units_of_rows(rows)[:1], 100)[0]) == 100
        by_id = {row[ID]: row for row in rows_in(store, [ID, "size"])}
        assert by_id[rows.column(ID)[40].as_py()]["size"] == 0, "the row that was put in last is there"
        store.remove([*rows.column(ID).slice(90).to_pylist(), "0" * 32])
        store.remove([])
        num_found = len(store.search(units_of_rows(rows)[:1], 100)[0])
        assert num_found == 90, "search() finds neither what was taken out nor what was replaced"
        assert store.count() == 90, "remove() takes rows out, and does not mind ids that are not there"
        assert len(list(rows_in(store, [ID]))) == 90
        store.drop()


def finds_the_nearest(address: str) -> None:
    """Cosines as numpy has them, best first, also for more rows than there are and for none."""
    rows = made_rows(400)
    units = units_of_rows(rows)
    with store_at(address) as store:
        opened(store, rows)
        assert store.search(units[:1], 5) == [[]], "search() of an empty collection finds nothing"
        store.upsert(rows, are_new=True)
        store.finish()
        for number, found in zip((3, 250), store.search(units[[3, 250]], 10), strict=True):
            scores = np.array([row.score for row in found])
            wanted = np.sort(units @ units[number])[::-1][:10]
            assert np.allclose(scores, wanted, atol=1e-3), f"scores are cosines, best first: {scores}, not {wanted}"
            assert all(name in found[0].row for name in (ID, INPUT, "size")), "rows come with their columns"
        assert len(store.search(units[:1], 1_000)[0]) == 400, "as many rows as there are, if there are fewer"
        store.drop()


def meets_conditions(address: str) -> None:
    """Conditions that it says it filters by: each sign, each type, nulls, and values that look like commands."""
    rows = made_rows(200)
    units = units_of_rows(rows)
    plain = rows.drop_columns(["vector"]).to_pylist()
    wanted: list[tuple[Condition, Callable[[Any], bool]]] = [
        (Condition("size", "<", (50,)), lambda row: row["size"] < 50),
        (Condition("size", ">=", (50,)), lambda row: row["size"] >= 50),
        (Condition("share", "<=", (0.25,)), lambda row: row["share"] <= 0.25),
        (Condition("share", ">", (0.25,)), lambda row: row["share"] > 0.25),
        (Condition("is_long", "=", (True,)), lambda row: row["is_long"]),
        (Condition("note", "=", ("even",)), lambda row: row["note"] == "even"),
        (Condition("note", "!=", ("even",)), lambda row: row["note"] not in ("even", None)),
        (Condition("size", "in", (3, 5, 7_000)), lambda row: row["size"] in (3, 5)),
        *((Condition(INPUT, "=", (text,)), lambda row, text=text: row[INPUT] == text) for text in HOSTILE),
        (Condition(INPUT, "in", HOSTILE[:3]), lambda row: row[INPUT] in HOSTILE[:3]),
    ]
    with store_at(address) as store:
        opened(store, rows)
        store.upsert(rows, are_new=True)
        store.finish()
        for condition, is_met in wanted:
            if store.filters(condition):
                found = {row.row[ID] for row in store.search(units[:1], 200, [condition])[0]}
                right = {row[ID] for row in plain if is_met(row)}
                assert found == right, f"{condition}: {len(found)} rows, not {len(right)}"
        store.drop()


def a_job_writes_and_updates_it(address: str) -> None:
    """Inputs that came, changed and left; rows are those of the source, found again and searched."""
    try:
        with plain_pipeline() as pipeline:
            assert run(pipeline, texts(300), address).num_rows == 300 + len(HOSTILE)
            assert run(pipeline, texts(300), address).is_unchanged
            assert run(pipeline, texts(300, 50), address).num_deleted == 50
            check_set(address, texts(300, 50))
            found = open_set(address)
            (best,) = found.search(letters(HOSTILE[0]), 1, where={INPUT: HOSTILE[0]})
            assert (best.key, best.columns["text"]) == (HOSTILE[0], HOSTILE[0])
            assert len(found.search(letters("abc"), 1_000)) == len(found)
            assert [hit.key for hit in found.search(letters("abc"), 5, where="input contains 101")] == [
                "101 is a number"
            ]
            for repeated in (["1", "1", "2"], ["2", "1", "3", "1", "1"], ["1", "2"]):
                run(pipeline, repeated, address, missing="prune")
                check_set(address, repeated)
    finally:
        forget(address)


def a_set_may_be_emptied_and_filled_again(address: str) -> None:
    """A set that has lost all of its rows answers with none, and takes new ones."""
    try:
        with plain_pipeline() as pipeline:
            run(pipeline, ["0", "1"], address)
            run(pipeline, [], address, resume=False)
            empty = open_set(address)
            assert (len(empty), empty.search(letters("1"), 3), len(empty.similar())) == (0, [], 0)
            run(pipeline, texts(20), address)
            check_set(address, texts(20))
    finally:
        forget(address)


def several_threads_may_ask(address: str) -> None:
    """Of one set and of several at a time, and a job may change the collection between questions."""
    try:
        with plain_pipeline() as pipeline:
            run(pipeline, texts(60), address)
            one, other = open_set(address), open_set(address)
            with ThreadPoolExecutor(6) as threads:
                asked = [threads.submit(each.search, letters(HOSTILE[0]), 3) for each in [one, other] * 6]
                assert {found.result()[0].key for found in asked} == {HOSTILE[0]}
            run(pipeline, texts(60, 10), address)
            with open_set(address) as kept:
                assert [kept.search(letters("99"), 1)[0].key for _ in range(3)] == [
                    kept.search(letters("99"))[0].key
                ] * 3
            check_set(address, texts(60, 10))
    finally:
        forget(address)


def columns_are_read_back_as_they_were_written(address: str) -> None:
    """Each type that pipelines give, in a set and among what a search finds, as a Parquet file has it."""
    try:
        with typed_pipeline() as pipeline, TemporaryDirectory() as folder:
            run(pipeline, texts(40), address)
            run(pipeline, texts(40), f"{folder}/v.parquet")
            ours, files = open_set(address), open_set(f"{folder}/v.parquet")
            kinds = {field.name: field.type for field in files.columns.schema}
            assert {field.name: field.type for field in ours.columns.schema} == kinds
            wanted = dict(zip(files.keys, files.columns.to_pylist(), strict=True))
            assert dict(zip(ours.keys, ours.columns.to_pylist(), strict=True)) == wanted
            hits = ours.search(letters("abc"), 10)
            assert len(hits) == 10
            assert all(dict(hit.columns) == wanted[hit.key] for hit in hits)
    finally:
        forget(address)


def another_space_and_what_junco_did_not_make_are_refused(address: str) -> None:
    """Vectors of as many numbers from another model, when they are written and when they are asked for."""
    try:
        with plain_pipeline() as pipeline, plain_pipeline("others") as other:
            run(pipeline, texts(10), address)
            must_refuse(lambda: run(other, texts(10), address), SpaceError)
            found = open_set(address)
            assert found.space == pipeline.plan.space
            must_refuse(lambda: found.search(letters("a"), space=other.plan.space), SpaceError)
            check_set(address, texts(10))
            assert run(other, texts(10), address, resume=False).num_rows == 10 + len(HOSTILE)
            assert open_set(address).space == other.plan.space
            forget(address)
            with store_at(address) as store:
                opened(store, made_rows(3), {})
                store.upsert(made_rows(3), are_new=True)
                store.finish()
            must_refuse(lambda: run(pipeline, texts(10), address), TargetError)
            must_refuse(lambda: run(pipeline, texts(10), address, resume=False), TargetError)
            must_refuse(lambda: open_set(address), JuncoError)
            with store_at(address) as store:
                assert store.count() == 3, "a collection that junco did not make is left as it is"
    finally:
        forget(address)


def stopped_at_any_step_a_job_goes_on_from_there(address: str) -> None:
    """A job is stopped before and after each thing that it asks of the store, and run again; then all is read back."""
    try:
        stopped(address, 0)
        num_steps = stopped(address, 1)
        with plain_pipeline() as pipeline:
            for step in range(1, num_steps + 1):
                stopped(address, step % 2, step)
                run(pipeline, source(step % 2), address)
                check_set(address, source(step % 2))
    finally:
        forget(address)


def killed_it_ends_as_if_nobody_had_disturbed_it(address: str) -> None:
    """A process is killed, when it makes the collection and when it changes it, and the job run again."""
    try:
        num_steps = stopped(address, 0)
        forget(address)
        with plain_pipeline() as pipeline:
            for which, kill_at in ((0, num_steps - 6), (1, num_steps - 7), (0, num_steps // 2)):
                killed(address, which, kill_at)
                run(pipeline, source(which), address)
                check_set(address, source(which))
    finally:
        forget(address)


STORE_CHECKS: tuple[Callable[[str], None], ...] = (
    gives_back_what_was_put_in,
    takes_no_row_twice,
    finds_the_nearest,
    finds_with_an_index,
    meets_conditions,
    a_job_writes_and_updates_it,
    a_set_may_be_emptied_and_filled_again,
    several_threads_may_ask,
    columns_are_read_back_as_they_were_written,
    another_space_and_what_junco_did_not_make_are_refused,
    stopped_at_any_step_a_job_goes_on_from_there,
    killed_it_ends_as_if_nobody_had_disturbed_it,
)


def check_store(address: str) -> None:
    """All checks, one after the other, on the address of a collection that is not there."""
    for check in STORE_CHECKS:
        check(address)
