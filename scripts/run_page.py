"""Run a page of documentation as a reader would: in an empty folder, from top to bottom.

    python scripts/run_page.py docs/quick-start.md

- a block with ``title="some/file"`` is written to that file;
- a ``python`` block without a title is run, all of a page in one namespace, with warnings as errors;
- a ``console`` block's lines that begin with ``$ `` are run by the shell and succeed; after ``$ !`` they end with 2;
- a ``text`` block right after one that was run shows what that printed (`shown.py` says how it is compared);
- a ``yaml`` block without a title that begins with ``junco:`` must be a pipeline.

The folder holds ``cat.jpg``, ``person.jpg``, a folder ``photos`` and ``texts.txt``; for a page that speaks of them also
``street.mp4`` and ``film.mp4``, which has sound, and folders ``sounds`` and ``voices``. ``pip install ./folder``
installs beside the page, so that nothing outside the folder changes.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from shown import difference  # type: ignore[import-not-found]  # beside this file

MEDIA = Path(__file__).resolve().parent.parent / ".media"
VIDEOS = {"street.mp4": "bikes.mp4", "film.mp4": "bigbuckbunny.mp4"}
VOICES = {"allison-english": "en", "allison-spanish": "es", "june-french": "fr"}
SOUNDS = ("drum_*", "loop_amen", "misc_crow", "ambi_*", "guit_*", "vinyl_*")
_BRING = "import sys, media; print(media.{}(sys.argv[1]))"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_INSTALL = re.compile(r"pip install (\./\S+)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        language: of its text.
        line: that its text begins on, from 1.
        title: the file that it is.
        text: of all its lines.
        follows: whether nothing but blank lines stands between it and the block before it.
    """

    language: str
    line: int
    title: str
    text: str
    follows: bool


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order."""
    source, end = page.read_text("utf-8"), -1
    for found in _BLOCK.finditer(source):
        language, attributes, text = found.groups()
        title = _TITLE.search(attributes)
        line, follows = source.count("\n", 0, found.start(3)) + 1, end >= 0 and not source[end : found.start()].strip()
        yield Block(language, line, title.group(1) if title else "", text, follows)
        end = found.end()


def run_page(page: Path, folder: Path) -> None:
    """Run all blocks of ``page`` with ``folder`` as the working folder."""
    os.chdir(folder)
    _lay_out_home(folder / ".junco")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    _lay_out_photos()
    _lay_out_videos(page)
    _lay_out_sounds(page)
    _lay_out_voices(page)
    sys.path.insert(0, "")  # modules beside the page, as an interpreter finds them
    namespace = ModuleType("page")
    sys.modules["page"] = namespace  # where pickle and typing look for what the page defines
    printed: str | None = None
    for block in blocks(page):
        if block.language == "text" and block.follows and printed is not None:
            if why := difference(block.text, printed):
                sys.exit(f"{page}:{block.line}: {why}")
            continue
        printed = _run(page, block, namespace)


def _run(page: Path, block: Block, namespace: ModuleType) -> str | None:
    """What a block printed; ``None`` of one that is not run."""
    if block.title:
        Path(block.title).parent.mkdir(parents=True, exist_ok=True)
        Path(block.title).write_text(block.text, "utf-8")
    elif block.language == "python":
        # the empty lines in front make a traceback point at the page's own line
        code = "\n" * (block.line - 1) + block.text
        with redirect_stdout(io.StringIO()) as out:
            exec(compile(code, str(page), "exec", dont_inherit=True), namespace.__dict__)
        return out.getvalue()
    elif block.language == "console":
        return _run_console(page, block)
    elif block.language == "yaml" and block.text.startswith("junco:"):
        _check_yaml(block)
    return None


def _lay_out_home(home: Path) -> None:
    """A home of the page's own; files out of wheels and models converted for this machine are those of all pages."""
    shared = {"files": MEDIA / "files"}
    if "JUNCO_HOME" in os.environ:
        shared["runtimes"] = Path(os.environ["JUNCO_HOME"], "runtimes")
    home.mkdir()
    for name, kept in shared.items():
        kept.mkdir(parents=True, exist_ok=True)
        (home / name).symlink_to(kept)
    os.environ["JUNCO_HOME"] = str(home)


def _lay_out_videos(page: Path) -> None:
    text = page.read_text("utf-8")
    for name, medium in VIDEOS.items():
        if name in text:
            Path(name).write_bytes(_brought("wheel_file", medium).read_bytes())


def _lay_out_sounds(page: Path) -> None:
    if "sounds/" not in page.read_text("utf-8"):
        return
    Path("sounds").mkdir()
    samples = _brought("debian", "sonic-pi-samples")
    for pattern in SOUNDS:
        for path in samples.glob(f"{pattern}.flac"):
            Path("sounds", path.name).write_bytes(path.read_bytes())


def _lay_out_voices(page: Path) -> None:
    if "voices/" not in page.read_text("utf-8"):
        return
    Path("voices").mkdir()
    for name, language in VOICES.items():
        spoken = sorted(_brought("debian", f"asterisk-core-sounds-{language}-wav").rglob("*.wav"))
        long = [path for path in spoken if 60_000 < path.stat().st_size < 200_000][:6]
        for number, path in enumerate(long, 1):
            Path("voices", f"{name}-{number}.wav").write_bytes(path.read_bytes())


def _brought(how: str, medium: str) -> Path:
    bring = [sys.executable, "-c", _BRING.format(how), medium]
    found = subprocess.run(bring, capture_output=True, text=True, check=True, cwd=MEDIA.parent / "examples")
    return Path(found.stdout.strip())


def _lay_out_photos() -> None:
    from PIL import Image
    from skimage import data

    Path("photos").mkdir()
    for name, pixels in {"cat": data.chelsea(), "coffee": data.coffee(), "rocket": data.rocket()}.items():
        Image.fromarray(pixels).save(f"photos/{name}.jpg")
    Image.fromarray(data.astronaut()).save("person.jpg")
    Path("cat.jpg").write_bytes(Path("photos/cat.jpg").read_bytes())
    Path("texts.txt").write_text("a cat\na rocket\na cup of coffee\n", "utf-8")


def _run_console(page: Path, block: Block) -> str:
    """What the last command wrote to stdout, or to stderr where it must fail."""
    printed = ""
    for number, line in enumerate(block.text.splitlines(), block.line):
        if not line.startswith("$ "):
            continue
        command = line.removeprefix("$ ")
        must_fail, command = command.startswith("!"), command.removeprefix("!").strip()
        if (local := _INSTALL.fullmatch(command)) is not None:
            _install(local.group(1))
            continue
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        if done.returncode != (2 if must_fail else 0):
            sys.exit(f"{page}:{number}: {command!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        printed = done.stderr if must_fail else done.stdout
    return printed


def _install(package: str) -> None:
    target = Path("installed").resolve()
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(target), package], check=True)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(target), os.environ.get("PYTHONPATH")]))
    sys.path.insert(0, str(target))


def _check_yaml(block: Block) -> None:
    from junco import pipeline

    path = Path(f"block-{block.line}.yaml")
    path.write_text(block.text, "utf-8")
    pipeline(path).close()


def main() -> None:
    """Run the page that the command line names, in a folder of its own."""
    page = Path(sys.argv[1]).resolve()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        run_page(page, Path(folder).resolve())
        os.chdir(page.parent)


if __name__ == "__main__":
    main()
