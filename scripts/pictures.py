"""Make the pictures of results that stand in docs/how-to and docs/jobs, as a browser shows them.

    python scripts/pictures.py            # all
    python scripts/pictures.py sounds     # some

Takes a browser without a window: Chromium or Chrome. What is shown is scikit-image's, drawn, Sonic Pi's samples (CC0),
or Big Buck Bunny (© Blender Foundation, CC BY 3.0).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops
from skimage import data

from junco import ops, pipe, pipeline
from junco.pages.style import page
from junco.types import AudioClip

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples"))
from run_page import blocks  # type: ignore[import-not-found]  # noqa: E402  beside this file

import media  # noqa: E402  of another folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = 920, 2400
"""Of the window in pixels; what is longer is cut."""
SIZES = {"inspect": (1150, 1500), "look": (1150, 1050), "photos": (1000, 1500)}
MOST_BYTES = 150_000
RATE_HZ = 16_000


def objects_video() -> Any:
    """A clip of three photos, two seconds each, and the objects in its key frames."""
    import av

    with av.open("clip.mp4", "w") as clip:
        stream = clip.add_stream("libx264", rate=25, options={"g": "50", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for photo in (data.chelsea(), data.coffee(), data.astronaut()):
            pixels = np.asarray(Image.fromarray(photo).resize((640, 480)))
            for _ in range(50):
                clip.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")))
        clip.mux(stream.encode(None))
    return pipeline("video-object-embedding")("clip.mp4")


def video() -> Any:
    """Two frames a second of a film."""
    frames = pipe.input("path").flat_map("path", "frame", ops.video_decode.frames(per_second=2)).output("frame")
    return frames(media.wheel_file("bigbuckbunny.mp4"))


def sounds() -> Any:
    """What is heard in two sounds, one after the other."""
    decode, folder = ops.audio_decode.av(), media.debian("sonic-pi-samples")
    clips = [decode(folder / f"{name}.flac").samples[:, : 3 * RATE_HZ] for name in ("ambi_choir", "drum_roll")]
    heard = pipe.input("clip").flat_map("clip", "heard", ops.audio_tagging.yamnet()).output("clip", "heard")
    return heard(AudioClip(np.concatenate(clips, axis=1), RATE_HZ))


VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240))
"""Formants of vowels (Peterson and Barney, 1952)."""


def vowels(seconds: float) -> Any:
    """A computed voice: pulses of a moving pitch through the resonances of one vowel after another."""
    from scipy.signal import lfilter  # type: ignore[import-untyped]

    random, long = np.random.default_rng(0), int(0.18 * RATE_HZ)
    times = np.arange(int(seconds / 0.18) * long) / RATE_HZ
    pitch_hz = 120 + 20 * np.sin(2 * np.pi * 0.7 * times) + 5 * np.sin(2 * np.pi * 5 * times)
    pulses = np.diff(np.floor(np.cumsum(pitch_hz) / RATE_HZ), prepend=0) + 0.003 * random.normal(size=times.size)
    said = []
    for part in pulses.reshape(-1, long):
        for hz, width_hz in zip(VOWELS_HZ[random.integers(5)], (80, 100, 140), strict=True):
            radius = np.exp(-np.pi * width_hz / RATE_HZ)
            part = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * hz / RATE_HZ), radius**2], part)
        said.append(part * np.hanning(long) ** 0.5)
    voice = np.concatenate(said)
    return 0.5 * voice / np.abs(voice).max()


def speech() -> Any:
    """Where a computed voice speaks, with pauses."""
    quiet = np.zeros(RATE_HZ)
    samples = np.concatenate([quiet / 2, vowels(3), quiet, vowels(1.5), quiet, vowels(2), quiet / 2])
    found = pipe.input("clip").flat_map("clip", "speech", ops.voice_activity.silero()).output("clip", "speech")
    return found(AudioClip(samples[None].astype(np.float32), RATE_HZ))


def faces() -> Any:
    """A face in a photo."""
    found = (
        pipe.input("photo")
        .flat_map("photo", "face", ops.face_detection())
        .map(("photo", "face"), "vector", ops.face_embedding())
        .output("photo", "face", "vector")
    )
    return found(data.astronaut())


def inspect() -> Any:
    """The inspection that docs/how-to/inspect.md makes in its first blocks."""
    Image.fromarray(data.chelsea()).save("cat.jpg")
    names: dict[str, Any] = {}
    for block in blocks(ROOT / "docs" / "how-to" / "inspect.md"):
        if block.language == "python":
            exec(compile(block.text, "inspect.md", "exec"), names)
        if "seen" in names:
            return names["seen"]
    raise LookupError("seen")


def look() -> Any:
    """The map of the samples of the demo, as a browser shows it."""
    from demo import samples
    from junco import open_set
    from junco.look.looked import Looked
    from junco.look.server import Server

    with pipeline("image-embedding") as embed:
        photos = [photo for photo in samples(Path("photos")) if not photo.name.startswith("cloth")]
        embed.run(photos, "photos.parquet", progress=False)
    with Server(Looked(open_set("photos.parquet"), "photos.parquet")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shot = shoot(f"{server.address}map", SIZES["look"])
        server.shutdown()
    return shot


def photos() -> Any:
    """The page of two answers that docs/jobs/photos.md writes."""
    for block in blocks(ROOT / "docs" / "jobs" / "photos.md"):
        for line in block.text.splitlines() if block.language == "console" else ():
            subprocess.run(["bash", "-c", line.removeprefix("$ ")], check=True)
    return shoot(Path("found.html").resolve().as_uri(), SIZES["photos"])


PICTURES: dict[str, Callable[[], Any]] = {
    "objects-video": objects_video,
    "video": video,
    "sounds": sounds,
    "speech": speech,
    "faces": faces,
    "inspect": inspect,
    "look": look,
    "photos": photos,
}
FOLDERS = {"photos": "jobs"}
"""Beneath docs, where it is not how-to."""


def written(name: str, made: Any) -> str:
    """The address of a page with what was made."""
    markup = made.html() if hasattr(made, "html") else page(name, made._repr_html_())
    Path("page.html").write_text(markup, "utf-8")
    return Path("page.html").resolve().as_uri()


def shoot(address: str, size: tuple[int, int]) -> Image.Image:
    """A page as a browser of this size shows it, without what is empty beneath."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"pictures of pages take a browser, and none of {', '.join(BROWSERS)} is here")
    # the page is our own and runs nothing, so that it needs no sandbox, which not every container lets a browser have
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--screenshot=page.png"]
    where = [f"--window-size={size[0]},{size[1]}", address]
    subprocess.run([browser, *options, *where], check=True, capture_output=True, timeout=120)
    shot = Image.open("page.png").convert("RGB")
    ground = Image.new("RGB", shot.size, shot.getpixel((0, shot.height - 1)))
    *_, bottom = ImageChops.difference(shot, ground).getbbox() or (0, 0, 0, shot.height)
    return shot.crop((0, 0, shot.width, min(shot.height, bottom + 16)))


def kept(shot: Image.Image, target: Path) -> None:
    """Write a picture, as good as there is room for."""
    for quality in range(85, 55, -5):
        shot.save(target, quality=quality, optimize=True)
        if target.stat().st_size <= MOST_BYTES:
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")
            return
    sys.exit(f"{target} is larger than {MOST_BYTES:,} bytes")


def main() -> None:
    """Make the pictures that the command line names, or all."""
    for name in sys.argv[1:] or PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            made = PICTURES[name]()
            shot = made if isinstance(made, Image.Image) else shoot(written(name, made), SIZES.get(name, SIZE))
            kept(shot, ROOT / "docs" / FOLDERS.get(name, "how-to") / f"{name}.jpg")
            os.chdir(ROOT)


if __name__ == "__main__":
    main()
