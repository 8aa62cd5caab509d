"""document-decode: what bytes that say the wrong thing of themselves, or nothing, are read as."""

from __future__ import annotations

import pytest

from junco import ops, pipe
from junco.errors import InputError
from junco.operator import registry

SENTENCE = "Hello world, this is a text with a path C:\\temp\\new."


def read(source, member, **params):
    """The text of a document, and how often it was noted as assumed."""
    decode = getattr(ops.document_decode, member)(**params)
    with pipe.input("source").flat_map("source", "page", decode, name="decode").output("page") as pages:
        ((page,),) = pages.batch([source])
        (stage,) = pages.stats().stages
    return page.text, stage.num_assumed


@pytest.mark.parametrize("end", ["", " "])
@pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "utf-32", "unicode_escape", "raw_unicode_escape", "cp037"])
def test_a_page_that_declares_what_it_cannot_be_is_read_as_utf_8_and_that_is_noted(declared, end):
    page = f"<html><head><meta charset={declared}></head><body><p>{SENTENCE}</p></body></html>{end}".encode()
    assert read(page, "html", content="all") == (SENTENCE, 1)
    page = f'<?xml version="1.0" encoding="{declared}"?><html><body><p>{SENTENCE}</p></body></html>{end}'.encode()
    assert read(page, "auto", content="all") == (SENTENCE, 1)


@pytest.mark.parametrize("member", ["text", "auto"])
@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("日本語のメール ABC", "iso2022_jp"),
        ("ﾃｽﾄ 日本語", "iso2022_jp_ext"),
        ("대한민국 ABC", "iso2022_kr"),
        ("今天天气很好 ABC\n自由软件", "hz"),
    ],
)
def test_characters_that_are_spelt_in_ascii_are_read_and_that_is_noted(content, encoding, member):
    assert read(content.encode(encoding), member) == (content, 1)


def test_what_may_be_utf_7_is_left_and_that_is_noted():
    assert read(b"Sm+AOk-rbr+APg-d", "text") == ("Sm+AOk-rbr+APg-d", 1)


@pytest.mark.parametrize(
    "content",
    [
        '(format t "~{~a~}" list)',
        "~{ab~} ~{ x ~}",
        "\x1b[31mred\x1b[0m",
        "1+1-1, a+b-c, +49-30-1234, x+=1; y-=1",
    ],
)
def test_what_only_looks_spelt_is_what_it_is(content):
    assert read(content.encode(), "text") == (content, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-8-sig", "utf-16"])
def test_a_mark_is_no_text_where_the_encoding_is_said(encoding):
    content = ("" if encoding == "utf-16" else "\ufeff").encode(encoding.removesuffix("-sig")) + SENTENCE.encode(
        encoding.removesuffix("-sig")
    )
    assert read(content, "text", encoding=encoding) == (SENTENCE, 0)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("words", ["Words about cats and dogs.", "这是一个关于猫和狗的页面。"])
def test_a_page_in_utf_16_without_a_mark_is_a_page(encoding, words):
    page = f"\n <!DOCTYPE html><html><body><p>{words * 3}</p></body></html>"
    (found,) = registry.load("document-decode.auto")(content="all")(page.encode(encoding))
    assert found.text == words * 3


def test_what_begins_with_two_nulls_is_no_page():
    with pytest.raises(InputError):
        list(registry.load("document-decode.auto")()("<p>a</p>".encode("utf-32-le")))


@pytest.mark.parametrize("text", ["これは短いテキストです", "ひらがなとカタカナ", "駅から歩いて五分です。"])
@pytest.mark.parametrize("encoding", ["euc_jp", "cp932"])
def test_short_japanese_is_read_as_japanese(text, encoding):
    (found,) = registry.load("document-decode.text")()(text.encode(encoding))
    assert found.text == text


@pytest.mark.parametrize("text", ["這是一個很短的文字", "大家今天一起去公園", "中文字很多"])
def test_short_chinese_is_not_read_as_japanese(text):
    (found,) = registry.load("document-decode.text")()(text.encode("big5"))
    assert found.text == text
