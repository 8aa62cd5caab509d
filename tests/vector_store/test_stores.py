"""All stores pass the checks, with hostile texts (case 48): ours, and one of a stranger in a package of its own."""

from __future__ import annotations

import sys

import pytest

from junco.errors import MissingExtraError, ParameterError
from junco.testing import STORE_CHECKS, index_check
from junco.testing.letters import plain_pipeline

checks = pytest.mark.parametrize("check", STORE_CHECKS, ids=[check.__name__ for check in STORE_CHECKS])


def _slow(check):
    """Qdrant's local mode is opened and closed for each step, which takes it a second."""
    return pytest.mark.slow if check.__name__.startswith("stopped") else ()


@checks
def test_lancedb(check, tmp_path):
    pytest.importorskip("lancedb")
    check(f"lancedb:{tmp_path}/db#rows")


@checks
def test_faiss(check, tmp_path):
    pytest.importorskip("faiss")
    check(f"{tmp_path}/rows.faiss")


@checks
def test_pgvector(check, postgres):
    check(f"{postgres}#rows")


@checks
@pytest.mark.filterwarnings("ignore::Warning:(pymilvus|milvus_lite|google|grpc).*")
def test_milvus_lite(check, tmp_path):
    pytest.importorskip("pymilvus")
    check(f"milvus:{tmp_path}/db#rows")


@pytest.mark.parametrize("check", [pytest.param(each, marks=_slow(each), id=each.__name__) for each in STORE_CHECKS])
def test_qdrant(check, tmp_path):
    pytest.importorskip("qdrant_client")
    check(f"qdrant:{tmp_path}/db#rows")


@checks
def test_of_a_stranger(check, shelf):
    check(shelf)


@pytest.mark.slow
def test_a_large_collection_of_lancedb_finds_what_is_near_by_its_index(tmp_path, monkeypatch):
    """Its graph is narrow by itself, which a small collection does not show."""
    pytest.importorskip("lancedb")
    monkeypatch.setattr(index_check, "INDEXED_CHECK_ROWS", 60_000)
    index_check.finds_with_an_index(f"lancedb:{tmp_path}/db#rows")


@pytest.mark.parametrize(
    ("address", "driver", "extra"),
    [
        ("lancedb:./db#rows", "lancedb", "lancedb"),
        ("rows.faiss", "faiss", "faiss"),
        ("milvus:./db#rows", "pymilvus", "milvus"),
        ("qdrant:./db#rows", "qdrant_client", "qdrant"),
        ("postgresql://host/db#rows", "psycopg", "pgvector"),
        ("postgresql://host/db#rows", "pgvector.psycopg", "pgvector"),
    ],
)
def test_a_driver_that_is_not_installed_is_told_before_any_work(address, driver, extra, tmp_path, monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingExtraError, match=extra), plain_pipeline() as pipeline:
        pipeline.run(_never_read(), address, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_a_server_of_lancedb_is_refused_before_any_work():
    with pytest.raises(ParameterError, match="a LanceDB database is a folder"), plain_pipeline() as pipeline:
        pipeline.run(_never_read(), "lancedb:http://host:1#rows", progress=False)


def _never_read():
    raise AssertionError("was worked on")
    yield
