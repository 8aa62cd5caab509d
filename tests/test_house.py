"""House rules as code: what review would otherwise have to remember."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "junco"
FILES = sorted(SRC.rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}
EVERY_FILE = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))

ATTICS = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "core", "base_utils"}
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60
LIGHT = {"numpy", "yaml", "junco"}
CLI_MAY_ALSO_IMPORT = {"click", "rich"}
SERVED_BY = {
    "alembic",
    "argon2",
    "fastapi",
    "itsdangerous",
    "jinja2",
    "markupsafe",
    "prometheus_client",
    "pydantic",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
ADAPTED = {"sklearn": "sklearn", "langchain": "langchain_core", "llama_index": "llama_index", "haystack": "haystack"}
"""The library that an adapter is for, by its file: nobody imports that who has not the library."""
LOOPS = {
    "fitting",
    "goals",
    "gradients",
    "head_network",
    "lora",
    "losses",
    "optimiser",
    "parts",
    "passes",
    "run",
    "trainer",
}
"""Of training: what is imported when it begins, and not when it is spoken of."""
# executing data, or a shell, is how a shared pipeline would become an attack
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "yaml.load",
}

WRITES = {
    "print",
    "typer.echo",
    "typer.secho",
    "click.echo",
    "click.secho",
    "traceback.print_exc",
    "traceback.print_exception",
    "logging.StreamHandler",
}
# tables of printed cells, a bar of numbers, and whether there are colours
DRAWN_BY_RICH = {"cli/printing.py", "cli/main.py", "job/progress.py", "tuning/watching.py"}


# what a run sends to the worker processes that it started itself, and what they send back
BETWEEN_OWN_PROCESSES = {"engine/worker.py", "engine/shared_arrays.py"}


def test_there_is_something_to_check():
    assert SRC / "errors.py" in FILES


@EVERY_FILE
def test_a_module_is_named_after_what_lives_in_it(path):
    assert not {part.strip("_").lower() for part in path.relative_to(SRC).with_suffix("").parts} & ATTICS


@EVERY_FILE
def test_a_file_is_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@EVERY_FILE
def test_a_function_fits_on_a_screen(path):
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


@EVERY_FILE
def test_a_module_says_what_it_is_in_its_first_line(path):
    assert ast.get_docstring(TREES[path]), "give the module a docstring"


@EVERY_FILE
def test_only_settings_reads_the_environment(path):
    reads = {name for name in _dotted_names(TREES[path]) if name in {"os.environ", "os.getenv", "os.environb"}}
    assert path.name == "settings.py" or not reads


@EVERY_FILE
def test_case_49_nothing_executes_data_or_a_shell(path):
    calls = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.Call)]
    between_processes = {"pickle.loads"} if path.relative_to(SRC).as_posix() in BETWEEN_OWN_PROCESSES else set()
    assert not {_dotted(call.func) for call in calls} & (FORBIDDEN_CALLS - between_processes)
    assert not [k for call in calls for k in call.keywords if k.arg == "shell" and getattr(k.value, "value", True)]
    loads = [call for call in calls if _dotted(call.func) == "torch.load"]
    assert all(_keyword(call, "weights_only") is True for call in loads), "torch.load(..., weights_only=True)"


@EVERY_FILE
def test_only_the_terminal_module_writes_to_stdout_and_stderr(path):
    calls = {name for node in ast.walk(TREES[path]) if isinstance(node, ast.Call) and (name := _dotted(node.func))}
    writes = calls & WRITES | {name for name in calls if name.startswith(("sys.stdout.write", "sys.stderr.write"))}
    assert path == SRC / "terminal.py" or not writes, "junco.terminal: out, out_json and say show control characters"
    is_drawn = path.relative_to(SRC).as_posix() in DRAWN_BY_RICH
    assert is_drawn or not {name for name in calls if name.rpartition(".")[2] == "Console"}


@EVERY_FILE
def test_only_settings_looks_for_somebodys_home(path):
    calls = {node.func.attr for node in ast.walk(TREES[path]) if _is_method_call(node)}
    assert path.name == "settings.py" or "expanduser" not in calls, "junco.settings.user_path says what is wrong"


@EVERY_FILE
def test_heavy_libraries_wait_until_they_are_used(path):
    import sys

    allowed = LIGHT | set(sys.stdlib_module_names)
    if SRC / "cli" in path.parents:
        allowed |= CLI_MAY_ALSO_IMPORT
    if SRC / "adapters" in path.parents:
        allowed |= {ADAPTED.get(path.stem, "junco")}
    if SRC / "hub" / "server" in path.parents or SRC / "hub" / "web" in path.parents:
        allowed |= SERVED_BY  # whoever runs a hub has them, and nobody else imports the room
    if path.parent == SRC / "nn" or (path.name == "model.py" and SRC / "models" in path.parents):
        allowed |= {"torch"}  # a network is a class of torch's; whoever needs one imports it where it is built
    if path.parent == SRC / "train" and path.stem in LOOPS:
        allowed |= {"torch"}  # whoever trains has it; what others read of a training run has not
    assert {name.partition(".")[0] for name in _imported_at_once(TREES[path])} <= allowed


@EVERY_FILE
def test_annotations_are_not_evaluated(path):
    assert "annotations" in _future_imports(TREES[path]) or not any(
        isinstance(node, ast.FunctionDef | ast.AnnAssign) for node in ast.walk(TREES[path])
    )


def test_no_name_of_the_facade_is_a_submodule():
    import junco

    submodules = {path.stem if path.is_file() else path.name for path in SRC.iterdir()}
    functions = {name for name in junco.__all__ if not _is_module(getattr(junco, name))}
    assert not functions & submodules


def test_the_facade_lists_what_it_gives():
    import junco

    assert sorted(junco.__all__) == sorted({*junco._WHERE, "__version__"})
    assert set(junco.__all__) <= set(dir(junco))
    for name in junco.__all__:
        assert getattr(junco, name) is not None


def _is_module(value):
    import types

    return isinstance(value, types.ModuleType)


def _future_imports(tree):
    return {a.name for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__" for a in n.names}


def _imported_at_once(tree):
    """Modules imported when the file is: not inside functions, not for type checkers only."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        elif not (isinstance(node, ast.If) and _dotted(node.test).endswith("TYPE_CHECKING")):
            waiting.extend(ast.iter_child_nodes(node))


def _is_method_call(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


def _dotted_names(tree):
    return (_dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def _dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _keyword(call, name):
    return next((getattr(k.value, "value", None) for k in call.keywords if k.arg == name), None)
