"""A data set becomes a folder, whole or not at all, with a card that a hub takes."""

from __future__ import annotations

import pytest
import yaml

from junco import datasets
from junco.datasets.getting import plain_name
from junco.errors import InputError, TargetError
from junco.hub.artefact.check import check
from junco.hub.content.card import read_card
from junco.labelled.reading import read_data
from junco.labelled.sets import LabelledSet, RetrievalSet


@pytest.mark.parametrize("name", ["textiles", "digits", "album", "tickets", "clips", "tickets-across-languages"])
def test_what_was_got_passes_the_check_of_artefacts_and_loads_again(name, tmp_path):
    folder = datasets.get(name, tmp_path / "mine")
    found = check(folder)
    assert (found.kind, found.problems) == ("dataset", ())
    if name == "tickets-across-languages":
        assert isinstance(read_data(folder, ("text",)), RetrievalSet)
        return
    again, card = datasets.load(folder), datasets.find(name)
    assert len(again) == card.items
    assert len(again.labels) == (card.classes or 0)


def test_pictures_of_classes_are_a_folder_that_training_takes(tmp_path):
    found = read_data(datasets.get("textiles", tmp_path / "textiles"))
    assert isinstance(found, LabelledSet)
    assert dict(found.counts) == {"global": 40, "local": 40, "nominal": 40}


def test_what_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept.txt").write_text("mine")
    with pytest.raises(TargetError, match="is there already and not empty"):
        datasets.get("tickets", tmp_path / "mine")
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["kept.txt"]


def test_one_that_is_interrupted_leaves_nothing(tmp_path, monkeypatch):
    from pathlib import Path

    written = Path.write_bytes

    def stop(path, content):
        if path.name == "textile_0012.jpg":
            raise KeyboardInterrupt
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", stop)
    with pytest.raises(KeyboardInterrupt):
        datasets.get("textiles", tmp_path / "mine")
    assert not [*tmp_path.iterdir()]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TargetError, match="cannot be written"):
        datasets.get("tickets", tmp_path / "file" / "below")


@pytest.mark.parametrize("label", ["..", "a/b", "", "con", ".hidden", "x\0y", "\ud800", "a" * 300, "-", "零件", "b."])
def test_no_label_becomes_a_path_that_leads_elsewhere(label):
    name = plain_name(label)
    assert name not in ("", ".", "..")
    assert not {"/", "\0", "\\"} & set(name)
    assert not name.startswith(".")
    assert len(name.encode()) < 256
    assert plain_name("零件") == "零件"


def test_every_card_of_the_catalogue_passes_as_an_artefact(tmp_path):
    for card in datasets.cards():
        datasets.write_card(tmp_path / card.id, card)
        assert check(tmp_path / card.id).problems == (), card.id


def test_a_hub_reads_of_a_card_what_it_lists(tmp_path):
    manifest, page = datasets.write_card(tmp_path / "c", datasets.find("scifact"))
    card = read_card({"dataset.yaml": manifest.read_bytes(), "README.md": page.read_bytes()})
    assert (card.kind, card.task, card.licence) == ("dataset", "retrieval", "cc-by-nc-2.0")
    assert card.title == "SciFact, as of BEIR"


def test_the_card_of_one_s_own_folder_counts_it_and_asks_for_what_no_file_says(tmp_path):
    folder = datasets.get("textiles", tmp_path / "cloth")
    for file in ("dataset.yaml", "README.md"):
        (folder / file).unlink()
    with pytest.raises(InputError, match="the licence off the files"):
        datasets.write_card(folder)
    datasets.write_card(folder, licence="CC-BY-4.0", task="image-classification", title="My cloth")
    told = yaml.safe_load((folder / "dataset.yaml").read_text())
    assert (told["items"], told["classes"], told["title"]) == (120, 3, "My cloth")
    assert len(told["sha256"]) == 120
    assert check(folder).problems == ()
    with pytest.raises(TargetError, match="is there already"):
        datasets.write_card(folder, licence="MIT", task="image-classification")
    datasets.write_card(folder, licence="only for my friends", task="other", replace=True)
    assert check(folder).problems == ()
    told = yaml.safe_load((folder / "dataset.yaml").read_text())
    assert told["license"] == "other"
    assert told["modalities"] == ["image"]
    assert "license_name: only for my friends" in (folder / "README.md").read_text()


def test_what_cannot_be_read_and_what_is_no_item_do_not_count(tmp_path):
    folder = datasets.get("textiles", tmp_path / "cloth")
    (folder / "notes.txt").write_text("mine")
    broken = next((folder / "local").glob("*.jpg"))
    broken.write_bytes(broken.read_bytes()[:900])
    datasets.write_card(folder, licence="CC-BY-4.0", task="image-classification", replace=True)
    told = yaml.safe_load((folder / "dataset.yaml").read_text())
    assert (told["items"], told["classes"], len(told["sha256"])) == (119, 3, 119)
    assert "notes.txt" not in told["sha256"]
    page = (folder / "README.md").read_text()
    assert "1 item cannot be read, and is not counted." in page
    assert read_card({"README.md": page.encode()}).tags == ["junco:dataset", "image"]
    assert check(folder).problems == ()
    assert datasets.load(folder).told == (f"{folder}: notes.txt is in no class's folder, and left out",)


def test_of_rows_that_were_loaded_no_choice_of_columns_is_told(tmp_path):
    from junco.labelled.reading import read_data

    folder = datasets.get("textiles", tmp_path / "cloth")
    assert not any("column" in line for line in read_data(datasets.load(folder), ("path",)).told)
