"""What the tests of other packages run: the checks that every vector store has to pass."""

from junco.testing.store_checks import STORE_CHECKS, check_store

__all__ = ["STORE_CHECKS", "check_store"]
