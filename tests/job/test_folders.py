"""What lies beneath a folder or matches a pattern, with links of every kind."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path

import pytest

from junco.errors import JuncoError
from reading import read


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes files and links in an empty working folder: names, or pairs of a name and what it leads to."""
    monkeypatch.chdir(tmp_path)

    def made(*names):
        for name in names:
            name, target = name if isinstance(name, tuple) else (name, None)
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if target is None:
                path.write_text(name)
            else:
                path.symlink_to(target)

    return made


def files(source):
    return read(source, "path")[0]


@pytest.mark.parametrize("source", ["photos", "photos/**/*", "photos/**", "photos/**/*.png"])
def test_a_link_to_what_is_above_it_leads_to_nothing_new(make, source):
    make("photos/a.png", "photos/b/c.png", ("photos/self", "."), ("photos/b/up", ".."), ("photos/b/twice", "../b"))
    found, told = read(source, "path")
    assert found == ["photos/a.png", "photos/b/c.png"]
    assert told == [
        f"photos/{link}: this link leads to a folder that is among the others: passed over"
        for link in ("b/twice", "b/up", "self")
    ]


@pytest.mark.parametrize("source", ["photos", "photos/**/*.png", "photos/**"])
def test_a_linked_folder_is_followed_once_by_whichever_links(make, source):
    make("disk/cats/1.png", "disk/cats/2.png", ("disk/cats/again", "../cats"), "photos/own.png")
    make(("photos/cats", "../disk/cats"), ("photos/more", "../disk/cats"))
    found, told = read(source, "path")
    assert found == ["photos/cats/1.png", "photos/cats/2.png", "photos/own.png"]
    assert any(line.startswith("photos/more: ") for line in told)


def test_two_links_that_lead_to_each_others_folders_end(make):
    make("photos/a/1.png", "other/2.png", ("photos/a/out", "../../other"), ("other/back", "../photos"))
    assert files("photos") == ["photos/a/1.png", "photos/a/out/2.png"]
    assert files("photos/**/*.png") == ["photos/a/1.png", "photos/a/out/2.png"]


def test_many_links_upwards_take_no_time(make):
    make("photos/a.png", *((f"photos/up{i}", ".") for i in range(30)))
    assert files("photos/**/*.png") == ["photos/a.png"]
    assert files("photos/**/**/*.png") == ["photos/a.png"]


def test_a_file_that_a_pattern_reaches_by_several_ways_is_taken_once_and_that_is_told(make):
    make("photos/a1/x.png", ("photos/a2", "a1"), ("photos/a3", "a1"))
    found, told = read("photos/a*/x.png", "path")
    assert found == ["photos/a1/x.png"]
    assert told == ["photos/a*/x.png: 2 files are reached by several ways, through links, and taken once"]


def test_a_link_to_a_hidden_folder_is_the_only_way_to_it(make):
    make("photos/.store/1.png", ("photos/cats", ".store"))
    assert files("photos") == files("photos/**/*.png") == ["photos/cats/1.png"]


def test_links_that_lead_nowhere_are_inputs_that_cannot_be_read_and_pipes_are_none(make):
    make("photos/a.png", ("photos/dead.png", "gone.png"), ("photos/round.png", "round.png"))
    os.mkfifo("photos/pipe.png")
    assert files("photos") == ["photos/a.png", "photos/dead.png", "photos/round.png"]
    assert files("photos/*.png") == files("photos")


def test_the_source_itself_may_be_a_link(make):
    make("disk/1.png", ("photos", "disk"))
    assert files("photos") == files("photos/*") == ["photos/1.png"]


def test_patterns_mean_what_they_mean_in_a_shell(make):
    make("p/1.png", "p/2.jpg", "p/10.png", "p/.hid.png", "p/.h/3.png", "p/q/4.png", "p/q/r/5.png", "p/s[1]/6.png")
    assert files("p/*.png") == ["p/1.png", "p/10.png"]
    assert files("p/?.*") == ["p/1.png", "p/2.jpg"]
    assert files("p/[0-1]*.png") == ["p/1.png", "p/10.png"]
    assert files("p/*/*.png") == ["p/q/4.png", "p/s[1]/6.png"]
    assert files("p/s[1]/*.png") == ["p/s[1]/6.png"]
    assert files("p/.h*/*") == ["p/.h/3.png"]
    assert files("p/**/r/*") == ["p/q/r/5.png"]
    assert files("**/5.png") == ["p/q/r/5.png"]
    assert files("*/q/*.png") == files("./*/q/*.png") == ["p/q/4.png"]
    for pattern in ("p/*.gif", "x/**/*.png", "p/*.png/*", "*\0*"):
        with pytest.raises(JuncoError):
            files(pattern)


def test_a_folder_of_an_unknown_user_is_one_that_is_not_there():
    with pytest.raises(JuncoError, match="is no user of this machine"):
        files("~nobody-of-that-name/photos")


def test_an_address_of_files_is_their_path(make, tmp_path):
    make("p q/a.png", ("p q/self", "."))
    address = f"file://{tmp_path}/p q"
    quoted, named = address.replace(" ", "%20"), address.replace("//", "//localhost", 1)
    for source in (address, quoted, named, f"{address}/**/*.png"):
        assert files(source) == [f"{tmp_path}/p q/a.png"]


def test_folders_may_lie_deeper_than_python_recurses(make):
    for depth in range(0, 401, 50):
        make("deep/" + "d/" * depth + f"{depth}.png")
    frames, most = len(inspect.stack()), sys.getrecursionlimit()
    sys.setrecursionlimit(frames + 300)
    try:
        found = files("deep")
    finally:
        sys.setrecursionlimit(most)
    assert [Path(path).name for path in found] == [f"{depth}.png" for depth in range(0, 401, 50)]
