"""A set of pictures and texts behind a server."""

from __future__ import annotations

import pytest
from PIL import Image
from skimage import data

from junco.answers.vector_set import VectorSet
from looking import HOSTILE, served, vectors


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of pictures and a file that is none of the set's."""
    here = tmp_path_factory.mktemp("look")
    for name, picture in ((HOSTILE, data.chelsea()), ("coffee.jpg", data.coffee()), ("قطة.png", data.chelsea()[::2])):
        Image.fromarray(picture).save(here / name)
    (here / "secret.txt").write_text("hunter2", "utf-8")
    return here


@pytest.fixture(scope="module")
def browser(folder):
    """Before a set of three pictures and of many texts."""
    keys = [str(folder / HOSTILE), str(folder / "coffee.jpg"), str(folder / "قطة.png")]
    keys += [f"text {number}" for number in range(197)]
    languages = ["zh", "en", None, "<b>'\""] * 50
    boxes = [
        {"x0": 1.0, "y0": 2.0, "x1": 30.0, "y1": 40.0, "label": f"thing {n % 3}", "score": 0.5} for n in range(200)
    ]
    found = VectorSet(keys, vectors(200), columns={"lang": languages, "box": boxes})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with served(found, "<i>photos</i>.parquet") as asking:
            yield asking
