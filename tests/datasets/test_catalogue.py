"""The catalogue says of each data set what people ask before they use it, and is found by that."""

from __future__ import annotations

import re

import pytest

from junco.datasets import cards, find
from junco.datasets.card import MODALITIES, TERMS
from junco.datasets.catalogue import FILES
from junco.errors import ParameterError, UnknownNameError
from junco.hub.artefact.fields import is_web_address

ALL = cards()
EVERY_ONE = pytest.mark.parametrize("card", ALL, ids=lambda card: card.id)
LOADER = re.compile(
    r"none|wheel:[\w-]+==[\d.]+|scikit-learn:\w+|scikit-image:\w+|junco:[\w-]+|huggingface:[\w-]+/[\w.-]+"
)
SPDX = re.compile(r"(CC-BY(-NC)?(-SA)?(-ND)?-\d\.\d|CC0-1\.0|MIT|Apache-2\.0)")


def test_there_are_many_of_each_modality():
    assert len(ALL) >= 40
    assert len({card.id for card in ALL}) == len(ALL)
    for modality, least in (("image", 20), ("text", 20), ("audio", 10), ("video", 5), ("cross-modal", 8)):
        assert len(cards(modality=modality)) >= least


@EVERY_ONE
def test_each_says_licence_source_size_task_and_what_to_cite(card):
    assert card.title
    assert card.summary
    assert card.tasks
    assert set(card.modalities) <= set(MODALITIES)
    assert card.licence
    assert card.terms in TERMS
    assert is_web_address(card.source)
    assert LOADER.fullmatch(card.loader)
    assert card.items is None or card.items > 0
    assert set(card.cite) == {"key", "authors", "title", "venue", "year"}
    assert 1980 < card.cite["year"] <= 2026
    assert all(re.fullmatch(r"[0-9a-f]{64}", each) for each in card.sha256.values())
    if "text" in card.modalities:
        assert card.languages


@EVERY_ONE
def test_what_is_called_open_has_a_licence_that_says_so(card):
    if SPDX.fullmatch(card.licence):
        assert ("NC" in card.licence) <= (card.terms == "non-commercial")
    if card.terms == "unknown":
        assert "unknown" in card.licence or "nobody" in card.licence


@EVERY_ONE
def test_the_parts_of_a_set_are_no_more_than_the_whole(card):
    if card.splits and card.items is not None and not card.layout:
        assert sum(card.splits.values()) == card.items


@EVERY_ONE
def test_it_is_shown_in_a_terminal_a_notebook_and_as_bibtex(card):
    assert str(card).startswith(card.id)
    assert len(repr(card)) < 250
    assert card.source.replace("&", "&amp;") in card._repr_html_()
    assert card.bibtex().startswith(f"@misc{{{card.cite['key']},")
    assert card.to_dict()["licence"] == card.licence


def test_they_are_found_by_task_licence_and_whether_packages_bring_them():
    assert {"scifact", "ms-marco"} <= {card.id for card in cards(task="retrieval")}
    assert all("CC-BY" in card.licence for card in cards(licence="cc-by"))
    assert all(card.terms == "open" for card in cards(licence="open"))
    here = cards(here=True)
    assert {card.id for card in here} >= {"textiles", "digits", "tickets", "album"}
    assert all(not card.loader.startswith("huggingface") for card in here)
    assert {card.id for card in cards(modality="text")} >= {"flickr30k", "ag-news"}


def test_a_name_is_found_however_it_is_written_and_a_wrong_one_suggests():
    assert find("Fashion MNIST").id == find("fashion_mnist").id == "fashion-mnist"
    with pytest.raises(UnknownNameError, match="Did you mean 'textiles'"):
        find("textile")
    with pytest.raises(ParameterError, match="no modality 'smell'"):
        cards(modality="smell")
    with pytest.raises(ParameterError, match="Did you mean 'retrieval'"):
        cards(task="retreival")


def test_each_file_of_the_catalogue_holds_its_modality():
    assert len(FILES) == 5
    assert all(card.modality in FILES for card in ALL)
