"""Real photos through the real default model."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
from PIL import Image
from skimage import data

from junco import pipeline


def test_a_folder_of_photos_becomes_their_vectors_and_a_broken_one_is_explained(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    shown = {"cat": data.chelsea(), "coffee": data.coffee(), "rocket": data.rocket(), "写真": data.astronaut()}
    for name, pixels in shown.items():
        Image.fromarray(pixels).save(photos / f"{name}.jpg")
    (photos / "broken.jpg").write_bytes((photos / "cat.jpg").read_bytes()[:2000])
    with pipeline("image-embedding") as embed:
        report = embed.run(photos, tmp_path / "v.parquet")
        direct = embed(str(photos / "写真.jpg"))
        again = embed.run(photos, tmp_path / "v.parquet")
    stored = pq.read_table(tmp_path / "v.parquet")
    assert [name.rpartition("/")[2] for name in stored.column("input").to_pylist()] == [f"{name}.jpg" for name in shown]
    assert stored.schema.field("vector").type.list_size == 1280
    np.testing.assert_allclose(np.array(stored.column("vector")[3].as_py(), np.float32), direct, rtol=1e-3, atol=1e-4)
    (reject,) = pq.read_table(tmp_path / "v.parquet.rejects.parquet").to_pylist()
    assert reject["input"].endswith("broken.jpg")
    assert reject["stage"] == "decode"
    assert "truncated" in reject["reason"]
    assert (report.num_done, report.num_rejects, again.is_unchanged) == (4, 1, True)
