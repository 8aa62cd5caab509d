"""All stores pass the checks: ours, and one of a stranger in a package of its own."""

from __future__ import annotations

import pytest

from junco.testing import STORE_CHECKS

checks = pytest.mark.parametrize("check", STORE_CHECKS, ids=[check.__name__ for check in STORE_CHECKS])


@checks
def test_lancedb(check, tmp_path):
    pytest.importorskip("lancedb")
    check(f"lancedb:{tmp_path}/db#rows")


@checks
def test_of_a_stranger(check, shelf):
    check(shelf)
