"""Passes of texts: of like length, within the memory that there is, and of fixed shapes where that is asked for."""

from __future__ import annotations

from itertools import accumulate, combinations, pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import BertPreTokenizer, Whitespace

from junco.neural.text_encoder import TextEncoder, padded, passes_by_length
from junco.neural.tokens import token_ids, tokens_of


class Narrow:
    """A model that counts tokens, in a memory of so many tokens a pass."""

    runtime, dtype, device = "torch", "float32", "cpu"

    def __init__(self, most_tokens):
        self.most_tokens = most_tokens
        self.shapes = []

    def __call__(self, ids, mask):
        self.shapes.append(ids.shape)
        if ids.size > self.most_tokens:
            raise MemoryError("no more room")
        return mask.sum(axis=1, keepdims=True).astype(np.float32)

    def stream(self, passes):
        return (self(*arrays) for arrays in passes)


@pytest.fixture(scope="module")
def tokenizer():
    words = Tokenizer(WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    return words


LENGTHS = [3, 300, 1, 64, 8, 500, 9, 2, 130, 7] * 5
TEXTS = [" ".join("a" * length) for length in LENGTHS]


@pytest.mark.parametrize("most_tokens", [512, 600, 5000])
def test_a_pass_that_memory_does_not_hold_is_made_smaller_and_nothing_is_lost(tokenizer, most_tokens):
    model = Narrow(most_tokens)
    encoder = TextEncoder(model, tokenizer, pass_tokens=16_384)
    assert encoder.embed(TEXTS).ravel().tolist() == LENGTHS
    model.shapes.clear()
    encoder.embed(TEXTS)
    assert max(rows * length for rows, length in model.shapes) <= most_tokens


def test_a_text_that_memory_does_not_hold_alone_is_an_error(tokenizer):
    with pytest.raises(MemoryError):
        TextEncoder(Narrow(400), tokenizer).embed(TEXTS)


def test_texts_are_not_padded_to_the_longest_of_all(tokenizer):
    model = Narrow(100_000)
    TextEncoder(model, tokenizer).embed(TEXTS)
    assert sum(rows * length for rows, length in model.shapes) < 1.3 * sum(LENGTHS)


def test_a_few_texts_of_many_lengths_waste_little_and_share_the_cores(tokenizer):
    model = Narrow(100_000)
    lengths = [250, 60, 40, 20, 15, 12, 10, 8]
    TextEncoder(model, tokenizer).embed([" ".join("a" * length) for length in lengths])
    assert sum(rows * length for rows, length in model.shapes) < 1.25 * sum(lengths)
    assert max(rows * length for rows, length in model.shapes) == 256


@given(
    lengths=st.lists(st.integers(1, 100), min_size=1, max_size=9),
    most_tokens=st.sampled_from([8, 64, 200, 400]),
    pass_cost=st.sampled_from([0, 10, 100]),
)
def test_no_other_way_to_put_texts_of_like_length_together_is_cheaper(lengths, most_tokens, pass_cost):
    passes = passes_by_length(lengths, most_tokens, pass_cost)
    assert sorted(row for rows in passes for row in rows) == list(range(len(lengths)))
    steps = (4 if length <= 64 else 8 for length in lengths)
    sizes = sorted((-(-length // step) * step for length, step in zip(lengths, steps, strict=True)), reverse=True)

    def cost(ends):
        parts = [(end - start, sizes[start]) for start, end in pairwise((0, *ends, len(sizes)))]
        fits = all(rows == 1 or (rows <= 8 and rows * size <= most_tokens) for rows, size in parts)
        return sum(rows * size + pass_cost for rows, size in parts) if fits else inf

    every_way = (ends for count in range(len(sizes)) for ends in combinations(range(1, len(sizes)), count))
    assert cost(list(accumulate(map(len, passes)))[:-1]) == min(map(cost, every_way))


def test_whatever_the_texts_their_passes_have_some_hundreds_of_shapes():
    rng, shapes = np.random.default_rng(0), set()
    for _ in range(300):
        lengths = rng.integers(1, rng.integers(2, 513), rng.integers(1, 129))
        for rows in passes_by_length(lengths.tolist(), 1024, 64):
            shapes.add(padded([np.zeros(lengths[row], np.int64) for row in rows])[0].shape)
    assert len(shapes) < 320
    assert len({length for _, length in shapes}) <= 40


def test_fixed_shapes_are_few_and_depend_on_a_texts_length_alone(tokenizer):
    model = Narrow(100_000)
    encoder = TextEncoder(model, tokenizer, deterministic=True, pass_tokens=512)
    assert encoder.embed(TEXTS).ravel().tolist() == LENGTHS
    of_all = set(model.shapes)
    model.shapes.clear()
    for text in TEXTS:
        encoder.embed([text])
    assert set(model.shapes) == of_all == {(64, 8), (32, 16), (8, 64), (2, 256), (1, 512)}


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("window", [510, 100, 62, 7, 5])
def test_no_pass_is_longer_than_the_models_window_whatever_that_is(deterministic, window):
    words = Tokenizer(WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    words.enable_truncation(window)
    model = Narrow(100_000)
    encoder = TextEncoder(model, words, deterministic=deterministic, pass_tokens=2048)
    assert encoder.embed(TEXTS).ravel().tolist() == [min(length, window) for length in LENGTHS]
    assert max(length for _, length in model.shapes) == window


class Reader:
    """A tokenizer of words that cuts after 8 tokens and counts the characters that it is given."""

    def __init__(self, direction):
        self._words = Tokenizer(WordLevel({"[UNK]": 0, "a": 1, "bc": 2}, unk_token="[UNK]"))
        self._words.pre_tokenizer = BertPreTokenizer()
        self._words.enable_truncation(8, direction=direction)
        self.pre_tokenizer, self.truncation = self._words.pre_tokenizer, self._words.truncation
        self.num_chars = 0

    def encode_batch_fast(self, texts):
        self.num_chars += sum(map(len, texts))
        return self._words.encode_batch_fast(texts)


@given(
    words=st.lists(st.sampled_from(["a", "bc", "a" * 100, " ", "\n", "\x1c", ",", "bc\u0301", "天"]), min_size=1),
    between=st.sampled_from(["", " ", "  "]),
    repeats=st.sampled_from([1, 40, 600]),
    direction=st.sampled_from(["left", "right"]),
)
def test_a_text_of_any_length_has_the_tokens_that_it_has_when_read_whole(words, between, repeats, direction):
    text, tokenizer = between.join(words * repeats), Reader(direction)
    assert token_ids(tokenizer, [text])[0].tolist() == tokenizer.encode_batch_fast([text])[0].ids


@pytest.mark.parametrize("direction", ["left", "right"])
def test_a_text_is_cut_if_a_token_is_left_out_and_empty_if_it_has_none(direction):
    texts = ["a " * 8, "a " * 9, "", " \n", "a " * 8 + " " * 10_000, "a " * 8 + " " * 10_000 + "a", "a" * 9_000]
    found = tokens_of(Reader(direction), texts)
    assert (found.cut, found.empty) == ([1, 5], [2, 3])


def test_a_prompt_is_no_text_and_leaves_less_room_for_one():
    found = tokens_of(Reader("right"), ["", "  ", "a", "a " * 6, "a " * 7], "bc bc ")
    assert (found.cut, found.empty) == ([4], [0, 1])
    assert tokens_of(Reader("right"), ["", "a"], "bc " * 8).cut == [1]


def test_of_a_book_only_the_beginning_is_read():
    tokenizer = Reader("right")
    assert token_ids(tokenizer, ["a bc " * 100_000, "bc"])[0].tolist() == [1, 2] * 4
    assert tokenizer.num_chars < 1000
