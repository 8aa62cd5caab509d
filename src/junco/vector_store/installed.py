"""Which vector stores are installed: by the entry points of the group ``junco.stores``, ours and those of strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from junco.errors import ContractError, JuncoError
from junco.operator.entries import entries, only_one_package, package
from junco.vector_store.address import parse_address, scheme_in
from junco.vector_store.contract import VectorStore
from junco.wording import brief

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "junco.stores"


def schemes() -> list[str]:
    """How addresses of stores begin (``milvus``), or how files of stores end (``.faiss``)."""
    return sorted({entry.name for entry in entries(GROUP)})


def is_store(text: str) -> bool:
    """Whether a text is written as the address of a store that is installed."""
    scheme = scheme_in(text)
    return bool(scheme) and scheme in schemes()


def store_at(text: str) -> VectorStore:
    """The store of an address; nothing is connected to yet.

    Raises:
        ParameterError: the address cannot be.
        ContractError: the package that brings the store is broken.
    """
    address = parse_address(text)
    brought = [entry for entry in entries(GROUP) if entry.name == address.scheme]
    if several := only_one_package("a store", address.scheme, brought):
        raise ContractError(several)
    return _class_of(brought[0])(address)


def _class_of(entry: EntryPoint) -> type[VectorStore]:
    try:
        found = entry.load()
    except JuncoError:
        raise
    except Exception as error:
        what = f"{package(entry)} brings the store {entry.name!r}, and cannot be imported"
        raise ContractError(f"{what}: {brief(error)}") from error
    if not (isinstance(found, type) and issubclass(found, VectorStore)):
        raise ContractError(f"{package(entry)}: the entry point {entry.name!r} of {GROUP} is no VectorStore")
    return found
