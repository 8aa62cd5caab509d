from __future__ import annotations

import subprocess
import sys

import pytest

from junco.catalog.listing import families, pipelines
from junco.errors import UnknownNameError

UPPER = """\
junco: 1
inputs: [text]
steps:
  - {map: catalog-text.upper, in: text, out: loud}
outputs: [loud]
"""
HEAVY = ["torch", "PIL", "pyarrow", "timm", "transformers", "pandas"]


def named(found):
    return {listing.name: listing for listing in found}


def test_a_pipeline_is_listed_as_its_file_introduces_it(home):
    (home / "shout.yaml").write_text(UPPER + "description: louder\nlicense: MIT\nparams: {much: 3}\n")
    shout = named(pipelines())["shout"]
    assert (shout.description, shout.license, shout.params, shout.error) == ("louder", "MIT", {"much": 3}, "")
    assert shout.source == str(home)


def test_a_broken_file_is_listed_with_its_error_and_hides_nothing(home):
    (home / "shout.yaml").write_text(UPPER)
    (home / "broken.yaml").write_text("junco: [1\n")
    (home / "empty.yaml").write_text("")
    (home / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (home / "folder.yaml").mkdir()
    found = named(pipelines())
    assert not found["shout"].error
    for name in ("broken", "empty", "binary", "folder"):
        assert str(home / f"{name}.yaml") in found[name].error


def test_an_unknown_operator_does_not_matter_to_the_listing(home):
    (home / "shout.yaml").write_text(UPPER.replace("catalog-text.upper", "nobody-has.this"))
    assert not named(pipelines())["shout"].error


def test_a_clash_is_listed_once_with_its_error(home, install):
    install("loudness", shout=UPPER)
    install("noise", shout=UPPER)
    found = [listing for listing in pipelines() if listing.name == "shout"]
    assert len(found) == 1
    assert "noise 1.5" in found[0].error


def test_one_family_is_listed_alone(home):
    (home / "shout.yaml").write_text(UPPER)
    (home / "mine.yaml").write_text("family: text-embedding\n" + UPPER)
    assert {"mine"} <= set(named(pipelines("text-embedding")))
    assert {listing.family for listing in pipelines("text-embedding")} == {"text-embedding"}


def test_an_unknown_family_is_refused_with_the_nearest(home):
    with pytest.raises(UnknownNameError, match="Did you mean 'text-embedding'"):
        pipelines("text-embeding")


def test_no_folder_is_no_pipelines_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "nowhere"))
    assert all(listing.source.startswith("junco ") for listing in pipelines())


def test_families_of_both_kinds_are_listed():
    assert {("operator", "image-embedding"), ("pipeline", "image-embedding")} <= {(f.kind, f.name) for f in families()}


def test_listing_imports_no_heavy_library(home):
    (home / "shout.yaml").write_text(UPPER)
    code = (
        "import sys; from junco.catalog.listing import pipelines, families; from junco.operator import registry;"
        "assert 'shout' in {p.name for p in pipelines()}; families(); registry.names();"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_package_whose_pipelines_cannot_be_looked_into_is_left_out_with_a_word(home, install, tmp_path):
    install("loudness", shout=UPPER)
    entry = tmp_path / "site" / "broken-2.0.dist-info"
    entry.mkdir()
    (entry / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.0\n")
    (entry / "entry_points.txt").write_text("[junco.pipelines]\nbroken = nobody_has_this.flows\n")
    with pytest.warns(UserWarning, match=r"pipelines of the package broken 2\.0 are left out: .*nobody_has_this"):
        found = named(pipelines())
    assert not found["shout"].error
