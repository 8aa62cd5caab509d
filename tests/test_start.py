"""What is imported before anything is done: counted, since times are those of the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

DOORS = "from junco import pipeline, pipe, ops"
# Each takes longer to import than all of junco that is there at the beginning may take, or brings others that do.
LATE = {
    *("numpy", "yaml", "click", "rich", "psutil", "platformdirs", "torch", "openvino"),
    *("asyncio", "concurrent", "multiprocessing", "logging", "importlib.metadata", "email", "socket", "subprocess"),
    *("hashlib", "json", "difflib", "traceback", "queue", "decimal", "fractions", "uuid"),
}
LATE_FOR_LISTS = LATE - {
    *("click", "yaml", "platformdirs", "importlib.metadata", "email", "socket", "json"),
    *("traceback", "decimal", "uuid"),
}
ROOMS_TO_RUN = ("junco.engine.", "junco.plan.", "junco.job.", "junco.store.", "junco.runtime.", "junco.neural.")


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has imported for some code, its own not counted."""
    script = f"import sys; bare = set(sys.modules)\n{code}\nprint('loaded', *sorted(set(sys.modules) - bare))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def modules_of_command(*args: str) -> set[str]:
    run = f"sys.argv = {['junco', *args]!r}\nfrom junco.cli.main import main\ntry:\n    main()\nexcept SystemExit: pass"
    return modules_after(run)


def test_the_doors_of_junco_open_without_numpy_and_all_else_that_takes_long():
    modules = modules_after(DOORS)
    assert modules & LATE == set()
    assert len(modules) <= 116


def test_an_import_reads_nothing_of_what_running_and_planning_take():
    light = {f"junco.engine.{name}" for name in ("first_use", "holdings", "options", "rest", "running", "trace")}
    rooms = {name for name in modules_after(DOORS) if name.startswith(ROOMS_TO_RUN)}
    assert rooms - light == {"junco.job.options"}


def test_what_runs_a_pipeline_is_imported_when_it_is_made_and_not_within_its_first_call():
    code = f"{DOORS}\np = pipe.input('x').map('x', 'y', len).filter('y', 'y', 'x', len).output('y')"
    assert "junco.engine.engine" not in modules_after(DOORS)
    made, called = modules_after(code), modules_after(f"{code}\np('one')")
    assert "junco.engine.engine" in made
    assert len(called - made) < 30


def test_to_write_of_boxes_and_chunks_takes_no_numpy():
    assert "numpy" not in modules_after("from junco.types import ArrayType, Box, Chunk, Space")


@pytest.mark.parametrize(
    ("args", "most"),
    [(("--help",), 143), (("ops",), 193), (("pipelines",), 219), (("families",), 219)],
    ids=str,
)
def test_a_command_that_only_lists_imports_no_more_than_its_list_takes(args, most):
    modules = modules_of_command(*args)
    assert modules & LATE_FOR_LISTS == set()
    assert not any(name.startswith(("junco.graph.nodes", "junco.operator.base", *ROOMS_TO_RUN)) for name in modules)
    assert len(modules) <= most


def test_a_model_that_was_converted_on_this_machine_runs_without_what_talks_to_networks():
    modules_of_command("run", "text-embedding", "hello")  # converts it, if nobody has
    modules = modules_of_command("run", "text-embedding", "hello")
    assert modules & {"http.client", "ssl", "urllib.request", "huggingface_hub", "requests", "httpx"} == set()
