"""text-split: every chunk is where it says it is, in every text; where texts are cut; how long that takes."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco import ops, pipe
from junco.errors import InputError, ParameterError
from media import debian

MEMBERS = ["characters", "tokens", "sentences", "markdown", "code"]
ODD = "中文。！？“”a b.C!\r\n\n\t #`-|*{}👩\u200d👧\u0301é\ufeff\x00𠮷ไ"
TEXTS = st.one_of(st.text(max_size=200), st.text(alphabet=ODD, max_size=400))
CHINESE = "第一句话。第二句！“第三句？”他说。"


@pytest.fixture(params=MEMBERS)
def member(request):
    return request.param


def chunks(name, text, **params):
    return list(getattr(ops.text_split, name)(**params)(text))


@given(text=TEXTS, size=st.integers(1, 60), overlap=st.integers(0, 20), trim=st.booleans())
@pytest.mark.parametrize("name", MEMBERS)
def test_each_chunk_is_where_it_says_in_every_text(loaded, name, text, size, overlap, trim):
    split = loaded(f"text-split.{name}", size=size, overlap=min(overlap, size - 1), trim=trim)
    found = list(split(text))
    assert all(text[chunk.start : chunk.end] == chunk.text != "" for chunk in found)
    assert [chunk.start for chunk in found] == sorted(chunk.start for chunk in found)
    if name in {"characters", "markdown", "code"}:
        assert all(len(chunk.text) <= size for chunk in found)
    covered = {at for chunk in found for at in range(chunk.start, chunk.end)}
    assert all(text[at].isspace() or at in covered or ord(text[at]) < 32 for at in range(len(text)))


@given(text=TEXTS, size=st.integers(1, 60))
@pytest.mark.parametrize("name", MEMBERS)
def test_untrimmed_chunks_join_to_the_text(loaded, name, text, size):
    split = loaded(f"text-split.{name}", size=size, trim=False)
    assert "".join(chunk.text for chunk in split(text)) == text


@given(text=TEXTS, size=st.integers(1, 60))
@pytest.mark.parametrize("name", MEMBERS)
def test_trimmed_chunks_begin_and_end_with_something(loaded, name, text, size):
    assert all(chunk.text.strip() == chunk.text for chunk in loaded(f"text-split.{name}", size=size)(text))
    assert list(loaded(f"text-split.{name}", size=size)("\x1c \x1f")) == []


@given(text=TEXTS, size=st.integers(2, 60), overlap=st.integers(1, 20))
@pytest.mark.parametrize("name", ["characters", "markdown", "code"])
def test_no_more_is_repeated_than_was_asked_for(loaded, name, text, size, overlap):
    overlap = min(overlap, size - 1)
    found = list(loaded(f"text-split.{name}", size=size, overlap=overlap)(text))
    assert all(one.end - other.start <= overlap for one, other in itertools.pairwise(found))


def test_what_the_library_repeats_too_much_of_begins_at_a_word(loaded):
    code = "def a():\n    x = 1\n    y = 2\n    return x\n\ndef b():\n    return 3\n" * 3
    for overlap in (5, 10):
        found = list(loaded("text-split.markdown", size=30, overlap=overlap)(code))
        repeated = [(one.end - other.start, other) for one, other in itertools.pairwise(found)]
        assert max(number for number, _ in repeated) <= overlap
        assert all(code[chunk.start - 1].isspace() for number, chunk in repeated if number > 0)


def test_no_chunk_is_repeated_whole_where_a_long_text_is_read_in_pieces(loaded):
    words = ["the", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs", "and", "cats", "while", "rain", "falls"]
    lengths = [5 + 37 * number % 116 for number in range(300)]
    text = "\n\n".join(" ".join((words * 10)[number % 13 :][:length]) + "." for number, length in enumerate(lengths))
    for size, overlap in ((1000, 500), (300, 100), (100, 90)):
        found = list(loaded("text-split.characters", size=size, overlap=overlap)(text))
        ends = [chunk.end for chunk in found]
        assert ends == sorted(set(ends))


def test_code_at_which_the_library_fails_is_cut_by_characters_and_that_is_noted():
    code = "'{: \n \uff1a'(def f():\n  pass"
    split = ops.text_split.code(size=20, overlap=15)
    with pipe.input("text").flat_map("text", "chunk", split, name="split").output("chunk") as cut:
        rows = cut.batch([code, "x = 1"])
        (stage,) = cut.stats().stages
    assert stage.num_assumed == 1
    assert [chunk.text for chunk in rows[1]] == ["x = 1"]
    assert {at for chunk in rows[0] for at in range(chunk.start, chunk.end)} >= {0, len(code) - 1}


def test_a_text_without_anything_gives_no_row(member):
    assert chunks(member, "") == chunks(member, " \r\n\t \n") == []


def test_half_of_a_surrogate_pair_is_refused(member):
    with pytest.raises(InputError, match="surrogates"):
        chunks(member, "a \ud83d b")


def test_what_is_no_text_is_refused(member):
    with pytest.raises(InputError, match="takes a text"):
        chunks(member, b"bytes")


def test_an_overlap_as_large_as_a_chunk_is_refused(member):
    with pytest.raises(ParameterError, match="overlap=5 must be less than size=5"):
        chunks(member, "a", size=5, overlap=5)


@pytest.mark.parametrize("name", ["characters", "markdown", "sentences"])
def test_ten_megabytes_take_seconds(name):
    text = "The quick brown fox. 快速的棕色狐狸跳过了懒狗。\n\n" * 270_000
    started = time.process_time()
    assert sum(1 for _ in getattr(ops.text_split, name)()(text)) > 5000
    assert time.process_time() - started < 10


def test_one_paragraph_without_end_takes_no_longer_by_the_character():
    started = time.process_time()
    assert len(chunks("characters", "快速的棕色狐狸跳过了懒狗" * 80_000)) == 961
    assert time.process_time() - started < 10


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_windows_cut_a_book_where_the_library_cuts_it_whole(language):
    from semantic_text_splitter import TextSplitter

    pages = sorted(debian("debian-handbook").joinpath(language).glob("sect.*.html"))[:20]
    text = "\n\n".join(page.text for path in pages for page in ops.document_decode.html()(str(path)))
    assert len(text) > 50_000
    for size, overlap in ((300, 0), (300, 60)):
        whole = set(TextSplitter(size, overlap=overlap).chunk_indices(text))
        found = {(c.start, c.text) for c in chunks("characters", text, size=size, overlap=overlap)}
        assert len(found & whole) >= 0.99 * len(
            whole
        )  # where a window begins in the midst of a paragraph, a word may move


def test_sentences_end_where_chinese_and_english_end_them():
    assert [c.text for c in chunks("sentences", CHINESE)] == ["第一句话。", "第二句！", "“第三句？”", "他说。"]
    english = "Mr. Smith paid $3.50 at 5 p.m. today. He left! “Really?” Yes."
    assert [c.text for c in chunks("sentences", english, least_letters=0)] == [
        "Mr. Smith paid $3.50 at 5 p.m. today.",
        "He left!",
        "“Really?”",
        "Yes.",
    ]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Smith met Mr. Jones, e.g. in London.", "They left."],
        ["J. R. R. Tolkien wrote it.", "George W. Bush did not.", "J.R.R. Tolkien did."],
        ["Prof. Dr. Müller kommt, z.B. morgen.", "Das ist z. B. gut.", "Er kommt z.B. Montag."],
        ["Der 3. Oktober ist ein Feiertag.", "Siehe Nr. 5 und Abb. 3.", "Frau Dr. Weber sagt d. h. nichts."],
        ["See Fig. 3 and No. 5.", "St. Mary's is old."],
        ["Sr. García vino.", "Sra. López no."],
        ["It was I.", "He left.", "The answer is no.", "Then we went."],
        ["We bought apples, pears, etc.", "Then we left.", "It ended at 5 p.m.", "All slept."],
        ["Is that so?", "No.", "I think not.", "Do you?", "No.", "It is late.", "Is it?", "No.", "Very seldom."],
        ["See No. V of Vol. IX here.", "Then No. XL and Nr. V here.", "Kap. III ist kurz.", "Art. X nicht."],
        ["Hepatitis B.", "Patients were asked.", "Plan B.", "Many liked it.", "Er hat Hepatitis C.", "Ärzte helfen."],
        ["Vitamin C.", "It helps.", "He met Mr. K.", "Then he left.", "Er traf Herrn K.", "Das war gut."],
        ["A. The dough is made.", "John F. Kennedy spoke.", "Then J. Smith did.", "C. S. Lewis came."],
        ["There were 12.", "Then we had 13.", "He is a member of the board.", "So is she."],
    ],
)
def test_abbreviations_end_no_sentence(sentences):
    assert [c.text for c in chunks("sentences", " ".join(sentences), least_letters=0)] == sentences


def test_the_end_of_a_line_ends_a_sentence_whatever_stands_there():
    assert [c.text for c in chunks("sentences", "Call the Dr.\nSmith came.")] == ["Call the Dr.", "Smith came."]


def test_sentences_go_together_and_overlap():
    found = chunks("sentences", "It is. So be it. We go. They do.", size=2, overlap=1)
    assert [c.text for c in found] == ["It is. So be it.", "So be it. We go.", "We go. They do."]
    assert [c.text for c in chunks("sentences", "It is. So be it. We go.", size=2)] == ["It is. So be it.", "We go."]


def test_full_lines_of_chinese_go_on():
    full = "面团要揉到光滑不再粘手为止然后盖上湿布放在温暖的地方等它慢慢地发起来直到体积变成原来的"
    found = [c.text for c in chunks("sentences", f"怎样做面包\n{full}\n两倍大。然后放进烤箱。", wrapped=True)]
    assert found == [f"怎样做面包\n{full}\n两倍大。", "然后放进烤箱。"]


def test_a_full_line_ends_no_sentence_where_lines_are_wrapped():
    text = "The dough is kneaded until it is smooth and\r\nno longer sticks. Title of a part\r\n\r\nNext"
    first, second = "The dough is kneaded until it is smooth and", "no longer sticks."
    assert [c.text for c in chunks("sentences", text)] == [first, second, "Title of a part", "Next"]
    wrapped = [c.text for c in chunks("sentences", text, wrapped=True)]
    assert wrapped == [f"{first}\r\n{second}", "Title of a part", "Next"]


def test_an_abbreviation_at_the_end_of_a_full_line_ends_no_sentence():
    text = "The patient was examined carefully by Dr.\nSmith and then was sent home the very same\nday. He was well."
    found = [c.text for c in chunks("sentences", text, wrapped=True)]
    assert found == [text.removesuffix(" He was well."), "He was well."]


def test_items_of_lists_and_lines_without_an_end_are_never_glued_together():
    lines = ["- two litres of milk", "- bread", "Call the bank", "Pay the rent"]
    assert [c.text for c in chunks("sentences", "\n".join(lines), wrapped=True)] == lines
    long = "A paragraph on one line that has no end, longer than any of those that a page would hold"
    assert [c.text for c in chunks("sentences", "\n".join([*lines, long]), wrapped=True)] == [*lines, long]
    items = ["- an item of a list that fills the line well", "- another one, which starts anew"]
    assert [c.text for c in chunks("sentences", "\n".join(items), wrapped=True)] == items


@pytest.mark.parametrize("pieces", [
    ["# Bread\n\nMix flour and water.", "Bake it."],
    ["# Bread\n## Sourdough\nFeed it every day.", "## Rye\r\n\r\nWait."],
    ["# 泡茶\n\n绿茶用八十度的水冲泡。", "水太热会使茶汤变苦。"],
    ["# Shopping\n- two litres of milk", "- bread", "# Bank\nCall the bank", "Pay the rent"],
    ["The garden\nRoses\nPrune them early.", "Water them.", "Trees\n- apple", "- pear"],
    ["怎样做面包\n\n面团要揉到光滑。", "然后放进烤箱。"],
    ["Ingredients:\n- flour", "- salt"],
    ["Name", "Town", "Street", "Country", "That is all of it."],
    ["It was written long ago.", "# References"],
])  # fmt: skip
def test_a_heading_goes_with_the_text_below_it(pieces):
    for split in (ops.text_split.sentences(), ops.text_split.sentences(wrapped=True)):
        assert [c.text for c in split("\n".join(pieces))] == pieces


@pytest.mark.parametrize("pieces", [
    ["The text of a page.\n12", "The text of the next."],
    ["• The milk.", "• The bread.\n• …"],
    ["1. The first step.", "2. Then the second."],
    ["Is it late? No.", "Then we stay. OK."],
    ["一只猫来了。 好。", "是的。", "我们走吧。\n\n—3—"],
    ["kg\nml"],
    ["7"],
])  # fmt: skip
def test_a_scrap_goes_with_its_neighbour(pieces):
    assert [c.text for c in chunks("sentences", "\n".join(pieces))] == pieces


def letters(text):
    return sum(1 + (each >= "\u2e80") for each in text if each.isalpha())


PAGES = st.lists(
    st.sampled_from(
        ["# Bread", "茶", "12", "•", "- ", "No.", "好。", "Mix it well.", "水太热会使茶汤变苦。", "A title"]
    )
    | st.text(alphabet=ODD, max_size=8),
    max_size=20,
).flatmap(lambda parts: st.sampled_from(["\n", " ", "\n\n", "\r\n"]).map(lambda between: between.join(parts)))


@given(text=PAGES, most=st.integers(1, 60), least=st.integers(0, 8), wrapped=st.booleans())
def test_no_scrap_stands_alone_that_a_neighbour_has_room_for(loaded, text, most, least, wrapped):
    split = loaded("text-split.sentences", max_characters=most, least_letters=least, wrapped=wrapped)
    found = list(split(text))
    assert all(text[each.start : each.end] == each.text for each in found)
    assert max((len(each.text) for each in found), default=0) <= most
    assert "".join("".join(each.text for each in found).split()) == "".join(text.split())
    for one, other in itertools.pairwise(found):
        assert min(letters(one.text), letters(other.text)) >= least or other.end - one.start > most


def test_a_sentence_without_end_is_cut_at_words():
    found = chunks("sentences", "First. " + "Word " * 100 + "end. Second.", max_characters=60)
    assert found[0].text == "First."
    assert found[-1].text == "Second."
    assert max(len(c.text) for c in found) <= 60
    assert all(c.text.split()[-1] in {"First.", "Word", "end.", "Second."} for c in found)


def test_no_chunk_has_more_tokens_than_asked_for(minilm_folder):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm_folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    text = f"{CHINESE} The quick brown fox jumps over the lazy dog. " * 40
    for given_as in (None, str(minilm_folder), str(minilm_folder / "tokenizer.json")):
        found = chunks("tokens", text, size=50, tokenizer=given_as)
        lengths = [len(tokenizer.encode(c.text, add_special_tokens=False).ids) for c in found]
        assert max(lengths) <= 50
        assert sorted(lengths)[len(lengths) // 2] > 25


def test_a_tokenizer_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"has no tokenizer\.json"):
        chunks("tokens", "a", tokenizer=str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ParameterError, match=r"tokenizer\.json"):
        chunks("tokens", "a", tokenizer=str(tmp_path))


def test_a_heading_stands_at_the_head_of_its_chunk():
    text = "# One\n\nText of one.\n\n## Two\n\n- item\n- item\n\n```\n# no heading\n```\n\n# Three\n\nText."
    found = [c.text for c in chunks("markdown", text, size=30)]
    assert [each.split("\n")[0] for each in found] == ["# One", "## Two", "```", "# Three"]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "def one():\n    return 1\n\n\ndef two():\n    return 2\n"),
        ("javascript", "function one() {\n  return 1\n}\n\nfunction two() {\n  return 2\n}\n"),
        ("typescript", "function one(): number {\n  return 1\n}\n\nfunction two() {\n  return 2\n}\n"),
        ("java", "class One {\n  int a = 1;\n}\n\nclass Two {\n  int b = 2;\n}\n"),
        ("go", "func one() int {\n\treturn 1\n}\n\nfunc two() int {\n\treturn 2\n}\n"),
        ("rust", "fn one() -> i32 {\n    1\n}\n\nfn two() -> i32 {\n    2\n}\n"),
        ("c", "int one(void) {\n  return 1;\n}\n\nint two(void) {\n  return 2;\n}\n"),
        ("cpp", "class One {\n  int a = 1;\n};\n\nclass Two {\n  int b = 2;\n};\n"),
    ],
)
def test_code_is_cut_between_functions_and_classes(language, code):
    middle = code.index("\n\n")
    found = chunks("code", code, language=language, size=len(code) - 5)
    assert [c.text for c in found] == [code[:middle], code[middle:].strip()]


def test_what_a_model_makes_of_a_chunk_is_in_the_space_of_texts(member):
    split = getattr(ops.text_split, member)()
    embed = ops.text_embedding.minilm()
    pieces = pipe.input("text").flat_map("text", "chunk", split).map("chunk.text", "vector", embed).output("vector")
    whole = pipe.input("text").map("text", "vector", embed).output("vector")
    assert pieces.space == whole.space
