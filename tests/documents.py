"""Documents that tests make: a PDF, plain or encrypted, a PDF of scans, a Word document, pictures of texts."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(pages: Sequence[Sequence[str]], password: str | None = None) -> bytes:
    """A PDF with these lines of ASCII on its pages, encrypted (RC4, 40 bits) where there is a password."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    owner, key = bytes(32), b""
    if password is not None:
        known = (
            (password.encode() + _PADDING)[:32] + owner + (-4).to_bytes(4, "little", signed=True) + b"0123456789abcdef"
        )
        key = hashlib.md5(known).digest()[:5]
    for number, lines in enumerate(pages):
        page = 4 + 2 * number
        drawn = "BT/F 12 Tf 14 TL 72 720 Td" + "".join(f"({line})Tj T*" for line in lines) + " ET"
        content = drawn.encode()
        if password is not None:
            salt = (page + 1).to_bytes(3, "little") + b"\0\0"
            content = _rc4(hashlib.md5(key + salt).digest()[:10], content)
        shown = f"/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>/Contents {page + 1} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R{shown}>>".encode())
        objects.append(f"<</Length {len(content)}>>stream\n".encode() + content + b"\nendstream")
    rest = b""
    if password is not None:
        user = _rc4(key, _PADDING).hex()
        rest = f"/Encrypt<</Filter/Standard/V 1/R 2/O<{owner.hex()}>/U<{user}>/P -4>>".encode()
        rest += f"/ID[<{b'0123456789abcdef'.hex()}><{b'0123456789abcdef'.hex()}>]".encode()
    return pdf_of(objects, rest)


def pdf_of(objects: Sequence[bytes], rest: bytes = b"") -> bytes:
    """A PDF of these objects; the first is its catalog, and `rest` stands in its trailer."""
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj".encode() + each + b"endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(objects) + 1}/Root 1 0 R"
    return out + head.encode() + rest + f">>\nstartxref\n{len(out)}\n%%EOF".encode()


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def scans(pictures: Sequence[Image.Image]) -> bytes:
    """A PDF whose pages are pictures, at 100 dots an inch."""
    file = io.BytesIO()
    pictures[0].save(file, "PDF", resolution=100, save_all=True, append_images=list(pictures[1:]))
    return file.getvalue()


def docx(body: str, parts: dict[str, str | bytes] | None = None) -> bytes:
    """A Word document with this XML in its body, and these further parts of the archive."""
    document = f'<?xml version="1.0"?><w:document xmlns:w="{NAMESPACE}"><w:body>{body}</w:body></w:document>'
    office = "http://schemas.openxmlformats.org"
    relation = f'Type="{office}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{office}/package/2006/content-types"></Types>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{office}/package/2006/relationships">'
            f'<Relationship Id="r1" {relation}/></Relationships>',
        )
        archive.writestr("word/document.xml", document)
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of a Word document."""
    said = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{said}<w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: Sequence[str]) -> str:
    """A table of a Word document."""
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def written(*lines: str, font: str | None = None) -> Image.Image:
    """A white picture with these lines; in Latin letters, unless a font that has others is given."""
    picture = Image.new("RGB", (900, 60 + 70 * len(lines)), "white")
    letters = ImageFont.load_default(30) if font is None else ImageFont.truetype(font, 30)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((40, 30 + 70 * number), line, font=letters, fill="black")
    return picture
