"""Workbooks as lists: which sheet, what cells give, and what none may do."""

from __future__ import annotations

import datetime as dt
import struct
import sys
import zipfile

import pytest

from junco.errors import JobError
from junco.job.reading import Reading
from junco.job.source import items_of
from junco.job.wanted import Told, Wanted
from old_workbook import ERROR, old_workbook
from reading import inputs, read

pytest.importorskip("python_calamine")
TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="xml" ContentType="application/xml"/></Types>"""
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ODS = "urn:oasis:names:tc:opendocument:xmlns"


def relations(*targets):
    kinds = "".join(
        f'<Relationship Id="r{number}" Type="{RELATED}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{PACKAGE}">{kinds}</Relationships>'


def workbook(path, sheets, rest=""):
    """An .xlsx of sheets: by their names, the XML of their rows."""
    parts = {f"xl/worksheets/s{number}.xml": rows for number, rows in enumerate(sheets.values())}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", relations(("officeDocument", "xl/workbook.xml")))
        named = "".join(
            f'<sheet name="{name}" sheetId="{number + 1}" r:id="r{number}"/>' for number, name in enumerate(sheets)
        )
        book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{named}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", relations(*[("worksheet", part[3:]) for part in parts]))
        for part, rows in parts.items():
            archive.writestr(part, f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{rest}</worksheet>')
    return path


def row(number, *cells):
    """A row of texts and numbers; of what is None nothing stands there."""
    places = zip("ABCDEFG", cells, strict=False)
    return f'<row r="{number}">{"".join(cell(f"{at}{number}", value) for at, value in places)}</row>'


def cell(place, value):
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


TICKETS = row(1, "id", "text", "price") + row(2, 1, "忘记密码了", 3.5) + row(3, 2, "客服态度很差", 4)


def read_sheet(path, **how):
    told = Told()
    return [item.value for item in items_of(path, Wanted(("text",), tell=told, reading=Reading(**how)))], told.lines


def test_rows_of_a_sheet_are_inputs_and_the_first_is_taken_and_told(tmp_path):
    path = workbook(tmp_path / "t.xlsx", {"工单": TICKETS, "other": row(1, "text") + row(2, "x")})
    found, (told,) = read(path)
    assert found == ["忘记密码了", "客服态度很差"]
    assert (
        told == "t.xlsx: sheet '工单' of 工单, other (another with sheet=, --sheet), column 'text' of id, text, price"
    )
    assert read_sheet(path, sheet="other")[0] == ["x"]
    with pytest.raises(JobError, match=r"has no sheet 'othre'; its sheets: 工单, other\. Did you mean 'other'"):
        read_sheet(path, sheet="othre")


def test_an_empty_cell_is_put_aside_with_its_row_and_an_empty_row_is_none(tmp_path):
    rows = row(3, "id", "text") + row(4, 1, "one") + row(6, 2) + row(9, 3, "two")
    assert inputs(workbook(tmp_path / "t.xlsx", {"a": rows})) == ["one", "! t.xlsx, row 6: no 'text'", "two"]


def test_a_number_is_the_text_that_people_see_and_a_formula_its_value(tmp_path):
    formula = '<row r="3"><c r="A3" t="str"><f>A1&amp;A2</f><v>made</v></c></row>'
    rows = row(1, "text") + row(2, 12345) + formula + row(4, 1.5)
    assert inputs(workbook(tmp_path / "t.xlsx", {"a": rows})) == ["12345", "made", "1.5"]


def test_of_merged_cells_the_first_has_the_value_and_that_is_told(tmp_path):
    rows = row(1, "id", "text") + row(2, 1, "both") + row(3, 2)
    path = workbook(tmp_path / "t.xlsx", {"a": rows}, '<mergeCells><mergeCell ref="B2:B3"/></mergeCells>')
    found, (told,) = read(path)
    assert found == ["both", "! t.xlsx, row 3: no 'text'"]
    assert "merged cells (the first has their value)" in told


def test_several_columns_of_texts_ask_for_the_one_that_is_meant(tmp_path):
    path = workbook(tmp_path / "t.xlsx", {"a": row(1, "title", "body") + row(2, "Rude", "He was rude")})
    with pytest.raises(JobError, match=r"title \('Rude'\), body \('He was rude'\): say which with column="):
        inputs(path)
    assert inputs(path, column="body") == ["He was rude"]


def test_a_sheet_of_one_column_may_have_no_header_and_one_of_several_has_to(tmp_path):
    assert inputs(workbook(tmp_path / "a.xlsx", {"a": row(1, "He was rude.") + row(2, "Why?")})) == [
        "He was rude.",
        "Why?",
    ]
    with pytest.raises(JobError, match="has no header, it seems"):
        inputs(workbook(tmp_path / "b.xlsx", {"a": row(1, 1, "He was rude.")}))
    assert inputs(workbook(tmp_path / "c.xlsx", {"a": ""})) == []


def open_document_of(path, rows):
    """An .ods of one sheet: the XML of its rows."""
    spaces = " ".join(f'xmlns:{name}="{ODS}:{name}:1.0"' for name in ("office", "table", "text"))
    body = f'<office:spreadsheet><table:table table:name="a">{rows}</table:table></office:spreadsheet>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{ODS}:manifest:1.0"/>')
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body>{body}</office:body></office:document-content>",
        )
    return path


def open_document(path, *cells):
    """An .ods of one column: of each cell its attributes and what it shows."""
    return open_document_of(
        path,
        "".join(
            f"<table:table-row><table:table-cell {about}><text:p>{shown}</text:p></table:table-cell></table:table-row>"
            for about, shown in cells
        ),
    )


def of_type(kind, value="", name="value"):
    return f'office:value-type="{kind}" office:{name}="{value}"' if value else f'office:value-type="{kind}"'


SHOWN = ["你好", "3", "2026-03-01", "10:30:00", "True", "last"]
"""What a column of mixed cells gives."""
PASSED_OVER = "1 row with nothing in it passed over (errors count as nothing)"


def test_what_the_cells_of_an_opendocument_sheet_give(tmp_path):
    error = 'office:value-type="string" office:string-value="" table:formula="of:=1/0"'
    path = open_document(
        tmp_path / "t.ods",
        (of_type("string"), "text"),
        (of_type("string"), "你好"),
        (of_type("float", 3), "3"),
        (of_type("date", "2026-03-01", "date-value"), "1. 3. 2026"),
        (of_type("time", "PT10H30M00S", "time-value"), "10:30"),
        (of_type("boolean", "true", "boolean-value"), "WAHR"),
        (error, "#DIV/0!"),
        (of_type("string"), "last"),
    )
    found, (told,) = read(path)
    assert found == SHOWN
    assert PASSED_OVER in told


def test_what_the_cells_of_an_old_excel_sheet_give(tmp_path):
    cells = ["text", "你好", 3, dt.date(2026, 3, 1), dt.time(10, 30), True, ERROR, "last"]
    found, (told,) = read(old_workbook(tmp_path / "t.xls", cells))
    assert found == SHOWN
    assert PASSED_OVER in told


@pytest.mark.parametrize(
    "far",
    [cell("XFD1048576", 1), cell("AAAAAAA9", 1) * 2 + cell("A9999999", 1), "<c r='XFD1048576'><v>1</v></c>"],
    ids=["far", "farther", "quoted"],
)
def test_a_sheet_that_spans_more_cells_than_memory_is_refused_before_it_is_read(tmp_path, far):
    path = workbook(tmp_path / "t.xlsx", {"a": f'{row(1, "text")}<row r="2">{far}</row>'})
    with pytest.raises(JobError, match="more than 20,000,000 cells: remove what stands far off"):
        inputs(path)


def repeated(text, num_rows=1, num_columns=1):
    cell = f'<table:table-cell office:value-type="string" table:number-columns-repeated="{num_columns}">'
    row = f'<table:table-row table:number-rows-repeated="{num_rows}">'
    return f"{row}{cell}<text:p>{text}</text:p></table:table-cell></table:table-row>"


needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="the system limits no memory")


def test_an_archive_behind_something_is_none_though_it_is_found_from_its_end(tmp_path):
    path = workbook(tmp_path / "t.xlsx", {"a": f'{row(1, "text")}<row r="2">{cell("XFD1048576", 1)}</row>'})
    path.write_bytes(b"X" + path.read_bytes())
    with pytest.raises(JobError, match="something stands before it"):
        inputs(path)


@needs_limits
def test_cells_that_repeat_to_more_than_memory_are_refused_and_few_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("junco.places.workbooks.MOST_MEMORY_BYTES", 256 * 2**20)
    assert inputs(open_document_of(tmp_path / "few.ods", repeated("text") + repeated("x", 3))) == ["x"] * 3
    with pytest.raises(JobError, match="takes more than 268,435,456 bytes of memory: save the sheet"):
        inputs(open_document_of(tmp_path / "many.ods", repeated("text") + repeated("x", 60_000, 1000)))


@needs_limits
def test_an_old_workbook_with_a_cell_far_off_is_refused_and_ends_nothing(tmp_path):
    path = old_workbook(tmp_path / "t.xls", ["text", "你好", 5])
    placed = struct.pack("<HHHd", 2, 0, 0, 5)
    assert path.read_bytes().count(placed) == 1
    path.write_bytes(path.read_bytes().replace(placed, struct.pack("<HHHd", 65_535, 65_535, 0, 5)))
    with pytest.raises(JobError, match="of memory: save the sheet"):
        inputs(path)


@needs_limits
def test_one_long_text_in_many_cells_and_cells_without_places_are_refused_where_they_take_too_much(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("junco.places.workbooks.MOST_MEMORY_BYTES", 256 * 2**20)
    path = workbook(
        tmp_path / "placeless.xlsx",
        {"a": row(1, "text") + "<row/>" * 9_000 + f"<row>{'<c/>' * 2000}" + "<c><v>1</v></c></row>"},
    )
    with pytest.raises(JobError, match="of memory: save the sheet"):
        inputs(path)
    shared = '<c t="s"><v>0</v></c>'
    path = workbook(tmp_path / "shared.xlsx", {"a": row(1, "text") + f"<row>{shared}</row>" * 600})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si><t>{"a" * 1_000_000}</t></si></sst>')
    with pytest.raises(JobError, match="of memory: save the sheet"):
        inputs(path)


def test_an_archive_that_unpacks_to_too_much_or_lies_about_it_is_refused(tmp_path, monkeypatch):
    path = workbook(tmp_path / "t.xlsx", {"a": TICKETS + " " * 10_000})
    content = path.read_bytes()
    monkeypatch.setattr("junco.places.workbooks.MOST_UNPACKED_BYTES", 5000)
    with pytest.raises(JobError, match="unpacks to more than a workbook may"):
        inputs(path)
    monkeypatch.undo()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/s0.xml").file_size
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(JobError, match="no workbook that can be read"):
        inputs(path)


@pytest.mark.parametrize("content", [b"", b"id,text\n1,a\n", b"PK\x03\x04abc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
@pytest.mark.parametrize("name", ["t.xlsx", "t.xls", "t.ods"])
def test_what_is_no_workbook_is_one_line_with_the_cure(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(JobError, match=f"{name} is no workbook that can be read"):
        inputs(tmp_path / name)
