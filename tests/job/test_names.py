"""Files have one name in a target, whichever way their source was spelt, and wherever a job is run from."""

from __future__ import annotations

import os
import shutil

import pytest

from junco import open_set, pipe
from junco.job.source import Sources


@pytest.fixture
def embed():
    with pipe.input("path").map("path", "size", os.path.getsize).output("size") as p:
        yield p


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of its own with photos in it, and the working folder."""
    made = tmp_path / "project"
    (made / "photos" / "cats").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "cats/c.jpg"):
        (made / "photos" / name).write_text(name)
    monkeypatch.chdir(made)
    return made


KEYS = ["photos/a.jpg", "photos/b.jpg", "photos/cats/c.jpg"]


def keys(path):
    import pyarrow.parquet as pq

    return pq.read_table(path).column("input").to_pylist()


@pytest.mark.parametrize(
    "spelling",
    [
        "./photos",
        "photos/",
        "photos/**",
        "./photos/../photos",
        "{here}/photos",
        "{here}/photos/**/*.jpg",
        "file://{here}/photos",
    ],
)
def test_a_source_that_is_spelt_otherwise_is_the_same(embed, project, spelling):
    embed.run("photos", "v.parquet")
    before = (project / "v.parquet").read_bytes()
    report = embed.run(spelling.format(here=project), "v.parquet")
    assert report.is_unchanged
    assert keys("v.parquet") == KEYS
    assert (project / "v.parquet").read_bytes() == before


def test_the_first_spelling_does_not_count_either(embed, project):
    embed.run(project / "photos", project / "v.parquet")
    assert keys("v.parquet") == KEYS


def test_several_sources_are_named_alike(embed, project):
    embed.run(Sources(("./photos/cats", str(project / "photos/a.jpg"))), "v.parquet")
    assert keys("v.parquet") == ["photos/cats/c.jpg", "photos/a.jpg"]
    assert embed.run(Sources(("photos/cats/c.jpg", "photos/a*")), "v.parquet").is_unchanged


def test_a_job_that_is_run_from_another_folder_finds_the_same_names(embed, project, monkeypatch):
    embed.run("photos", "v.parquet")
    monkeypatch.chdir(project / "photos")
    assert embed.run(".", "../v.parquet").is_unchanged
    monkeypatch.chdir("/")
    assert embed.run(project / "photos", project / "v.parquet").is_unchanged


def test_a_set_that_is_moved_with_its_photos_stays_what_it_is(embed, project, tmp_path, monkeypatch):
    (project / "out").mkdir()
    embed.run("photos", "out/v.parquet")
    monkeypatch.chdir(tmp_path)
    shutil.move(project, tmp_path / "elsewhere")
    assert embed.run("elsewhere/photos", "elsewhere/out/v.parquet").is_unchanged


def test_what_lies_elsewhere_has_its_whole_path(embed, project, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "d.jpg").write_text("d")
    embed.run("../other", "v.parquet")
    assert keys("v.parquet") == [str(tmp_path / "other" / "d.jpg")]
    assert embed.run(tmp_path / "other", "v.parquet").is_unchanged


def test_a_link_keeps_its_name_and_a_working_folder_behind_one_is_seen(embed, project, tmp_path):
    (tmp_path / "link").symlink_to(project)
    (project / "cats").symlink_to("photos/cats")
    assert embed.run(tmp_path / "link" / "photos", "v.parquet").num_new == 3
    assert keys("v.parquet") == KEYS
    embed.run("cats", "cats.parquet")
    assert keys("cats.parquet") == ["cats/c.jpg"]


def test_a_file_with_dots_after_a_link_is_named_by_where_it_is(embed, project, tmp_path):
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "x" / "e.jpg").write_text("e")
    (project / "far").symlink_to(tmp_path / "x" / "y")
    embed.run("far/../e.jpg", "v.parquet")
    assert keys("v.parquet") == [str(tmp_path / "x" / "e.jpg")]


def test_a_file_in_the_working_folder_is_called_by_its_name(embed, project, monkeypatch):
    monkeypatch.chdir("photos")
    embed.run(".", "../v.parquet")
    assert keys("../v.parquet") == ["a.jpg", "b.jpg", "cats/c.jpg"]
    assert embed.run("*.jpg", "../w.parquet").num_new == 2
    assert keys("../w.parquet") == ["a.jpg", "b.jpg"]


def test_a_hit_says_where_its_file_lies_wherever_the_set_is_opened(project, tmp_path, monkeypatch):
    with _vectors() as p:
        p.run("photos", "v.parquet")
    monkeypatch.chdir(tmp_path)
    import numpy as np

    hit = open_set("project/v.parquet").search(np.ones(2, np.float32), count=1)[0]
    assert hit.key.startswith("photos/")
    assert hit.place == str(project / hit.key)


def _vectors():
    import numpy as np

    return pipe.input("path").map("path", "vector", lambda path: np.ones(2, np.float32)).output("vector")
