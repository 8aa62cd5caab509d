"""Tables of text: whatever separates and quotes them, each row's value is its own, or the row is put aside."""

from __future__ import annotations

import csv
import io

import pytest

from junco.errors import JobError
from reading import inputs, read


@pytest.fixture
def table(tmp_path):
    """Writes a table of this name and gives its path."""

    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def written_by_csv(rows, **options):
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    return text.getvalue()


ROWS = [["id", "text", "note"], ["1", 'say "hi", he said', "x"], ["2", "two\nlines; a\tb | c", ""], ["3", "ça", "z"]]
TEXTS = [row[1] for row in ROWS[1:]]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_what_csv_writes_is_read_whatever_separates_it(table, separator, name, quoting):
    assert inputs(table(name, written_by_csv(ROWS, delimiter=separator, quoting=quoting))) == TEXTS


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marks_and_ends_of_lines_are_no_part_of_a_text(table, code, end):
    content = end.join(["id;text", "1;one", "2;zwölf", ""]).encode(code)
    assert inputs(table("t.csv", content)) == ["one", "zwölf"]


def test_a_list_separated_by_tabs_without_quoting_is_read_as_it_stands(table):
    texts = ['"He left" she said', '"an open mark', 'in "the" middle', '"all of it"', 'at the end"', "plain", '"']
    found, told = read(table("t.tsv", "id\ttext\n" + "".join(f"{i}\t{text}\n" for i, text in enumerate(texts))))
    assert found == texts
    assert told == ["t.tsv: separated by tabs, quotation marks taken as they stand, column 'text' of id, text"]


LATE = "! {}, line {}: a part of a cell in quotation marks that"


@pytest.mark.parametrize(("separator", "name"), [("\t", "t.tsv"), ("|", "t.psv"), ("\t", "t.csv")])
@pytest.mark.parametrize("columns", [("id", "text"), ("text", "id"), ("id", "text", "note")])
@pytest.mark.parametrize("text", ["hello\nworld", "a\n\nb", 'he said "hi"\nand left', "1\n2\n3"])
def test_what_is_quoted_only_after_the_first_thousand_lines_gives_no_half_of_a_value(
    table, separator, name, columns, text
):
    plain = [f"plain {n}" for n in range(1100)]
    rows = [{"id": n, "text": each, "note": "x"} for n, each in enumerate([*plain, text, "end"])]
    content = written_by_csv([columns, *([row[column] for column in columns] for row in rows)], delimiter=separator)
    found = inputs(table(name, content))
    assert (found[:1100], found[-1]) == (plain, "end")
    numbers = [1102 + at for at, line in enumerate(text.split("\n")) if line]
    assert [each.partition(" opens")[0] for each in found[1100:-1]] == [LATE.format(name, n) for n in numbers]


@pytest.mark.parametrize("text", ['"Yes, he said', '"', '"" he said', '"he" said', 'he said"'])
def test_after_the_first_thousand_lines_too_texts_may_begin_or_end_with_a_mark(table, text):
    texts = [*(f"plain {n}" for n in range(1100)), text, "then", 'no "way"', 'so he said"', '"', "end"]
    assert inputs(table("t.tsv", "id\ttext\n" + "".join(f"{n}\t{each}\n" for n, each in enumerate(texts)))) == texts


def test_a_line_that_ends_too_early_after_a_mark_is_put_aside(table):
    plain = "".join(f"plain {n}\t{n}\n" for n in range(1100))
    *_, cut, end = inputs(table("t.tsv", f'text\tid\n{plain}"hello\nend\t2\n'))
    assert cut.startswith(LATE.format("t.tsv", 1102))
    assert end == "end"


def test_a_list_separated_by_tabs_may_open_marks_in_one_line_and_close_them_in_another(table):
    assert inputs(table("t.tsv", 'id\ttext\n1\t"Hello there\n2\tshe said"\n3\tbye\n')) == [
        '"Hello there',
        'she said"',
        "bye",
    ]


def test_a_cell_with_doubled_marks_is_quoted_wherever_it_stands(table):
    rows = "".join(f"{i}\tplain\n" for i in range(5))
    assert inputs(table("t.tsv", f'id\ttext\n{rows}9\t"he said ""hi"" to me"\n'))[-1] == 'he said "hi" to me'


