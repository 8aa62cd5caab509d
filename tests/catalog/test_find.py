from __future__ import annotations

from pathlib import Path

import pytest

from junco.api import pipeline
from junco.catalog.find import definition, find
from junco.errors import ContractError, NoHubError, UnavailableError, UnknownNameError, YamlError
from junco.graph import yaml_file

UPPER = """\
junco: 1
inputs: [text]
steps:
  - {map: catalog-text.upper, in: text, out: loud}
outputs: [loud]
"""


def test_a_file_in_junco_home_is_found_by_its_stem(home):
    (home / "shout.yaml").write_text(UPPER)
    found = definition("shout")
    assert (found.name, found.path, found.source) == ("shout", home / "shout.yaml", str(home))
    assert found.graph.name == "shout"
    assert [node.name for node in found.graph.nodes] == ["catalog-text"]


def test_a_file_is_found_by_its_path_and_is_what_it_says(tmp_path, monkeypatch):
    file = tmp_path / "flow.yaml"
    file.write_text(UPPER)
    monkeypatch.chdir(tmp_path)
    graph = yaml_file.read(UPPER)
    assert find("./flow.yaml") == find("flow.yaml") == find(file) == find(str(file)) == graph


def test_a_pipeline_of_a_package_is_found_without_running_the_package(home, install):
    folder = install("loudness", shout=UPPER)
    found = definition("shout")
    assert (found.path, found.source) == (folder / "shout.yaml", "loudness 1.5")


def test_the_users_own_folder_comes_before_packages(home, install):
    install("loudness", shout=UPPER)
    (home / "shout.yaml").write_text(UPPER + "description: mine\n")
    assert find("shout").description == "mine"


def test_a_name_that_two_packages_bring_is_refused_naming_both_and_only_when_it_is_used(home, install):
    install("loudness", shout=UPPER, cry=UPPER)
    install("noise", shout=UPPER)
    assert find("cry").name == "cry"
    with pytest.raises(ContractError, match=r"'shout': loudness 1.5 .* and noise 1.5"):
        find("shout")


def test_a_family_is_its_default_member(home):
    (home / "text-embedding-minilm.yaml").write_text(UPPER)  # no family: a stand-in that needs no weights
    assert definition("text-embedding").name == "text-embedding-minilm"


def test_an_unknown_name_suggests_pipelines_and_families(home):
    (home / "shout.yaml").write_text(UPPER)
    with pytest.raises(UnknownNameError, match=r"no pipeline named 'shot'\. Did you mean 'shout'"):
        find("shot")
    with pytest.raises(UnknownNameError, match="Did you mean 'image-embedding'"):
        find("image-embeding")


def test_an_operators_name_is_told_apart(home):
    with pytest.raises(UnknownNameError, match=r"'catalog-text\.upper' is an operator"):
        find("catalog-text.upper")


def test_a_bare_name_is_never_looked_for_among_files(home, tmp_path, monkeypatch):
    (tmp_path / "flow").write_text(UPPER)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownNameError, match=r"begins with '\./'"):
        find("flow")


def test_a_hub_name_without_a_hub_says_how_to_configure_one(home):
    with pytest.raises(NoHubError, match="no hub is configured: set JUNCO_HUB"):
        find("alice/flowers@1.2.0")


def test_a_hub_name_that_is_a_file_here_says_how_to_mean_the_file(home, tmp_path, monkeypatch):
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "shout").write_text(UPPER)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoHubError, match=r"write '\./flows/shout'"):
        find("flows/shout")


def test_a_configured_hub_is_named(home, monkeypatch):
    monkeypatch.setenv("JUNCO_HUB", "https://hub.invalid")
    with pytest.raises(UnavailableError, match=r"https://hub\.invalid cannot be reached"):
        find("alice/flowers")


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(YamlError, match=r"none\.yaml.*cannot be read"):
        find(tmp_path / "none.yaml")


def test_a_folder_for_a_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(YamlError, match="it is a folder, and a pipeline is a file"):
        find(tmp_path)


def test_a_file_that_claims_a_family_must_keep_its_contract(tmp_path):
    file = tmp_path / "flow.yaml"
    file.write_text("family: text-embedding\n" + UPPER)
    with pytest.raises(ContractError) as caught:
        pipeline(Path(file))
    assert "(text: str) -> (vector: vector[dim; float32])" in str(caught.value)
    assert "(text: str) -> (loud: str)" in str(caught.value)


@pytest.mark.parametrize("like", ["loud_shout", "Loud-Shout"])
def test_names_that_differ_by_a_letters_case_or_a_hyphen_clash_between_packages(home, install, like):
    install("loudness", **{"loud-shout": UPPER})
    install("noise", **{like: UPPER})
    for name in ("loud-shout", like):
        with pytest.raises(ContractError, match=r"loudness 1\.5.*noise 1\.5|noise 1\.5.*loudness 1\.5"):
            find(name)


def test_a_package_cannot_give_its_pipeline_the_name_of_a_family(home, install):
    install("loudness", **{"text-embedding": UPPER})
    with pytest.raises(ContractError, match=r"loudness 1\.5 .*'text-embedding', which is the name of a family"):
        find("text-embedding")
    (home / "text-embedding.yaml").write_text(UPPER + "description: mine\n")
    assert find("text-embedding").description == "mine"


def test_the_name_of_a_family_of_operators_is_told_apart(home):
    with pytest.raises(UnknownNameError, match=r"'sparse-text-embedding' is a family of operators: .*ops\['sparse-"):
        find("sparse-text-embedding")
