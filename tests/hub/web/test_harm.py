"""Cases 33, 34 and 35: what somebody pushes does nothing to who looks at it."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
from page_browser import HTML, look

from junco.hub.artefact.templates import png
from junco.hub.web.card import card_of
from junco.hub.web.raster import may_be_shown, raster_of
from junco.hub.web.render import POLICY

XSS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math href='javascript:alert(1)'>x</math>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='vbscript:x'>x</a>",
    "<style>*{background:url(//evil)}</style>",
    "<p style='background:url(//evil)'>x</p>",
    "<form action=//evil><input name=a><button formaction=//evil>x</button></form>",
    "<base href=//evil>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "<link rel=stylesheet href=//evil>",
    "<object data=//evil></object>",
    "<embed src=//evil>",
    "<div hx-get=/evil hx-trigger=load hx-target=body>x</div>",
    "<div data-hx-get=/evil>x</div>",
    "<a hx-boost=true href=/x hx-on:click='alert(1)'>x</a>",
    "<div hx-on::load=alert(1) hx-vals='js:{a:alert(1)}'>x</div>",
    "<div data-copy=content>x</div>",
    "<p id=content name=content class=top>x</p>",
    "<img name=getElementById id=body>",
    "<img src=//evil/pixel.png><img src=https://evil/pixel.png>",
    "<img src=../../other/x/raster/main/a.png>",
    "<img srcset='//evil 1x'>",
    "<video src=//evil autoplay></video>",
    "<audio src=//evil>",
    "<details ontoggle=alert(1) open>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--><script>alert(1)</script>-->",
    "```mermaid\nclick A javascript:alert(1)\n```",
    "$$\\href{javascript:alert(1)}{x}$$",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href=//evil>x</a>",
    "<x-frame onclick=alert(1)>x</x-frame>",
    "<button autofocus onfocus=alert(1)>x</button>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><script>alert(1)</script></title>",
    "<plaintext>",
    "[x]: javascript:alert(1)\n[x]",
    "<a target=_blank href=https://a.example>x</a>",
    "<td background=//evil>x</td>",
    "<div contenteditable tabindex=9 accesskey=x draggable=true>x</div>",
    "<input type=image src=//evil>",
    "<dialog open>x",
]
_TAG = re.compile(r"<\s*/?\s*([a-zA-Z][^\s/>]*)([^>]*)>")


@pytest.mark.parametrize("text", XSS)
def test_case_33_a_card_does_nothing(text):
    shown = str(card_of(f"# A\n\n{text}\n\nend\n", "alice/x", "main"))
    for tag, attributes in _TAG.findall(shown):
        assert tag.lower() in {
            "a", "blockquote", "br", "code", "details", "div", "em", "h2", "img", "li", "mark", "p", "pre", "table",
            "tbody", "td", "tr", "ul",
        }, shown  # fmt: skip
        for name, value in re.findall(r'([^\s="]+)="([^"]*)"', attributes):
            assert name in {"href", "src", "alt", "title", "rel", "id", "tabindex", "class", "open"}, shown
            if name == "href":
                assert re.match(r"https?://|mailto:|/alice/x/blob/main/|#card-", value), shown
            if name == "src":
                assert value.startswith("/alice/x/raster/main/"), shown
            if name == "id":
                assert value.startswith("card-")
            if name == "class":
                assert value == "scroll"
            if name == "tabindex":
                assert value == "0"
    assert "evil" not in "".join(attributes for _, attributes in _TAG.findall(shown))


def test_case_33_a_card_on_its_page_does_nothing(hub):
    hub.repository(hub.bob, "bob/evil")
    hub.push(hub.bob, "bob/evil", {"README.md": "\n\n".join(["# X", *XSS]).encode()}, parent=None)
    shown = look(hub, "/bob/evil")
    card = shown[shown.index('<article class="panel card"') : shown.index("</article>")]
    assert card.startswith('<article class="panel card" hx-ignore data-hx-ignore>')
    for attributes in (found for _, found in _TAG.findall(card[60:])):
        assert not re.search(r"\b(?:on\w+|hx-[\w:-]+|style|srcset)\s*=", attributes)
    assert shown.count("<script") == 2
    answer = hub.raw("GET", "/bob/evil", headers=HTML)
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xml", "a.js", "a.pdf", "a.ipynb"])
def test_case_34_a_file_is_shown_as_text_alone(hub, name):
    if hub.raw("GET", "/junco/v1/repositories/bob/pages").status_code == 404:
        hub.repository(hub.bob, "bob/pages")
    hub.push(
        hub.bob,
        "bob/pages",
        {name: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>x</script></svg>"},
    )
    shown = look(hub, f"/bob/pages/blob/main/{name}")
    assert "&lt;script&gt;x" in shown
    assert "<script>x" not in shown
    assert hub.raw("GET", f"/bob/pages/raster/main/{name}").status_code == 404
    answer = hub.raw("GET", f"/bob/pages/download/main/{name}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "application/octet-stream"


def _png(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))


def test_case_34_pictures_are_looked_at_before_they_are_shown(hub):
    hub.repository(hub.bob, "bob/art")
    files = {
        "good.png": png(b"\1\2\3"),
        "bomb.png": _png(60_000, 60_000) + bytes(100),
        "lie.png": b"<html>",
        "svg.png": b"<svg/>",
    }
    hub.push(hub.bob, "bob/art", files, parent=None)
    answer = hub.raw("GET", "/bob/art/raster/main/good.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["content-disposition"] == "inline"
    assert "sandbox" in answer.headers["content-security-policy"]
    for name in ("bomb.png", "lie.png", "svg.png"):
        assert hub.raw("GET", f"/bob/art/raster/main/{name}").status_code == 404
    assert "There is no preview" in look(hub, "/bob/art/blob/main/bomb.png")


def test_pictures_are_measured_by_their_headers(tmp_path):
    from PIL import Image

    for kind, options in (
        ("png", {}),
        ("jpeg", {"progressive": True}),
        ("gif", {}),
        ("webp", {}),
        ("webp", {"lossless": True}),
    ):
        Image.new("RGB", (37, 21), "red").save(tmp_path / "a", kind, **options)
        assert raster_of((tmp_path / "a").read_bytes()) == (f"image/{kind}", 37, 21)
    Image.new("RGBA", (300, 200)).save(tmp_path / "a", "webp", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    assert raster_of((tmp_path / "a").read_bytes()) == ("image/webp", 300, 200)
    assert may_be_shown(_png(10, 10), 9_000_000) is None
    assert may_be_shown(_png(0, 10), 100) is None
    for cut in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF1234WEBPVP8X", b"GIF89a\1"):
        assert raster_of(cut) is None


ODD = ["{{777*77777}}", "<b>bold</b>", "\u202eevil", "zero\u200bwidth", "a'\"&", "{% if x %}"]


@pytest.mark.parametrize("text", ODD)
def test_case_35_what_somebody_wrote_is_shown_as_it_is(hub, text):
    number = ODD.index(text)
    hub.repository(hub.bob, f"bob/odd-{number}")
    told = f"kind: model\ntitle: >-\n  {text}\nsummary: >-\n  say {text}\ntags: ['odd']\n".encode()
    hub.push(
        hub.bob, f"bob/odd-{number}", {"junco.yaml": told, f"{number}.txt": text.encode()}, parent=None, message=text
    )
    for path in ("", "/versions", f"/blob/main/{number}.txt", "/tree/main"):
        shown = look(hub, f"/bob/odd-{number}{path}")
        assert "<b>bold" not in shown
        assert "60432729" not in shown
    whole = look(hub, "/search?q=say")
    assert "<b>bold" not in whole
    if text == "{{777*77777}}":
        assert "say {{777*77777}}" in whole
    if "\u202e" in text:
        assert "\\u{202e}evil" in look(hub, f"/bob/odd-{number}/blob/main/{number}.txt")
        assert "<bdi>" in look(hub, f"/bob/odd-{number}/versions")


def test_case_35_an_address_splits_no_header(hub):
    answer = hub.raw("GET", "/alice/flowers/compare?base=main%0d%0aX-Evil:1&head=main", headers=HTML)
    assert answer.status_code == 404
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("address", ["http://[evil/x", "//[evil/x", "https://ex\u2100mple.com/"])
def test_an_address_that_is_none_is_no_link_and_writes_nothing_to_the_log(address, capfd):
    shown = str(card_of(f"[there]({address}) <a href='{address}'>here</a>", "alice/x", "main"))
    assert ("there" in shown, "href" in shown) == (True, False)
    assert capfd.readouterr() == ("", "")
