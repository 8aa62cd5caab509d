"""What files are, by their bytes, and which are refused: nothing is imported, unpacked or run."""

from __future__ import annotations

import collections
import gzip
import io
import json
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from junco.hub.content.card import problems_of as problems_of_card
from junco.hub.content.card import read_card
from junco.hub.content.findings import look_at
from junco.hub.content.paths import problem_of, problems_of
from junco.hub.content.token_text import is_whole, new_token


class _Calls:
    def __reduce__(self):
        return os.system, ("touch canary",)


def _zip(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def _npy(array):
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


UNSAFE = {
    **{f"pickle of protocol {n}": pickle.dumps(_Calls(), protocol=n) for n in range(6)},
    **{f"data of protocol {n}": pickle.dumps(collections.OrderedDict(a=1), protocol=n) for n in range(6)},
    "pickle that ends in nonsense": b"cos\nsystem\n(S'touch canary'\ntR\xff\xff",
    "pickle by INST": b"(S'touch canary'\nios\nsystem\n.",
    "what torch writes": _zip(**{"archive/data.pkl": b"x"}),
    "zip": _zip(a=b"a"),
    "zip behind something": b"GIF8" + _zip(a=b"a"),
    "gzip of a pickle": gzip.compress(pickle.dumps(_Calls())),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(40),
    "objects of numpy": _npy(np.array([{}], dtype=object)),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(40),
    "a library": b"\x7fELF" + bytes(60),
    "tar": bytes(257) + b"ustar" + bytes(300),
}
SAFE = {
    "text": (b"hello", "text"),
    "a word that is a pickle's operations": (b"color\nred\nRandom", "text"),
    "imports": (b"import os\nimport sys\n(a)", "text"),
    "Chinese": ("图像向量".encode() * 9000, "text"),
    "JSON": (b'{"a": [1, 2]}', "text"),
    "numbers of numpy": (_npy(np.arange(9.0)), "npy"),
    "nothing": (b"", "text"),
    "noise": (bytes(range(256)) * 4, "binary"),
    "tensors": (save({"a": np.zeros((2, 3), np.float32)}), "safetensors"),
}


def _look(tmp_path, data):
    path = tmp_path / "file"
    path.write_bytes(data)
    return look_at(path, len(data))


@pytest.mark.parametrize("name", UNSAFE)
def test_case_3_and_4_what_can_run_code_is_marked_whatever_its_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert _look(tmp_path, UNSAFE[name]).unsafe
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", SAFE)
def test_what_is_plain_data_is_called_so(tmp_path, name):
    data, kind = SAFE[name]
    found = _look(tmp_path, data)
    assert (found.format, found.unsafe, found.problem) == (kind, False, None)


def _tensors(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _tensor(begin, end, shape, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


BAD_TENSORS = {
    "a header of a terabyte": struct.pack("<Q", 1 << 40) + b'{"a": 1}',
    "tensors that overlap": _tensors({"a": _tensor(0, 8, [2]), "b": _tensor(4, 12, [2])}, bytes(12)),
    "tensors with a gap": _tensors({"a": _tensor(0, 4, [1]), "b": _tensor(8, 12, [1])}, bytes(12)),
    "a tensor beyond the end": _tensors({"a": _tensor(0, 1 << 40, [1 << 38])}, bytes(4)),
    "bytes that are no tensor's": _tensors({"a": _tensor(0, 4, [1])}, bytes(400)),
    "a shape of other size": _tensors({"a": _tensor(0, 4, [2])}, bytes(4)),
    "a shape below nothing": _tensors({"a": _tensor(0, 4, [-1])}, bytes(4)),
    "a shape of words": _tensors({"a": _tensor(0, 4, ["1"])}, bytes(4)),
    "an unknown type": _tensors({"a": _tensor(0, 4, [1], "OBJ")}, bytes(4)),
    "the same name twice": _tensors(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
    "a deep header": _tensors(b"{" + b'"a":{' * 50_000),
    "metadata that is no text": _tensors({"__metadata__": {"a": 1}}),
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_case_1_a_bad_header_is_found_at_once(tmp_path, name):
    began = time.perf_counter()
    found = _look(tmp_path, BAD_TENSORS[name])
    assert time.perf_counter() - began < 0.5
    assert found.format == "safetensors"
    assert found.problem


BAD_PATHS = [
    "", "/etc/x", "../x", "a/../../b", "a//b", "a/", "./a", "a/.", "C:\\x", "c:x", "a\\b", "a\0b", "a\nb", "a\u202eb",
    "a\u200bb", "x.", "x ", " x", "con", "NUL.txt", "a/com1.tar.gz", "a" * 256, "a/" * 600 + "b", ".git/config",
    "a/.GIT/hooks", "a?", "a*", 'a"', "a|b", "\ud800", "/".join("a" * 40),
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS, ids=repr)
def test_case_10_and_28_a_path_that_is_not_the_same_everywhere_is_refused(path):
    assert problem_of(path)


@pytest.mark.parametrize(
    "path", ["a", "a/b.txt", "图像/向量.bin", "a b.txt", ".gitattributes", "v1.0/x-y_z+1.json", "é"]
)
def test_a_path_that_is_the_same_everywhere_may_be(path):
    assert problem_of(path) is None


@pytest.mark.parametrize(
    "paths", [["A", "a"], ["é", "e\u0301"], ["a", "a/b"], ["A/c", "a"], ["straße", "STRASSE"]], ids=repr
)
def test_case_10_and_28_paths_that_meet_on_some_system_are_refused(paths):
    assert problems_of(paths)


def test_secrets_are_warned_of_and_tokens_of_hubs_named(tmp_path):
    token = new_token()
    text = f"aws AKIA{'A' * 16}\nhf_{'a' * 34}\n-----BEGIN RSA PRIVATE KEY-----\n{token}\njnc_{'x' * 49}\n"
    found = _look(tmp_path, text.encode())
    assert len(found.warnings) == 3
    assert found.tokens == (token,)


def test_a_token_with_a_slip_is_none():
    token = new_token()
    assert is_whole(token)
    for wrong in (token[:-1], token + "0", token[:-1] + ("0" if token[-1] != "0" else "1"), "hf_" + token, ""):
        assert not is_whole(wrong)


@pytest.mark.parametrize(
    "head",
    [
        b"a: &a [1]\nb: *a",
        b"a: !!python/object:os.system x",
        b"a: 1\na: 2",
        b"[" * 200,
        b"- a\n- b",
        b"a: [",
    ],
    ids=repr,
)
def test_case_19_a_card_that_is_more_than_plain_yaml_says_nothing_and_is_told(head):
    card = b"---\n" + head + b"\n---\n# Title\n"
    assert problems_of_card("README.md", card)
    assert read_card({"README.md": card}).title == "Title"


def test_case_35_a_card_is_plain_text_on_one_line():
    card = read_card({"README.md": "---\nlicense: '{{7*7}}'\n---\n# A <b>\u202e\u200b{{7*7}}\n\nx\r\ny\n".encode()})
    assert card.licence is None
    assert card.title == "A <b>  {{7*7}}"
    assert card.summary == "x y"
