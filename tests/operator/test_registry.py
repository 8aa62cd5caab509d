"""Packages bring operators and families; what one of them does when it is imported stops nobody else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from junco import Operator, op
from junco.catalog import sources
from junco.errors import ContractError, MissingExtraError, UnknownNameError
from junco.operator import registry
from junco.operator.broken import broken
from junco.operator.namespace import resolve
from junco.types import Chunk

ENDS = [
    ("raise SystemExit('it exits')", "SystemExit: it exits"),
    ("import sys; sys.exit()", "SystemExit"),
    ("raise GeneratorExit('odd')", "GeneratorExit: odd"),
    ("import pytest; pytest.skip('no', allow_module_level=True)", "Skipped: no"),
    ("raise ValueError('one\\ntwo\x1b')", r"ValueError: one"),
    ("import nobody_has_this", "ModuleNotFoundError"),
    ("class Odd(Exception):\n    def __str__(self): raise KeyError\nraise Odd", "Odd"),
]

CACHES = (
    *(registry.installed, registry._alike, registry.families),
    *(registry._installed_families, registry._read_families),
)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Have a package whose module says so when it is imported; it brings the operator ``plug.in`` and families."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(code):
        (tmp_path / "plug_of_tests.py").write_text(code)
        brings = {
            "junco.operators": [EntryPoint("plug.in", "plug_of_tests:Plug", "junco.operators")],
            "junco.families": [EntryPoint("plug", "plug_of_tests:FAMILY", "junco.families")],
        }
        monkeypatch.setattr(registry, "entries", brings.__getitem__)
        for cache in CACHES:
            cache.cache_clear()

    yield install
    monkeypatch.undo()
    sys.modules.pop("plug_of_tests", None)
    for cache in CACHES:
        cache.cache_clear()


@pytest.mark.parametrize(("code", "reason"), ENDS)
def test_families_that_cannot_be_imported_are_left_out_with_a_word(plugin, code, reason):
    plugin(code)
    with pytest.warns(UserWarning, match=f"the families of plug_of_tests:FAMILY are left out: {reason}") as told:
        found = registry.families("operator")
    assert "image-embedding" not in found
    assert str(told[0].message).isprintable()
    assert registry.families_left_out() == (str(told[0].message),)
    assert registry.families_left_out()[0].startswith("entry point 'plug': ")


@pytest.mark.parametrize(("code", "reason"), ENDS)
def test_an_operator_that_cannot_be_imported_is_an_error_that_names_it(plugin, code, reason):
    plugin(code)
    with pytest.raises(
        ContractError, match=f"the operator 'plug.in' of plug_of_tests:Plug cannot be imported: {reason}"
    ):
        registry.load("plug.in")


@pytest.mark.parametrize(("code", "reason"), ENDS)
def test_a_class_whose_module_cannot_be_imported_is_an_error_that_names_it(plugin, code, reason):
    plugin(code)
    with pytest.raises(
        ContractError, match=f"the operator 'its.own' of plug_of_tests:Own cannot be imported: {reason}"
    ):
        registry.load("its.own", "plug_of_tests:Own")


def test_an_error_of_ours_passes_as_it_is(plugin):
    plugin("from junco.errors import MissingExtraError\nraise MissingExtraError('torch', 'torch')")
    for load in (lambda: registry.load("plug.in"), lambda: registry.load("its.own", "plug_of_tests:Own")):
        with pytest.raises(MissingExtraError):
            load()


def test_ctrl_c_passes_while_a_package_is_imported(plugin, monkeypatch):
    plugin("raise KeyboardInterrupt")
    for load in (
        lambda: registry.load("plug.in"),
        lambda: registry.load("its.own", "plug_of_tests:Own"),
        lambda: registry.families("operator"),
    ):
        with pytest.raises(KeyboardInterrupt):
            load()


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_a_finder_of_modules_that_exits_leaves_only_its_pipelines_out(monkeypatch, kind):
    def finds(name):
        raise kind("no")

    monkeypatch.setattr(sources.importlib.util, "find_spec", finds)
    entry = EntryPoint("flows", "plug_of_tests", "junco.pipelines")
    if kind is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            sources._of_package(entry)
        return
    found, problem = sources._of_package(entry)
    assert found == []
    assert problem.endswith("are left out: SystemExit: no")


class Dist:
    """A distribution as an entry point knows it; without a version its metadata cannot be read."""

    def __init__(self, name, version="1.0"):
        self.name, self._version = name, version

    @property
    def version(self):
        if not self._version:
            raise KeyError("Version")
        return self._version


def entry(name, value, dist, group="junco.operators"):
    return EntryPoint(name, value, group)._for(dist)


SHIPPED = entry("image-decode.pil", "junco.builtin.image_decode.pil:PilDecode", Dist("junco"))


@pytest.fixture
def installed(monkeypatch):
    """Have these entry points of operators and families installed."""

    def install(operators=(), families=()):
        brings = {"junco.operators": list(operators), "junco.families": list(families)}
        monkeypatch.setattr(registry, "entries", brings.__getitem__)
        for cache in CACHES:
            cache.cache_clear()

    yield install
    monkeypatch.undo()
    for cache in CACHES:
        cache.cache_clear()


@pytest.mark.parametrize("is_first", [True, False])
def test_an_operator_that_two_packages_bring_is_refused_with_both(installed, is_first):
    other = entry("image-decode.pil", "clashing:Pil", Dist("clash", "2.3"))
    installed([SHIPPED, other] if is_first else [other, SHIPPED])
    with pytest.raises(ContractError, match=r"2 packages bring an operator named 'image-decode.pil'") as told:
        registry.load("image-decode.pil")
    assert all(said in str(told.value) for said in ("junco 1.0", "clash 2.3 (clashing:Pil)", "pip uninstall clash"))
    assert registry.source_of("image-decode.pil").startswith("refused, several packages bring it: ")


@pytest.mark.parametrize("asked", ["probe.one-two", "probe.one_two"])
def test_names_that_python_writes_alike_are_one(installed, asked):
    installed([entry("probe.one-two", "a:A", Dist("a")), entry("probe.one_two", "b:B", Dist("b"))])
    with pytest.raises(ContractError, match=r"a 1\.0 \(a:A\) and b 1\.0 \(b:B\).*uninstall one of them"):
        registry.load(asked)


def test_a_package_that_defines_anothers_operator_beside_its_own_is_refused(installed, monkeypatch, tmp_path):
    (tmp_path / "aliased_of_tests.py").write_text(
        "from junco import Operator\n"
        "class One(Operator, family='probe', name='one'):\n    def batch(self, xs): return xs\n"
        "class Two(Operator, family='probe', name='shipped', override=True):\n    def batch(self, xs): return xs\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_defined", dict(registry._defined))
    shipped = entry("probe.shipped", "somewhere.probe:Shipped", Dist("junco"))
    installed([shipped, entry("probe.one", "aliased_of_tests:One", Dist("alias"))])
    registry.load("probe.one")
    with pytest.raises(ContractError, match=r"junco 1\.0 .* and alias 1\.0 \(aliased_of_tests:One\)"):
        registry.load("probe.shipped")


@pytest.mark.parametrize(
    "name", ["image_decode.pil", "Image-Decode.PIL", "\x1b[2J.x", "image-decode", "a.b\u202e", "x" * 5000]
)
def test_an_entry_point_of_an_odd_name_is_left_out_with_a_word(installed, name):
    installed([SHIPPED, entry(name, "odd:Odd", Dist("odd"))])
    assert list(registry.installed()) == ["image-decode.pil"]  # and nothing is said of what nobody asked for
    assert registry.load("image-decode.pil").name == "image-decode.pil"
    with (
        pytest.warns(UserWarning, match="of odd 1.0 is left out: a name is 'family.member'") as told,
        pytest.raises(UnknownNameError),
    ):
        registry.load("image-decode.pils")
    assert str(told[0].message).isprintable()
    assert len(str(told[0].message)) < 300


def test_operators_of_other_packages_that_cannot_be_used_are_found_with_the_reason(installed, monkeypatch, tmp_path):
    (tmp_path / "bad_of_tests.py").write_text("")
    (tmp_path / "crash_of_tests.py").write_text("raise SystemExit('no')")
    monkeypatch.syspath_prepend(str(tmp_path))
    other = Dist("other", "2.0")
    installed(
        [
            SHIPPED,
            entry("an.unknown", "nobody_has_this.at_all:X", other),
            entry("an.empty", "bad_of_tests:X", other),
            entry("an.exit", "crash_of_tests:X", other),
            entry("Odd", "bad_of_tests:X", other),
        ]
    )
    assert registry.source_of("an.unknown") == "broken, there is no module 'nobody_has_this': other 2.0"
    assert registry.source_of("an.exit") == "other 2.0"  # which an import alone would show
    found = broken()
    assert list(found) == ["an.empty", "an.exit", "an.unknown", "Odd"]
    assert "'an.empty' of the package other 2.0 cannot be imported" in found["an.empty"]
    assert "SystemExit: no" in found["an.exit"]
    assert "No module named 'nobody_has_this'" in found["an.unknown"]
    assert "is left out: a name is 'family.member'" in found["Odd"]


def test_a_package_without_metadata_is_named_by_what_it_says(installed):
    installed([SHIPPED, entry("image-decode.pil", "clashing:Pil", Dist("clash", ""))])
    with pytest.raises(ContractError, match=r"junco 1\.0 .* and clash \(clashing:Pil\)"):
        registry.load("image-decode.pil")


def test_a_family_that_another_package_brings_is_left_out_and_the_shipped_one_stays(installed, monkeypatch, tmp_path):
    (tmp_path / "family_of_tests.py").write_text(
        "from junco.operator.family import Family\nfrom junco.operator.ports import Port, Ports\n"
        "PORTS = Ports((Port('a'),), (Port('b'),))\n"
        "FAMILY = Family('image-embedding', 'operator', PORTS, 'image-embedding.evil', '')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    ours = entry("builtin", "junco.builtin.families:FAMILIES", Dist("junco"), "junco.families")
    installed(families=[entry("x", "family_of_tests:FAMILY", Dist("evil"), "junco.families"), ours])
    with pytest.warns(
        UserWarning, match="'image-embedding' of evil 1.0 is left out: junco 1.0 brings one of that name"
    ):
        assert registry.families("operator")["image-embedding"].default == "image-embedding.efficientnet-lite"


def test_an_operator_that_calls_itself_as_a_family_does_not_take_its_place(monkeypatch):
    monkeypatch.setattr(registry, "_defined", {**registry._defined, "image-decode": object})
    assert resolve("image-decode") == "image-decode.pil"


def test_a_package_s_operator_that_breaks_its_family_s_contract_names_the_package(plugin):
    plugin("from junco import Operator\nclass Plug(Operator, family='Plug', name='in'): ...")
    with pytest.raises(
        ContractError, match=r"the operator 'plug\.in' of plug_of_tests:Plug is refused: 'Plug\.in' is no"
    ):
        registry.load("plug.in")


def test_the_name_of_an_installed_operator_is_taken_only_where_that_is_said():
    says = r"'text-split\.characters' is an operator of junco .*give yours another name, .*override=True"

    def mine(text: str) -> Iterator[Chunk]:
        yield Chunk(text, 0, len(text))

    with pytest.raises(ContractError, match=says):
        op("text-split.characters")(mine)
    with pytest.raises(ContractError, match=says):

        class Mine(Operator, family="text-split", name="characters"):
            def batch(self, texts: list[str]) -> list[list[Chunk]]:
                return [list(mine(text)) for text in texts]

    shipped = registry.load("text-split.characters")
    try:
        spec = op("text-split.characters", override=True)(mine)
        assert resolve("text-split") == "text-split.characters"
        assert registry.load("text-split.characters") is spec.load() is not shipped
    finally:
        registry.register("text-split.characters", shipped)
