from __future__ import annotations

from pathlib import Path

import pytest

from junco.catalog.ref import BareName, HubName, parse_ref
from junco.errors import ParameterError, UnknownNameError


@pytest.mark.parametrize("name", ["image-embedding", "image-embedding-resnet50", "mine_2", "Mine"])
def test_a_bare_name_is_an_installed_pipeline_or_family(name):
    assert parse_ref(name) == BareName(name)


@pytest.mark.parametrize(
    "text", ["./flow", "../flow.yaml", "/srv/flow", "flow.yaml", "flow.YML", "a/b/flow.yml", ".", "a/b.yaml"]
)
def test_a_path_is_a_file(text):
    assert parse_ref(text) == Path(text)


def test_a_path_object_is_a_file_whatever_it_looks_like():
    assert parse_ref(Path("alice/flowers")) == Path("alice/flowers")
    assert parse_ref(Path("image-embedding")) == Path("image-embedding")


def test_a_tilde_is_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice")
    assert parse_ref("~/flow.yaml") == Path("/home/alice/flow.yaml")
    assert parse_ref(Path("~/flow")) == Path("/home/alice/flow")


def test_a_slash_is_a_hub():
    assert parse_ref("alice/flowers") == HubName("alice", "flowers")
    assert parse_ref("alice/flowers@1.2.0") == HubName("alice", "flowers", "1.2.0")
    assert str(parse_ref("alice/flowers@1.2.0")) == "alice/flowers@1.2.0"


@pytest.mark.parametrize("text", ["a/b/c", "alice/", "alice/flowers@", "al ice/flowers", "https://host/x"])
def test_what_is_neither_path_nor_hub_name_is_refused_with_the_cure(text):
    with pytest.raises(UnknownNameError, match="For a file write '\\./") as caught:
        parse_ref(text)
    assert "namespace/name[@version]" in str(caught.value)


@pytest.mark.parametrize("nothing", ["", "  ", None, 3, b"x", ["a"]])
def test_what_is_no_name_at_all_is_refused(nothing):
    with pytest.raises(ParameterError, match="name, the path of a file or a graph"):
        parse_ref(nothing)
