"""document-embedding: pages, offsets and vectors of real documents; questions in one language, answers in another."""

from __future__ import annotations

import numpy as np
import pytest

from documents import docx, paragraph, pdf, scans, written
from junco import ops, pipeline
from media import debian

CHAPTERS = ["apparmor", "selinux", "manipulating-packages-with-dpkg", "becoming-package-maintainer"]
MEMBERS = ["document-embedding-multilingual", "document-embedding-minilm"]


@pytest.fixture(scope="module", params=MEMBERS)
def embed(request):
    with pipeline(request.param) as made:
        yield made


@pytest.fixture(scope="module")
def handbook():
    """Files of one book in two languages, and a manual as PDF."""
    folder = debian("debian-handbook")
    pages = [folder / language / f"sect.{name}.html" for language in ("en-US", "zh-CN") for name in CHAPTERS]
    return [*pages, debian("libtasn1-doc") / "libtasn1.pdf"]


@pytest.fixture(scope="module")
def library(handbook):
    """The rows of those files with the default member: path, page, chunk, vector."""
    with pipeline("document-embedding") as made:
        return [(handbook[position], *row) for position, row in made.rows(handbook)]


def test_the_default_is_the_multilingual_one():
    assert pipeline("document-embedding").graph.name == MEMBERS[0]


def test_each_row_is_where_it_says(embed, tmp_path):
    for name, content in {
        "a.txt": "Été à la plage. Où est le garçon?\r\n\r\nA 👩\u200d👧 third sentence.".encode(),
        "b.docx": docx(paragraph("A title", "Heading1") + paragraph("Some text. Some more é.")),
        "c.pdf": pdf([["On page one."], [], ["On page three."]]),
        "d.html": b"<html><body><p>Hello there. Good bye.</p></body></html>",
    }.items():
        (tmp_path / name).write_bytes(content)
        rows = embed(tmp_path / name)
        assert rows
        for page, chunk, vector in rows:
            assert page.text[chunk.start : chunk.end] == chunk.text
            assert abs(np.linalg.norm(vector) - 1) < 1e-3
    assert [page.number for page, *_ in embed(tmp_path / "c.pdf")] == [1, 3]


def test_the_vector_is_that_of_the_chunk_in_the_space_of_texts(embed):
    texts = pipeline("multilingual-text-embedding" if "multilingual" in embed.graph.name else "text-embedding-minilm")
    assert embed.space == texts.space
    rows = embed(b"A cat sat on the mat. The dog did not.")
    assert all(vector @ texts(chunk.text) > 0.9999 for _, chunk, vector in rows)


def test_nothing_is_cut_off_by_the_model(embed, handbook):
    assert embed.batch(handbook[:2])
    assert all(stage.num_cut == 0 for stage in embed.stats().stages)


def test_offsets_hold_in_a_book_and_a_manual(library, handbook):
    assert len(library) > 1000
    assert {path for path, *_ in library} == {*handbook}
    assert all(page.text[chunk.start : chunk.end] == chunk.text for _, page, chunk, _ in library)


@pytest.mark.parametrize(
    ("question", "file", "said"),
    [
        ("怎样安装一个 .deb 软件包？", "zh-CN/sect.manipulating-packages-with-dpkg.html", "deb"),
        ("怎样安装一个 .deb 软件包？", "en-US/sect.manipulating-packages-with-dpkg.html", "install"),
        ("AppArmor 的配置文件保存在哪个目录？", "en-US/sect.apparmor.html", "/etc/apparmor.d/"),
        ("怎样成为 Debian 开发者？", "en-US/sect.becoming-package-maintainer.html", "developer"),
        ("How does one become an official Debian developer?", "zh-CN/sect.becoming-package-maintainer.html", "开发者"),
        ("解码 DER 的函数", "libtasn1.pdf", "der"),
    ],
)
def test_a_question_finds_its_answer_in_either_language(library, question, file, said):
    vectors = np.stack([vector for *_, vector in library])
    scores = vectors @ pipeline("multilingual-text-embedding")(question)
    ranked = [library[row] for row in np.argsort(-scores)]
    in_file = [(page, chunk) for path, page, chunk, _ in ranked if path.as_posix().endswith(file)]
    best_files = [path for path, *_ in ranked[:10]]
    assert any(path.as_posix().endswith(file) for path in best_files)
    assert any(said.lower() in chunk.text.lower() for _, chunk in in_file[:3])


def test_scans_give_no_rows_until_ocr_reads_them(embed):
    content = scans([written("The quick brown fox jumps", "over all of the lazy dogs.")])
    assert embed(content) == []
    with embed.replace("decode", ops.document_decode.ocr()) as reading:
        assert " ".join(chunk.text for _, chunk, _ in reading(content)).split()[:4] == ["The", "quick", "brown", "fox"]


def test_a_folder_is_embedded_and_what_is_no_document_is_put_aside(embed, tmp_path):
    import pyarrow.parquet as pq

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").write_text("# Cats\n\nA cat sat. It slept.")
    (tmp_path / "in" / "locked.pdf").write_bytes(pdf([["Secret"]], password="a"))
    written("a").save(tmp_path / "in" / "photo.png")
    report = embed.run(tmp_path / "in", tmp_path / "out.parquet", progress=False)
    assert (report.num_done, report.num_rejects) == (1, 2)
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert found[0]["page"] == {"number": 1}
    assert found[0]["chunk"]["start"] == 0
    reasons = {
        row["input"].rpartition("/")[2]: row["reason"]
        for row in pq.read_table(tmp_path / "out.parquet.rejects.parquet").to_pylist()
    }
    assert "encrypted PDF" in reasons["locked.pdf"]
    assert "document-decode.ocr" in reasons["photo.png"]


def test_who_allows_addresses_allows_them_to_the_decoder():
    from junco.graph.params import bind

    for name in MEMBERS:
        graph = pipeline(name, allow_urls=True).graph
        assert bind(graph, {}).node("decode").spec.params == {"allow_urls": True}
