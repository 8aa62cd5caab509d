"""Addresses of collections, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from junco import open_set
from junco.errors import ContractError, InputError, ParameterError, TargetError
from junco.store.target import sink_of
from junco.vector_store.address import parse_address
from junco.vector_store.installed import is_store, schemes, store_at


def test_a_local_address_is_a_folder_and_a_collection():
    address = parse_address("lancedb:./db#photos")
    assert (address.scheme, address.path, address.collection) == ("lancedb", Path("db"), "photos")
    assert (address.is_server, address.beside) == (False, Path("db.photos"))


def test_what_a_job_keeps_of_a_server_lies_in_the_home_of_junco_whoever_the_user_is(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path))
    address = parse_address("milvus:https://ann@host:19530#photos")
    assert (address.place, address.is_server) == ("https://ann@host:19530", True)
    assert address.beside.parent.parent == tmp_path / "stores"
    assert "ann" not in str(address.beside.relative_to(tmp_path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lancedb:./db", "names no collection: write lancedb:./folder#photos"),
        ("postgresql://host/db", "names no collection: write postgresql://host/db#photos"),
        ("lancedb:./db#' or 1=1", "a collection's name is a letter"),
        ("lancedb:./db#a/../b", "a collection's name is a letter"),
        ("lancedb:#photos", "does not say where the store is"),
        ("milvus:ftp://host#photos", "a server's address begins with http://"),
        ("milvus:http://host:port#photos", "is no address"),
    ],
)
def test_an_address_that_cannot_be_is_told_with_the_form(text, says):
    with pytest.raises(ParameterError, match=says.replace("(", r"\(")):
        parse_address(text)


@pytest.mark.parametrize(
    "text", ["postgresql://ann:hunter2@host/db#photos", "milvus:http://host:19530?token=hunter2#photos"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(ParameterError, match="an address holds no password") as refused:
        parse_address(text)
    assert "hunter2" not in str(refused.value)


def test_stores_are_found_by_their_entry_points_also_those_of_strangers(shelf):
    assert {"lancedb", "shelf"} <= set(schemes())
    assert is_store(shelf)
    assert not is_store("photos.parquet")
    assert not is_store("nobody:./db#photos")
    assert type(store_at(shelf)).__name__ == "ShelfStore"


def test_a_package_whose_store_cannot_be_imported_is_named(shelf, tmp_path):
    (tmp_path / "installed" / "shelf_store.py").write_text("import not_installed_anywhere")
    with pytest.raises(ContractError, match=r"shelf 1\.0 brings the store 'shelf', and cannot be imported"):
        store_at(shelf)


def test_an_entry_point_that_is_no_store_is_refused(shelf, tmp_path):
    (tmp_path / "installed" / "shelf_store.py").write_text("ShelfStore = dict")
    with pytest.raises(ContractError, match=r"the entry point 'shelf' of junco\.stores is no VectorStore"):
        store_at(shelf)


def test_what_is_no_target_is_told_which_stores_there_are():
    with pytest.raises(TargetError, match="lancedb:…"):
        sink_of("nobody:./db")


def test_a_collection_that_is_not_there_is_no_set(shelf):
    with pytest.raises(InputError, match="there is no such collection"):
        open_set(shelf)
