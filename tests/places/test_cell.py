"""Cells of tables that hold files, as Hugging Face's data sets write them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from junco.builtin.image_decode.pil import PilDecode
from junco.errors import InputError
from junco.places.cell import content_of, has_bytes


def test_bytes_go_before_the_path_that_they_came_from():
    assert content_of({"bytes": b"1", "path": "a.png"}) == b"1"
    assert content_of({"path": "a.png", "bytes": None}) == "a.png"
    assert content_of({"bytes": b"", "path": None}) == b""
    with pytest.raises(InputError, match="neither 'bytes' nor a 'path' in it"):
        content_of({"bytes": None, "path": ""})


def test_only_these_two_names_make_one():
    assert has_bytes({"bytes": None, "path": None})
    for names in (["bytes"], ["path"], ["bytes", "path", "id"], ["bytes", "text"], []):
        assert not has_bytes(names)


def test_a_picture_in_one_is_decoded_by_whichever_door(tmp_path):
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    for cell in ({"bytes": content, "path": "gone.png"}, {"bytes": None, "path": str(tmp_path / "a.png")}):
        assert np.array_equal(PilDecode()(cell)[0, 0], (1, 2, 3))
    for cell in ({"bytes": b"", "path": None}, {"bytes": None, "path": None}):
        with pytest.raises(InputError):
            PilDecode()(cell)