@pytest.mark.parametrize(("name", "separator"), [("t.tsv", "\t"), ("t.psv", "|"), ("t.tab", "\t")])
@pytest.mark.parametrize("proof", ['say "hi"', '"', '"two"\nlines'])
def test_doubled_marks_in_the_first_lines_show_that_all_the_others_are_quoted_too(table, name, separator, proof):
    rows = [["id", "text", "label"], *[["1", proof, "p"]] * 1500]
    rows += [["2", "hel\nlo", "neg"], ["3", f"a{separator}b", "p"], ["4", "plain", "p"]]
    content = written_by_csv(rows, delimiter=separator)
    assert inputs(table(name, content))[1498:] == [proof, proof, "hel\nlo", f"a{separator}b", "plain"]


def test_doubled_marks_in_the_only_column_show_that_marks_may_go_over_several_lines(table):
    texts = ['"said" he', "two\nlines", 'x\n"y"', "plain"]
    assert inputs(table("t.tsv", written_by_csv([["text"], *([text] for text in texts)], delimiter="\t"))) == texts


def test_a_mark_in_a_wrong_place_costs_its_own_row_and_no_other(table):
    found = inputs(table("t.csv", 'id,text\n1,one\n2,"He left" she said\n3,"open\n4,four\n5,"fi,ve"\n6,six\n'))
    assert found[0] == "one"
    assert found[1].startswith("! t.csv, line 3: a quotation mark in a wrong place")
    assert found[2].startswith("! t.csv, line 4: a quotation mark")
    assert found[3:] == ["four", "fi,ve", "six"]


def test_a_mark_that_is_never_closed_costs_its_own_row_and_no_other(table):
    rows = "".join(f"{i},text {i}\n" for i in range(10, 2000))
    found = inputs(table("t.csv", f'id,text\n1,"open\n{rows}'))
    assert found[0] == "! t.csv, line 2: a quotation mark that is not closed"
    assert found[1:] == [f"text {i}" for i in range(10, 2000)]


def test_a_row_of_too_many_cells_or_of_too_few_is_put_aside(table):
    found = inputs(table("t.csv", "id,text,note\n1,hello, world,x\n2,two\n3\n4,four,x,,\n,,\n5,,x\n"))
    assert found == [
        "! t.csv, line 2: 4 cells, and the header has 3",
        "! t.csv, line 3: 2 cells, and the header has 3",
        "! t.csv, line 4: 1 cell, and the header has 3",
        "four",
        "! t.csv, line 6: nothing in it",
        "! t.csv, line 7: nothing in the column 'text'",
    ]


