"""Tools for one's own data: a table, a split by content, and a report that finds what is wrong with real photos."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from junco import datasets, hub
from junco.errors import DataError, InputError, ParameterError, TargetError, UnknownNameError
from junco.labelled.reading import read_data
from junco.places.files import file_sha256
from media import debian


@pytest.fixture(scope="module")
def textiles(tmp_path_factory):
    return datasets.get("textiles", tmp_path_factory.mktemp("data") / "textiles")


@pytest.fixture
def messy(textiles, tmp_path):
    """Photos in two parts, with all that goes wrong in real folders."""
    folder = tmp_path / "messy"
    for label in ("global", "local"):
        shutil.copytree(textiles / label, folder / "train" / label)
        (folder / "test" / label).mkdir(parents=True)
    for number, file in enumerate(sorted((textiles / "nominal").iterdir())[:6]):
        shutil.copy(file, folder / "test" / ("global" if number % 2 else "local"))
    first = min((folder / "train" / "global").iterdir())
    other = min((folder / "train" / "local").iterdir())
    shutil.copy(first, folder / "test" / "global" / "the same.jpg")
    shutil.copy(first, folder / "train" / "local" / "clash.jpg")
    with Image.open(other) as image:
        image.resize((125, 125)).save(folder / "test" / "local" / "half.jpg", quality=90)
    (folder / "train" / "local" / "empty.jpg").write_bytes(b"")
    (folder / "train" / "global" / "cut.jpg").write_bytes(first.read_bytes()[:3000])
    (folder / "train" / "global" / "two\nlines.png").write_text("no picture")
    (folder / "test" / "global" / "<script>alert(1)<.jpg").write_bytes(b"")
    (folder / "test" / "global" / "dead.jpg").symlink_to("nowhere")
    return folder


def test_a_clean_set_is_called_clean_and_told_in_figures(textiles):
    found = datasets.report(textiles)
    assert found.is_clean
    assert str(found).splitlines()[1].strip() == "120 items of 3 labels: nothing is wrong"
    assert "labels are balanced: 40 items each" in str(found)
    assert found.shapes == {"250×250": 120}
    assert found.to_dict()["labels"] == {"global": 40, "local": 40, "nominal": 40}


def test_leaks_near_leaks_clashes_and_what_cannot_be_read_are_found(messy):
    found = datasets.report(messy)
    names = found.to_dict()
    assert not found.is_clean
    assert len(found.leaks) == len(found.clashes) == 1
    assert any("the same.jpg" in each for each in names["leaks"][0])
    assert any("clash.jpg" in each for each in names["clashes"][0])
    assert [any("half.jpg" in each for each in rows) for rows in names["near"]["leaks"]] == [True]
    assert sorted(each["problem"].split(",")[0].split(":")[0] for each in names["unreadable"]) == [
        "a link to 'nowhere'",
        "a truncated or broken JPEG",
        "an empty file",
        "an empty file",
        "not a picture in a format that Pillow reads",
    ]
    assert "split anew by content" in " ".join(names["advice"])
    json.dumps(names)


def test_several_folders_are_compared_as_parts_of_one(textiles, messy):
    found = datasets.report(messy / "train", textiles / "global")
    assert len(found.parts) == 2
    assert found.leaks


def test_near_copies_are_found_by_the_vectors_of_a_pipeline_too():
    by_looks = datasets.report("album")
    by_vectors = datasets.report("album", near="image-embedding", above=0.9)
    names = [set(map(str, rows)) for rows in by_vectors.to_dict()["near"]["groups"]]
    assert {"coffee.jpg", "coffee-mirrored.jpg"} <= set().union(*names)
    assert by_looks.to_dict()["near"]["how"] == "how pictures look"
    assert "cosine 0.9 and more" in by_vectors.near.how
    assert datasets.report("album", near=None).near.how == ""
    with pytest.raises(ParameterError, match="a cosine above 0"):
        datasets.report("album", above=2)


def test_of_pictures_that_a_hash_tells_nothing_of_that_is_said():
    found = datasets.report(datasets.load("digits")[:50])
    assert not found.near.groups
    assert "of 50 pictures a hash tells nothing" in str(found)


def test_texts_are_told_by_their_letters_and_scripts():
    found = datasets.report("tickets")
    assert found.scripts == {"Latin": 12, "Han": 12}
    assert "letters  8 to 54" in str(found)


def test_sounds_and_videos_are_told_by_how_long_they_last(tmp_path):
    found = datasets.report(datasets.get("clips", tmp_path / "clips"))
    assert {each.shape for each in found.seen.facts} == {"1280×720", "640×272"}
    assert "lasting  5.31 s to 10 s" in str(found)


def test_the_page_stands_alone_shows_thumbnails_and_escapes_names(messy, tmp_path):
    text = datasets.report(messy).save(tmp_path / "page.html").read_text("utf-8")
    assert text.count("<img") > 20
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;.jpg" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "In more than one part" in text
    assert "Cannot be read" in text
    tickets = datasets.report("tickets")
    assert "I forgot my password" in tickets.save(tmp_path / "t.html").read_text("utf-8")
    assert "<h1" in tickets._repr_html_()


def test_sounds_have_players_on_the_page(tmp_path):
    samples = debian("sonic-pi-samples")
    for kind in ("drum", "loop"):
        (tmp_path / "sounds" / kind).mkdir(parents=True)
        for file in sorted(samples.rglob(f"{kind}_*.flac"))[:3]:
            shutil.copy(file, tmp_path / "sounds" / kind)
    found = datasets.report(tmp_path / "sounds")
    assert found.kinds == {"sound": 6}
    assert found.is_clean
    assert found.save(tmp_path / "page.html").read_text("utf-8").count("<audio") == 6


def test_a_folder_becomes_a_table_of_what_can_be_read(messy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = datasets.write_table("messy", "t.parquet")
    rows = pq.read_table("t.parquet").to_pylist()
    assert len(rows) == found.num_rows == 89
    assert len(found.rejects) == 5
    first = next(row for row in rows if row["path"].endswith("half.jpg"))
    assert (first["label"], first["split"], first["kind"], first["width"]) == ("local", "test", "picture", 125)
    assert first["sha256"] == file_sha256(tmp_path / first["path"])
    assert len(read_data("t.parquet", ("path",))) == 89
    for name in ("t.csv", "t.jsonl"):
        datasets.write_table("messy", name)
        assert len(read_data(name, ("path",))) == 89


def test_what_no_table_can_be_made_of_is_refused(tmp_path, textiles):
    with pytest.raises(InputError, match="is no folder"):
        datasets.write_table(tmp_path / "nothing", tmp_path / "t.parquet")
    with pytest.raises(ParameterError, match="the ending says the form"):
        datasets.write_table(textiles, tmp_path / "t.xlsx")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.jpg").write_bytes(b"nothing")
    with pytest.raises(InputError, match="none can be read, first"):
        datasets.write_table(tmp_path / "bad", tmp_path / "t.parquet")
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError, match="cannot be written"):
        datasets.write_table(textiles, tmp_path / "file" / "t.parquet")
    assert not (tmp_path / "t.parquet").exists()


def test_a_table_that_is_interrupted_leaves_nothing(textiles, tmp_path):
    def stop(what, done, total):
        if what == "reading files" and done == 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datasets.write_table(textiles, tmp_path / "t.parquet", watch=stop)
    assert not [*tmp_path.iterdir()]


def test_a_split_keeps_copies_together_and_each_label_on_both_sides(textiles, tmp_path):
    copied = shutil.copytree(textiles, tmp_path / "copied")
    for file in sorted((copied / "local").iterdir())[:10]:
        shutil.copy(file, file.with_name(f"copy of {file.name}"))
    found = datasets.split(copied, tmp_path / "cut", test=0.2, validation=0.1)
    assert list(found.parts) == ["train", "test", "validation"]
    assert sum(map(len, found.parts.values())) == 130
    assert all(len(counts) == 3 for counts in found.counts().values())
    again = datasets.report(tmp_path / "cut")
    assert set(again.parts) == {"train", "test", "validation"}
    assert again.copies
    assert not again.leaks
    assert found.to_dict()["parts"] == datasets.split(copied, validation=0.1).to_dict()["parts"]


def test_names_and_places_that_are_no_data_are_refused_with_what_they_are(tmp_path, textiles):
    (tmp_path / "p.csv").write_text("query,document\na,b\n")
    with pytest.raises(DataError, match="holds <1 pairs>, and no list of items"):
        datasets.report(tmp_path / "p.csv")
    (tmp_path / "note").write_text("a note")
    with pytest.raises(DataError, match="is one file, and no table"):
        datasets.report(tmp_path / "note")
    with pytest.raises(UnknownNameError, match="no data set named ''"):
        datasets.report("")
    with pytest.raises(InputError, match="there is nothing to report on"):
        datasets.report()
    named = shutil.copytree(textiles, tmp_path / "named")
    shutil.copy(min((named / "local").iterdir()), os.fsencode(named / "local") + b"/bad\xff.jpg")
    assert [why for _, why in datasets.write_table(named, tmp_path / "t.csv").rejects] == [
        "its name is no valid Unicode, which tables need"
    ]
    with pytest.raises(TargetError, match=r"udcff\.jpg' is no valid Unicode"):
        datasets.split(named, tmp_path / "cut")
    assert not (tmp_path / "cut").exists()


def test_a_split_that_cannot_be_says_why(messy, textiles, tmp_path):
    with pytest.raises(InputError, match="in parts already"):
        datasets.split(messy)
    with pytest.raises(DataError, match="items hold the same as another of another label"):
        datasets.split(messy / "train")
    with pytest.raises(ParameterError, match="leave some to train on"):
        datasets.split(textiles, test=0.8, validation=0.3)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x").write_text("")
    with pytest.raises(TargetError, match="is there already"):
        datasets.split(textiles, tmp_path / "there")


def test_a_hundred_thousand_texts_are_looked_through(tmp_path):
    table = tmp_path / "many.csv"
    with table.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"text number {number // 2},{'ab'[number % 4 // 2]}\n" for number in range(100_000))
    found = datasets.report(table)
    assert len(found.seen) == 100_000
    assert found.to_dict()["num_copies"] == 50_000
    assert len(found.to_dict()["copies"]) == 10_000
    assert len(str(found)) < 4000


@pytest.mark.parametrize("package", [datasets, hub])
def test_no_file_takes_the_place_of_what_is_called_so(package):
    files = {path.stem for folder in package.__path__ for path in Path(folder).iterdir()}
    assert not files & set(package.__all__)
