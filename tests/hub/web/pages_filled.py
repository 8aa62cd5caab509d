"""What lies on the hub that pages are tested with."""

from __future__ import annotations

import json
import pickle
import struct

import numpy as np

from junco.hub.artefact.beginnings import begin
from junco.hub.artefact.templates import png

CARD = """\
---
license: {licence}
library_name: junco
tags: [junco:{kind}, family:{family}, shop]
{more}---
# {title}

{summary}

## What it is good for

| data set | recall@1 | images/s |
|:--|--:|--:|
| Flowers-102 | 0.812 | 412 |

```python
embed = pipeline("{name}@1.0.0")
```

![a red square](pictures/red.png) See [the manifest](junco.yaml), [a site](https://example.com/a) and
[its limits](#limits).

### Limits

- Text within pictures is not read.
"""
THINGS = [
    ("alice/flowers", "pipeline", "image-embedding", "apache-2.0", "Photos of flowers as vectors of 64 numbers."),
    ("alice/birds", "tuned-operator", "image-embedding", "cc-by-4.0", "A head for birds."),
    ("bob/sentences", "operator", "text-embedding", "mit", "Short sentences as vectors."),
    ("bob/old", "model", "text-embedding", "mit", "Weights from before safetensors."),
    ("mei/search", "pipeline", "image-embedding", "apache-2.0", "图像向量：中文电商以图搜图的完整流水线"),
    ("mei/shelves", "dataset", "image-classification", "cc-by-4.0", "Photos of shelves."),
    ("mei/contract", "family", "image-embedding", "apache-2.0", "What every member takes and gives."),
]
BEGUN = {"operator": "operator", "tuned-operator": "tuned-operator", "family": "operator-family"}


def tensors(**shapes):
    """A file of tensors."""
    head, at = {"__metadata__": {"trained_on": "flowers"}}, 0
    for name, shape in shapes.items():
        size = 4 * int(np.prod(shape))
        head[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def fill(hub, folder):
    for name, kind, family, licence, summary in THINGS:
        who = getattr(hub, name.split("/")[0])
        hub.repository(who, name)
        hub.push(who, name, files_of(folder, name, kind, family, licence, summary), parent=None, release="v1.0.0")
    hub.repository(hub.alice, "alice/secret", private=True)
    hub.push(hub.alice, "alice/secret", {"README.md": b"# Hidden\n\nhidden words", "a.png": png(b"abc")}, parent=None)
    hub.repository(hub.bob, "bob/nothing")
    more = {"CHANGES.md": b"# 1.1.0\n\n- longer\n", "weights.safetensors": tensors(head=(8, 5))}
    hub.push(hub.bob, "bob/sentences", more, message="Longer", remove=["golden.json"], release="v1.1.0")


def files_of(folder, name, kind, family, licence, summary):
    place = folder / name.replace("/", "-")
    short = name.split("/")[1]
    begin(BEGUN.get(kind, "pipeline"), f"{family}.{short}" if kind == "operator" else short, place)
    if kind in {"dataset", "model"}:
        (place / "pipeline.yaml").unlink()
    files = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    more = "base_model: alice/flowers\n" if name == "alice/birds" else ""
    told = {"name": name, "kind": kind, "family": family, "licence": licence, "summary": summary}
    files["README.md"] = CARD.format(**told, title=short.title(), more=more).encode()
    files["junco.yaml"] = f"kind: {kind}\nfamily: {family}\nlicence: {licence}\nsummary: {summary}\n".encode()
    files["pictures/red.png"] = png(b"\xd0\x40\x40", 64)
    if kind == "operator":
        files["weights.safetensors"] = tensors(head=(8, 4), body=(4, 4))
    if kind == "model":
        files |= {"model.bin": pickle.dumps({"a": 1}), "key.txt": b"hf_" + b"abcdefghijklmnopqrstuvwxyzABCDEFGH"}
    return files
