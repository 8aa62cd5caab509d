"""The examples do what they say, on real photos, sounds, voices and documents."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from skimage import data

import media

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DEMO = EXAMPLES / "demo.py"


def example(name):
    """An example as a module; the media that it asks for are those of the tests, or skip the test."""
    assert sys.modules["media"] is media
    if str(EXAMPLES) not in sys.path:
        sys.path.append(str(EXAMPLES))
    return importlib.import_module(name)


def copied(paths, folder):
    """Some files in a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy(path, folder)) for path in paths]


def ran_demo(target, *arguments):
    done = subprocess.run(
        [sys.executable, str(DEMO), "--to", str(target), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sections(page):
    """What each question of a page shows, by the question."""
    shown = page.split('<section class="card"')[1:]
    return {re.search(r"<h2[^>]*>(.*?)</h2>", section)[1]: section for section in shown}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's target folder and what it printed, of its samples."""
    target = tmp_path_factory.mktemp("samples")
    return target, ran_demo(target)


def test_the_demo_shows_a_photo_beside_those_that_it_is_a_part_of_and_another_one_alone(demo):
    found = sections((demo[0] / "index.html").read_text("utf-8"))
    assert "chelsea.png" in found["chelsea-part.jpg"]
    assert "chelsea-copy.jpg" in found["chelsea-part.jpg"]
    assert "motorcycle_right.png" in found["motorcycle_left.png"]
    assert "nothing alike" in found["page.png"]
    assert found["chelsea-part.jpg"].count("<img ") == 3


def test_the_demo_finds_photos_by_phrases_in_english_and_chinese(demo):
    found = sections((demo[0] / "index.html").read_text("utf-8"))
    assert "chelsea" in found["a cat"]
    assert "coffee" in found["一杯咖啡"]
    assert "look on:" in demo[1]


def test_the_demo_takes_ones_own_photos_alone_and_names_one_that_cannot_be_read(tmp_path):
    photos, target = tmp_path / "photos", tmp_path / "target"
    photos.mkdir()
    Image.fromarray(data.chelsea()).save(photos / "my cat.jpg")
    Image.fromarray(data.chelsea()[:, ::-1]).save(photos / "cat & mirror.png")
    (photos / "broken.jpg").write_bytes((photos / "my cat.jpg").read_bytes()[:2000])
    out = ran_demo(target, "--photos", str(photos), "--pipeline", "image-embedding")
    stored = pq.read_table(target / "vectors.parquet")
    assert {Path(name).name for name in stored.column("input").to_pylist()} == {"my cat.jpg", "cat & mirror.png"}
    assert stored.schema.field("vector").type == pa.list_(pa.float32(), 1280)
    assert "left out" in out
    assert "broken.jpg" in out
    found = sections((target / "index.html").read_text("utf-8"))
    assert "cat &amp; mirror.png" in found["my cat.jpg"]


def test_a_spoiled_part_of_a_picture_finds_the_whole(tmp_path, capsys):
    reverse, folder, target = example("reverse_image_search"), tmp_path / "pictures", tmp_path / "pictures.parquet"
    *pictures, later = copied(sorted((media.debian("tuxpaint-stamps-default") / "animals").rglob("*.png"))[::4], folder)
    later.rename(tmp_path / later.name)
    found = {}
    for picture in pictures[::6]:
        query = reverse.spoiled(picture, tmp_path / "query.jpg")
        found[picture.name] = Path(reverse.search([folder], query, target)[0].key).name
    assert found == {name: name for name in found}
    assert len(found) > 5

    (tmp_path / later.name).rename(later)
    capsys.readouterr()
    page = tmp_path / "page.html"
    reverse.main([str(folder), "--query", str(later), "--to", str(target), "--html", str(page)])
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert first.startswith(f"1 of {len(pictures) + 1} files are new")
    assert second == f" 1.000  {later}"
    assert later.name in page.read_text("utf-8")

    later.unlink()
    reverse.search([folder], pictures[0], target)
    assert "1 files that it had are not among these" in capsys.readouterr().out


def test_copies_of_pictures_are_found_and_told_from_parts_and_nothing_is_deleted(tmp_path, capsys):
    deduplicate = example("deduplicate_folder")
    folder = deduplicate.with_copies(tmp_path / "photos")
    before = sorted(folder.iterdir())
    found = deduplicate.groups([folder], tmp_path / "pictures.parquet", above=0.8)
    copies = {(keep.stem, copy.like.path.stem, copy.is_whole) for keep, group in found.items() for copy in group}
    made = {path.stem.rpartition("-")[::2] for path in before if path.suffix == ".jpg"}
    whole = {(stem, f"{stem}-{how}", True) for stem, how in made if how != "cut"}
    parts = {(stem, f"{stem}-cut", False) for stem, how in made if how == "cut"}
    other_eye = {("motorcycle_left", "motorcycle_right", False)}
    assert whole <= copies <= whole | parts | other_eye
    assert len(copies & parts) > len(parts) / 2

    deduplicate.main([str(folder), "--to", str(tmp_path / "pictures.parquet")])
    out = capsys.readouterr().out
    assert f"0 of {len(before)} files are new" in out
    assert f"{len(copies)} copies of {len(found)} pictures" in out
    assert sorted(folder.iterdir()) == before


def test_a_clip_finds_whose_voice_it_is_also_by_language(tmp_path):
    speakers = example("speaker_search")
    voices, clips = speakers.announcers()
    answers = speakers.whose(voices, clips, tmp_path / "voices.parquet")
    assert [answer.name for answer in answers] == [name for name in voices for _ in range(speakers.NUM_ASKED)]
    assert not set(clips) & {clip for known in voices.values() for clip in known}


def test_a_sound_finds_those_like_it_with_their_names(tmp_path, capsys):
    by_example, folder, target = example("sounds_by_example"), tmp_path / "sounds", tmp_path / "sounds.parquet"
    instruments, desktop = media.debian("sonic-pi-samples"), media.debian("sound-theme-freedesktop")
    kinds = ("drum_*", "mehackit_robot*", "misc_*", "ambi_*")
    some = [path for kind in kinds for path in instruments.glob(f"{kind}.flac")]
    copied([*some, *(desktop / f"{name}.oga" for name in ("camera-shutter", "screen-capture", "complete"))], folder)
    like = {
        name: by_example.search([folder], folder / name, target, count=2)
        for name in ("drum_snare_hard.flac", "mehackit_robot1.flac", "camera-shutter.oga")
    }
    assert Path(like["drum_snare_hard.flac"][0].key).stem == "drum_snare_soft"
    assert all(Path(hit.key).stem.startswith("mehackit_robot") for hit in like["mehackit_robot1.flac"])
    assert Path(like["camera-shutter.oga"][0].key).stem == "screen-capture"

    page = tmp_path / "page.html"
    asked = [str(folder), "--query", str(folder / "misc_crow.flac"), "--to", str(target), "--html", str(page)]
    by_example.main(asked)
    assert "misc_crow.flac: Crow" in capsys.readouterr().out
    assert page.read_text("utf-8").count("<audio ") == 6  # the question, and what is like it


@pytest.mark.filterwarnings("ignore::junco.errors.FidelityWarning")
def test_chinese_questions_are_answered_from_english_and_from_chinese_documents(tmp_path, capsys):
    search, book = example("search_documents"), media.debian("debian-handbook")
    chapters = [f"{name}.html" for name in ("sect.apt-get", "sect.package-meta-information", "sect.kernel-compilation")]
    folders = [tmp_path / language for language in search.LANGUAGES]
    for folder in folders:
        copied((book / folder.name / chapter for chapter in chapters), folder)
    asked = {
        "软件包的依赖关系是在哪里定义的？": (
            "sect.package-meta-information.html",
            "The dependencies are defined in the Depends",
        ),
        "怎样更新可用软件包的列表？": ("sect.apt-get.html", "For any work with APT, the list of available packages"),
    }
    found = search.answers(folders, [*asked], tmp_path / "documents.parquet", count=1)
    for (name, begins), ((english,), (chinese,)) in zip(asked.values(), found, strict=True):
        assert english.path == folders[0] / name
        assert english.text.startswith(begins)
        assert english.with_more.startswith(begins)
        assert (english.page, chinese.path.parent) == (1, folders[1])

    search.main([*map(str, folders), "--ask", "内核为什么要重新编译？", "--to", str(tmp_path / "documents.parquet")])
    out = capsys.readouterr().out
    assert "0 of 6 files are new" in out
    assert "zh-CN/sect.kernel-compilation.html, page 1, character 143" in out


@pytest.mark.slow
def test_the_example_finds_objects_of_a_street_by_phrases_in_english_and_chinese(tmp_path):
    media.wheel_file("bikes.mp4")
    done = subprocess.run(
        [sys.executable, str(DEMO.parent / "objects_by_phrase.py"), "--to", str(tmp_path), "a car", "自行车"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    firsts = [text.splitlines()[0] for text in re.split(r"^(?:a car|自行车)$\s", done.stdout, flags=re.MULTILINE)[1:]]
    assert "(the detector says: car)" in firsts[0]
    assert "(the detector says: bicycle)" in firsts[1]
    with Image.open(tmp_path / "a car-1.png") as found:
        assert min(found.size) > 100
