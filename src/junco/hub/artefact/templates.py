"""The texts that new folders begin with."""

from __future__ import annotations

import struct
import zlib

PIPELINE = """\
junco: 1
name: {name}
family: image-embedding
description: a photo → a vector of EfficientNet-Lite, of length 1
license: {licence}
main: embed
inputs: [path]
steps:
  - {{map: image-decode.pil, in: path, out: image, name: decode}}
  - {{map: image-embedding.efficientnet-lite, in: image, out: vector, name: embed}}
  - {{map: vector.normalize, in: vector, out: vector, name: normalize}}
outputs: [vector]
"""

PIPELINE_CARD = """\
A photo in, a vector out. `pipeline.yaml` says which steps; what they take from a hub, `junco hub lock .` pins.

    junco check .
    junco hub push . NAMESPACE/{name} --release 1.0.0

Somebody else:

    from junco import pipeline
    embed = pipeline("NAMESPACE/{name}@1.0.0")
    vector = embed("photo.jpg")
"""

TUNED_CARD = """\
A head of 64 numbers behind EfficientNet-Lite0: a random projection, as a training begins with. Train it on a folder
with a folder of photos for each class:

    from junco import Operator
    embed = Operator.load("./{name}")
    embed.train("photos")
    embed.save("./{name}")

Then say here what it was trained on and how good it is, and share it:

    junco check ./{name}
    junco hub push ./{name} NAMESPACE/{name} --release 1.0.0

Somebody else:

    from junco import ops
    embed = ops["NAMESPACE/{name}@1.0.0"]()
"""

OPERATOR = '''\
"""``{name}``: the mean colour of a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from junco import Operator
from junco.types import Image, Vector


class {title}(Operator, family="{family}", name="{member}"):
    """Red, green and blue on average, each from 0 to 1.

    Args:
        normalize: scale vectors to length 1.
    """

    normalize: bool = False

    def batch(self, images: Sequence[Image]) -> list[Vector]:
        return [self._mean(image) for image in images]

    def _mean(self, image: Image) -> Vector:
        vector = (image.mean(axis=(0, 1)) / 255).astype(np.float32)
        length = np.linalg.norm(vector)
        return vector / length if self.normalize and length else vector
'''

OPERATOR_TEST = '''\
"""{title} gives the golden vectors: ``pytest`` in the folder above."""

import importlib.util
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent.parent
_spec = importlib.util.spec_from_file_location("{stem}", FOLDER / "{file}")
module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(module)


def test_it_gives_the_golden_vectors():
    golden = json.loads((FOLDER / "golden.json").read_text("utf-8"))
    embed = module.{title}()
    for pixels, expected in zip(golden["inputs"], golden["outputs"], strict=True):
        vector = embed(np.asarray(pixels, np.uint8))
        np.testing.assert_allclose(vector, expected, atol=1e-5)
'''

GOLDEN = """\
{
 "inputs": [
  [[[255, 0, 0], [255, 0, 0]], [[255, 0, 0], [255, 0, 0]]],
  [[[0, 255, 0], [0, 0, 255]], [[0, 255, 0], [0, 0, 255]]]
 ],
 "outputs": [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]
}
"""

OPERATOR_CARD = """\
The mean colour of a picture: three numbers, red, green and blue, each from 0 to 1.

It has code, `{file}`, which nobody's junco runs unasked: `junco hub trust` shows it. `golden.json` holds pictures with
their vectors, and `pytest` compares them.

    junco check .
    junco hub push . NAMESPACE/{member} --release 1.0.0
"""

FAMILY_CARD = """\
A family of {of}s: what each takes and gives, and cases that each has to pass (`family.yaml`). Change ports and cases to
what yours is about.

    junco check .
    junco hub push . NAMESPACE/{name} --release 1.0.0
"""


DATASET_CARD = """\
A folder of pictures for each class. Put yours into it; then let the card count them, and look at what is wrong:

    junco data report {name}
    junco data card {name} --licence cc-by-4.0 --task image-classification --replace
    junco check {name}
    junco hub push {name} NAMESPACE/{name} --release 1.0.0
"""


def png(pixel: bytes, side: int = 32) -> bytes:
    """A square PNG of one colour, given as its three bytes."""
    rows = (b"\0" + pixel * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