@pytest.mark.parametrize(("name", "sign"), [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t"), ("t.psv", "|")])
def test_an_empty_cell_is_nothing_whatever_separates_it_and_blanks_are_a_text(table, name, sign):
    rows = [["id", "text", "note"], ["1", "one", "x"], ["2", "", "x"], ["3", "  ", "x"], ["4", '""', "x"]]
    content = "".join(f"{sign.join(row)}\n" for row in rows)
    empty = [f"! {name}, line 3: nothing in the column 'text'", f"! {name}, line 5: nothing in the column 'text'"]
    if sign in ",;":
        assert inputs(table(name, content)) == ["one", empty[0], "  ", empty[1]]
    else:  # where marks are part of the text
        assert inputs(table(name, content)) == ["one", empty[0], "  ", '""']


def test_a_place_is_the_line_in_the_file_that_a_row_begins_in(table):
    content = 'id,text\n1,"two\nlines"\n\n2,\n3,"open\n4,caf\xe9\n'
    assert inputs(table("t.csv", content.encode("latin-1")))[1:] == [
        "! t.csv, line 5: nothing in the column 'text'",
        "! t.csv, line 6: a quotation mark that is not closed",
        "! t.csv, line 7: not UTF-8 (byte 0xe9)",
    ]


@pytest.mark.parametrize(("name", "separator"), [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t"), ("t.psv", "|")])
def test_the_parts_of_a_row_that_a_line_end_in_its_text_broke_are_no_rows(table, name, separator):
    rows = [("id", "text", "label"), ("0", "one", "pos"), ("1", "hello\nworld", "pos"), ("2", "fine", "neg")]
    content = "".join(separator.join(row) + "\n" for row in rows)
    assert inputs(table(name, content)) == [
        "one",
        f"! {name}, line 3: 2 cells, and the header has 3",
        f"! {name}, line 4: 2 cells, and the header has 3",
        "fine",
    ]
    assert inputs(table(name, content), column="label")[1].startswith("! ")


def test_commas_of_numbers_and_of_texts_separate_nothing_where_semicolons_do(table):
    found, told = read(table("t.csv", "id;price;text\n1;3,5;hello, you\n2;1,25;bye, then, you\n"))
    assert found == ["hello, you", "bye, then, you"]
    assert told == ["t.csv: separated by semicolons, column 'text' of id, price, text"]


def test_the_line_in_which_excel_names_the_separator_is_no_header(table):
    assert inputs(table("t.csv", "sep=;\r\nid;text\r\n1;a,b\r\n")) == ["a,b"]


def test_a_table_of_one_column_that_quotes_its_commas_is_read_by_the_rules(table):
    assert read(table("t.csv", 'text\nhello\n"two, in marks"\n" "\n"a ""b"" c"\n')) == (
        ["hello", "two, in marks", " ", 'a "b" c'],
        ["t.csv: one column, column 'text'"],
    )


def test_a_table_of_one_column_is_not_cut(table):
    assert read(table("t.csv", 'text\nhello, world\n"two, in marks"\n"He left" she said\n')) == (
        ["hello, world", '"two, in marks"', '"He left" she said'],
        ["t.csv: one column, quotation marks taken as they stand, column 'text'"],
    )
    assert inputs(table("q.csv", 'text\n"one, in ""marks"""\nplain\n')) == ['one, in "marks"', "plain"]


@pytest.mark.parametrize("head", ["ID,Text", "id, text", "id,TEXT ", " Text,id"])
def test_case_and_blanks_around_a_columns_name_do_not_count(table, head):
    row = "hello,1" if head.startswith(" T") else "1,hello"
    assert inputs(table("t.csv", f"{head}\n{row}\n")) == ["hello"]


def test_a_name_that_fits_exactly_is_the_one(table):
    assert inputs(table("t.csv", "Text,text\na,b\n")) == ["b"]
    with pytest.raises(JobError, match=r"t\.csv has 2 columns named 'TEXT' and 'text ': give each a name of its own"):
        inputs(table("t.csv", "TEXT,text \na,b\n"))


def test_two_columns_of_one_name_are_refused_only_where_that_one_is_wanted(table):
    with pytest.raises(JobError, match=r"t\.csv has 2 columns named 'text'"):
        inputs(table("t.csv", "text,text\na,b\n"))
    assert inputs(table("t.csv", "id,id,text\na,b,c\n")) == ["c"]


def test_where_no_name_fits_the_first_column_that_is_no_key_is_taken_and_told(table):
    assert read(table("t.csv", "doc_id,sentence,label\nx1,hello,0\n")) == (
        ["hello"],
        [
            "t.csv: separated by commas, column 'sentence' of doc_id, sentence, label "
            "(the first that is no key; another with column= (--column))"
        ],
    )


def test_a_table_without_a_header_is_told_or_refused(table):
    found, told = read(table("t.csv", "the first text of all\nthe second\nthe third\n"))
    assert found == ["the first text of all", "the second", "the third"]
    assert "no header" in told[0]
    with pytest.raises(JobError, match=r"t\.csv has no header, it seems, for its first line is 1, hello"):
        inputs(table("t.csv", "1,hello\n2,bye\n"))
    assert inputs(table("t.csv", "1,2020\n2,bye\n"), column="2020") == ["bye"]


def test_prose_is_not_cut_at_its_commas(table):
    with pytest.raises(JobError, match=r"where each line is an input, name it \.txt"):
        inputs(table("t.csv", "Well, hello there\nOne\nTwo, three, four\nFive\n"))


def test_bytes_that_are_no_utf8_cost_their_own_row_if_they_are_in_its_text(table):
    content = b"id,text,note\n1,caf\xe9,x\n2,fine,caf\xe9\n3,f\xc3\xbcnf,x\n"
    assert inputs(table("t.csv", content)) == ["! t.csv, line 2: not UTF-8 (byte 0xe9)", "fine", "fünf"]
    assert inputs(table("p.csv", b"path\ncaf\xe9.jpg\n"), "path") == ["caf\udce9.jpg"]


def test_a_null_character_is_part_of_its_text_alone(table):
    assert inputs(table("t.csv", b"id,text\n1,a\0b\n2,c\n")) == ["a\0b", "c"]


def test_a_table_without_rows_has_no_inputs(table):
    for content in ("", "\n\n", "id,text\n", "text\n"):
        assert inputs(table("t.csv", content)) == []


def test_a_file_of_wide_characters_without_a_mark_is_read_and_one_of_nulls_is_refused(table):
    assert inputs(table("t.csv", "id,text\n1,one\n".encode("utf-16-le"))) == ["one"]
    with pytest.raises(JobError, match=r"t\.csv cannot be read: it is no UTF-8, and no other text that is known"):
        inputs(table("t.csv", b"id,text\n1,\0\1\2\0\0\0\0\0\0\0\0\0"))


def test_a_line_that_is_too_long_costs_itself_alone(table, monkeypatch):
    monkeypatch.setattr("junco.job.texts.MOST_LINE_BYTES", 50)
    path = table("t.csv", f"id,text\n1,one\n2,{'x' * 500}\n3,three\n")
    assert inputs(path) == ["one", "! t.csv, line 3: longer than 50 bytes", "three"]
    path = table("t.txt", f"one\n{'x' * 500}\nthree\n{'y' * 60}")
    assert inputs(path) == [
        "one",
        "! t.txt, line 2: longer than 50 bytes",
        "three",
        "! t.txt, line 4: longer than 50 bytes",
    ]


def test_several_columns_are_taken_by_their_names(table):
    path = table("t.csv", "Text;x;image\nhello;0;a.jpg\nbye;1;\n")
    assert inputs(path, "image", "text") == [
        ("a.jpg", "hello"),
        "! t.csv, line 3: nothing in the column 'image'",
    ]
    with pytest.raises(JobError, match="has no column 'sound'; the pipeline takes image, sound"):
        inputs(path, "image", "sound")


def test_blanks_after_separators_are_no_part_of_a_cell_where_the_header_has_them_too(table):
    assert inputs(table("t.csv", 'id, text\n1, "hello, you"\n2, plain\n3,none\n')) == ["hello, you", "plain", "none"]
    assert inputs(table("t.csv", "id,text\n1, plain\n")) == [" plain"]


def test_lines_that_end_as_those_of_old_macs_are_lines(table):
    assert inputs(table("t.csv", "id,text\r1,one\r2,two\r")) == ["one", "two"]
    assert inputs(table("t.txt", "\ufeffone\rtwo")) == ["one", "two"]
    for code in ("utf-16", "utf-32", "utf-8-sig"):
        found, told = read(table("t.csv", "id,text\r1,zwölf\r2,two\r".encode(code)))
        assert found == ["zwölf", "two"]
        assert "lines that end with CR alone" in told[0]
    assert inputs(table("u.txt", "one\r\ntwo\rhalf\r\n")) == ["one", "two\rhalf"]


@pytest.mark.parametrize("head", ["text,id", '"id","Text"', "text"])
@pytest.mark.parametrize("remarks", ["# produced by x, version 3\n", "# of today\n#\n\n# by x, y\n"])
def test_a_remark_in_the_place_of_the_header_is_refused_with_the_cure(table, head, remarks):
    row = ",".join("a" for _ in head.split(","))
    with pytest.raises(JobError, match=r"t\.csv: the first line is taken as the header.*remove what is above line \d"):
        inputs(table("t.csv", f"{remarks}{head}\n{row}\n"))


def test_a_name_or_a_text_may_begin_with_a_number_sign(table):
    assert inputs(table("t.csv", "#,text\n1,a\n2,b\n")) == ["a", "b"]
    assert inputs(table("u.csv", "#tags,of\n#one,1\n#two,2\n")) == ["#one", "#two"]
