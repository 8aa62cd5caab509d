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
A photo in, a vector of 1,280 numbers out: those of EfficientNet-Lite, scaled to length 1. Photos that look alike have
vectors whose inner product is near 1.

## How to use it

    from junco import pipeline
    embed = pipeline("./{name}/pipeline.yaml")
    vector = embed("photo.jpg")

On a hub its name there takes the place of the path. `pipeline.yaml` says which steps it has.

## Limits

EfficientNet-Lite learned to tell the 1,000 classes of ImageNet apart, everyday things on photos. How well it does on
other pictures, `junco evaluate` measures.

## Licence

Of this folder: {licence}. Weights of its steps are not in it, and have licences of their own.
"""

TUNED_CARD = """\
A head of 64 numbers behind EfficientNet-Lite0, not trained yet: a random projection, which makes vectors shorter and
knows nothing of its own.

## How to use it

    from junco import Operator
    embed = Operator.load("./{name}")

On a hub, `ops[…]` with its name there takes the place of the second line. It is trained on a folder with a folder of
photos for each class:

    embed.train("photos")
    embed.save("./{name}")

## Limits

Nobody measured it. Its vectors have a space of their own: they cannot be compared with those of EfficientNet-Lite0.

## Licence

Of this folder: {licence}. The weights of EfficientNet-Lite0 are not in it, and have a licence of their own.
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

## How to use it

    from junco import ops
    embed = ops["{name}"]()
    vector = embed(picture)

On a hub its name there takes the place of the one above. It has code, `{file}`, which nobody's junco runs unasked:
`junco hub trust` shows it first.

## How good it is

`golden.json` holds pictures with their vectors, and `pytest` compares them.

## Limits

Pictures of one colour in another order have the same vector: it sees no shapes and no things.

## Licence

Of all of it: {licence}.
"""

FAMILY_CARD = """\
A family of {of}s that make one vector of a picture: what each takes and gives, and cases that each has to pass.

## How to use it

Write a member: a folder of {a} {of} of this family. The cases run on it by

    junco check MEMBER --run --family ./{name}

## Limits

The cases ask little: a picture has a vector, the same one twice, and another picture another one. Which member is best,
they don't say.

## Licence

Of contract and cases: {licence}. Each member has its own.
"""


DATASET_CARD = """\
Two pictures, one of each class, red and blue: a folder for each class, as a data set begins.

## How to use it

    from junco import datasets
    rows = datasets.load("./{name}")

On a hub its name there takes the place of the path.

## Limits

One picture of each class trains nothing and measures nothing.

## Licence

Of all pictures: {licence}.
"""


def png(pixel: bytes, side: int = 32) -> bytes:
    """A square PNG of one colour, given as its three bytes."""
    rows = (b"\0" + pixel * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
