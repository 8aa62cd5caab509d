"""What a user installs: the wheel's contents, its extras, and an import that stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("junco-*.whl"))) as archive:
        yield archive


def test_the_wheel_holds_the_code_its_types_its_pipelines_and_its_licence(wheel):
    names = set(wheel.namelist())
    sources = [
        p for p in (ROOT / "src" / "junco").rglob("*") if p.suffix in {".py", ".typed", ".yaml", ".js", ".css", ".html"}
    ]
    assert {p.relative_to(ROOT / "src").as_posix() for p in sources} <= names
    assert "junco/py.typed" in names
    assert any(name.startswith("junco/builtin/pipelines/") and name.endswith(".yaml") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_no_tests_and_no_weights(wheel):
    assert not [name for name in wheel.namelist() if not re.match(r"junco(-[\d.]+\.dist-info)?/", name)]
    assert max(item.file_size for item in wheel.infolist()) < 1_000_000


def test_all_brings_every_extra():
    extras = dict(PROJECT["optional-dependencies"])
    (everything,) = extras.pop("all")
    assert set(re.fullmatch(r"junco\[(.+)\]", everything).group(1).split(",")) == set(extras)


def test_the_page_weighs_every_extra_and_no_other():
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    table = page.partition("<!-- sizes -->")[2].partition("<!-- /sizes -->")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.strip().splitlines()[2:]]
    assert [name for name, *_ in rows] == ["(none)", *(f"`{extra}`" for extra in PROJECT["optional-dependencies"])]
    assert all(meant and int(size.replace(",", "")) for _, meant, size, _ in rows)


def test_junco_alone_stays_small():
    names = {re.match(r"[\w-]+", need).group() for need in PROJECT["dependencies"]}
    assert names == {"click", "numpy", "platformdirs", "psutil", "pyyaml", "rich"}


def test_every_extra_that_a_page_or_a_message_names_is_there():
    texts = [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    named = {
        (path.name, extra)
        for path in texts
        for found in re.findall(r"pip install '?junco\[([^\]{}]+)\]", path.read_text("utf-8"))
        for extra in found.split(",")
    }
    assert len(named) > 10
    unknown = {(name, extra) for name, extra in named if extra not in PROJECT["optional-dependencies"]}
    assert unknown <= {("extras.py", "extra")}, "the one in a docstring stands for any"


def test_every_extra_that_an_error_names_is_there_and_brings_the_package():
    raised = {
        tuple(argument.value for argument in call.args[:2])
        for path in (ROOT / "src").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "MissingExtraError"
        if all(isinstance(argument, ast.Constant) for argument in call.args[:2])
    }
    assert len(raised) > 5
    for package, extra in raised:
        assert re.sub("[-_.]+", "-", package) in brought_by(extra), f"junco[{extra}] does not bring {package}"


def test_every_package_that_an_operator_asks_for_is_in_the_extra_that_it_names():
    from junco.operator import registry

    packages = {name: registry.load(name).packages for name in registry.installed()}
    asked = {(name, extra) for name, named in packages.items() if isinstance(named, dict) for extra in named.values()}
    assert len(asked) > 20
    assert {(name, extra) for name, extra in asked if extra not in PROJECT["optional-dependencies"]} == set()


def test_the_page_on_installing_has_every_extra():
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    assert [extra for extra in PROJECT["optional-dependencies"] if f"\n| `{extra}` |" not in page] == []


def brought_by(extra: str) -> set[str]:
    """The packages of an extra, with those of the extras in it."""
    found: set[str] = set()
    for need in PROJECT["optional-dependencies"][extra]:
        name, inner = re.match(r"([\w.-]+)(?:\[([^\]]+)\])?", need).groups()
        found |= {name} if name != "junco" else set().union(*map(brought_by, inner.split(",")))
    return found


def test_every_version_is_pinned_and_no_place_is_named():
    assert [line for line in CONSTRAINTS if not re.match(r"[a-z0-9._-]+==[\w.!]+( ; .+)?$", line)] == []


def test_every_direct_dependency_has_its_pin():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values(), *groups.values()]
    wanted = {re.match(r"[\w-]+", item).group() for some in lists for item in some if isinstance(item, str)} - {"junco"}
    assert wanted <= {line.partition("==")[0] for line in CONSTRAINTS}


def test_every_entry_point_leads_somewhere():
    from importlib.metadata import distribution

    points = [point for point in distribution("junco").entry_points if point.value.startswith("junco")]
    assert {p.group for p in points} >= {"console_scripts", "junco.families", "junco.operators", "junco.pipelines"}
    for point in points:
        assert point.load() is not None


def test_importing_junco_imports_nothing_heavy():
    heavy = [
        "torch",
        "ray",
        "pandas",
        "fastapi",
        "starlette",
        "PIL",
        "timm",
        "transformers",
        "pyarrow",
        "click",
        "rich",
    ]
    code = f"import sys, junco; print(*sorted(set({heavy}) & set(sys.modules)))"
    assert _run(code) == ""


def test_importing_junco_leaves_numpy_for_when_it_is_used():
    assert _run("import sys, junco; print('numpy' in sys.modules)") == "False"


def test_listing_operators_and_pipelines_imports_nothing_heavy():
    code = (
        "import sys; from junco.operator import registry; registry.names();"
        "print(*sorted({'torch', 'timm', 'transformers', 'PIL', 'pyarrow'} & set(sys.modules)))"
    )
    assert _run(code) == ""


def _run(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
