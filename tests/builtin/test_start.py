"""A second start is as light as what has been converted: no torch where OpenVINO runs the model."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from junco.api import pipeline

CODE = """
import sys
import numpy as np
from junco import pipeline
embed = pipeline(sys.argv[1], dtype="float32", runtime="openvino")
vectors = [embed(sys.argv[2]), *embed.batch([sys.argv[2]] * 3)]
assert "torch" not in sys.modules, "torch was imported"
for vector in vectors:
    np.testing.assert_array_equal(vector, vectors[0])
np.save(sys.argv[3], vectors[0])
"""


@pytest.mark.parametrize("name", ["image-embedding", "text-embedding"])
def test_torch_is_not_imported_where_openvino_runs_a_converted_model(name, photo, tmp_path):
    source = "a cat"
    if name == "image-embedding":
        source = str(tmp_path / "photo.png")
        Image.fromarray(photo).save(source)
    with pipeline(name, dtype="float32", runtime="openvino") as embed:
        expected = embed(source)  # converted here, and prepared by torch's kernel
    made = tmp_path / "vector.npy"
    ran = subprocess.run([sys.executable, "-c", CODE, name, source, made], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    np.testing.assert_array_equal(np.load(made), expected)
