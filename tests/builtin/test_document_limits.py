"""document-decode: small documents that would take minutes or gigabytes are refused at once."""

from __future__ import annotations

import zlib

import pytest

from documents import NAMESPACE, docx, paragraph, pdf_of
from junco import ops
from junco.errors import InputError

SHOWN = b"BT /F1 12 Tf 50 700 Td (Hello world) Tj ET"
FORM = "/Type/XObject/Subtype/Form/BBox[0 0 600 800]"


def text(source, member="auto", **params):
    """The text of a document that has one page."""
    (page,) = getattr(ops.document_decode, member)(**params)(source)
    return page.text


def refused(source, match, member="auto", **params):
    """What is refused with such words; if it were read, the test would not end."""
    with pytest.raises(InputError, match=match):
        text(source, member, **params)


def stream(content, said=""):
    return f"<<{said}/Length {len(content)}>>stream\n".encode() + content + b"\nendstream"


def page_of(content, xobject="", *further):
    """A PDF with one page: its stream, what it can draw, and further objects from number 6."""
    resources = f"/Resources<</Font<</F1 5 0 R>>{xobject}>>"
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]{resources}/Contents 4 0 R>>"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    kids = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    return pdf_of([*kids, page.encode(), content, font, *further])


def nested(calls, levels, packed=False):
    """A page whose form draws the next one so many times, and so on."""
    forms = []
    for number in range(6, 6 + levels):
        is_last = number == 5 + levels
        content = SHOWN if is_last else b" /X Do" * calls
        said = f"{FORM}/Resources<</Font<</F1 5 0 R>>{'' if is_last else f'/XObject<</X {number + 1} 0 R>>'}>>"
        forms.append(stream(zlib.compress(content), said + "/Filter/FlateDecode") if packed else stream(content, said))
    return page_of(stream(b"/X Do"), "/XObject<</X 6 0 R>>", *forms)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("member", ["pdf", "ocr"])
def test_forms_within_forms_of_a_pdf_are_counted_before_they_are_drawn(member, packed):
    if member == "ocr":
        pytest.importorskip("rapidocr")
    refused(nested(4, 12, packed), "draws more than 200,000 forms", member)


def test_a_pdf_with_some_forms_is_read():
    assert text(nested(1, 5)) == "Hello world"
    assert text(nested(3, 4)).count("Hello world") == 27


def test_a_form_of_a_pdf_that_draws_itself_is_no_end_of_work():
    itself = stream(b"/X Do " + SHOWN, f"{FORM}/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>")
    assert "Hello world" in text(page_of(stream(b"/X Do"), "/XObject<</X 6 0 R>>", itself))


def test_a_stream_of_a_pdf_that_swells_is_refused_before_it_is_unpacked():
    bomb = zlib.compress(zlib.compress(b" " * 280_000_000 + SHOWN, 1), 9)
    refused(page_of(stream(bomb, "/Filter[/FlateDecode/FlateDecode]")), "unpacks to more than 268,435,456")


MANY = " ".join(f"a{number}=1" for number in range(100_000))


@pytest.mark.parametrize(
    "page",
    [
        f"<html><body><p {MANY}>hello</p>",
        f"<html><body><p a='>' b=\"<!--\" {MANY} c='-->'>hello</p>",
        f"<html><body><!--><p {MANY}>hello</p><!-- -->",
        f"<html><head><script {MANY}></script></head><body>hello",
        f"<html><body><p/{MANY.replace('=1 ', '/')}>hello</p>",
    ],
)
@pytest.mark.parametrize("content", ["main", "all"])
def test_a_tag_of_a_page_with_attributes_without_end_is_refused(page, content):
    refused(page.encode(), "more than 256 attributes", "html", content=content)


def test_what_only_looks_like_a_tag_of_a_page_may_be_long():
    page = f"<html><body><!-- <p {MANY}> --><script>if (a <b && {MANY}) c</script><p title='<p {MANY}>'>hello</p>"
    assert text(page.encode(), "html", content="all") == "hello"


NOTE = '<w:r><w:footnoteReference w:id="1"/></w:r>'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("body", "match"),
    [(paragraph("Hello") * 200_000, "tags are more than"), (f"<w:p>{NOTE * 30_000}</w:p>", "30,000 notes are more")],
)
def test_a_word_document_of_elements_without_end_is_refused_before_it_is_read(body, match, encoding):
    part = f'<w:document xmlns:w="{NAMESPACE}"><w:body>{body}</w:body></w:document>'.encode(encoding)
    refused(docx("", {"word/other.xml": part}), match)


def test_a_word_document_of_parts_without_end_is_refused():
    refused(docx(paragraph("A"), {f"a{number}": "" for number in range(10_001)}), "parts are more")


def test_a_part_of_a_word_document_is_checked_whatever_it_is_called():
    evil = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    for start in ("", "\n" * 1000, "\ufeff"):
        for encoding in ("utf-8", "utf-16"):
            source = docx(paragraph("A"), {"word/document.bin": (start + evil).encode(encoding)})
            refused(source, "document.bin declares a document type")
    refused(
        docx(paragraph("A"), {"word/a.bin": "<" + "a" * 2000}), "more than max_unpacked_bytes", max_unpacked_bytes=1000
    )
    refused(docx(paragraph("A"), {"word/a.xml": '<?xml version="1.0" encoding="cp037"?>'}), "is in b'cp037'")


def test_a_picture_in_a_word_document_is_no_text_of_it():
    assert text(docx(paragraph("A"), {"word/media/a.png": b"\x89PNG" + bytes(10_000)}), max_unpacked_bytes=5000) == "A"
