"""Lists of text in whatever encoding: what is found out, what is told of it, and what the caller says instead."""

from __future__ import annotations

import pytest

from junco.errors import InputError, JobError
from junco.job.reading import Reading
from junco.job.source import items_of
from junco.job.wanted import Told, Wanted
from reading import inputs, read

TICKETS = "id,lang,text\n1,zh,忘记密码了怎么办\n2,zh,客服态度很差\n3,en,I forgot my password\n4,zh,快递什么时候到\n"
TEXTS = ["忘记密码了怎么办", "客服态度很差", "I forgot my password", "快递什么时候到"]
WESTERN = "id;text\n1;Où est le café ?\n2;Die Straße ist naß – “so”\n"


def read_as(source, columns=("text",), **how):
    """The inputs where the caller says how a list is written, and the lines told."""
    told = Told()
    items = items_of(source, Wanted(columns, tell=told, reading=Reading(**how)))
    return [item.value for item in items], told.lines


@pytest.mark.parametrize("code", ["gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "big5"])
def test_a_table_of_chinese_texts_is_read_whatever_it_is_in(tmp_path, code):
    content = TICKETS if code != "big5" else TICKETS.translate(str.maketrans("记码么办态递时", "記碼麼辦態遞時"))
    (tmp_path / "t.csv").write_bytes(content.encode(code))
    assert inputs(tmp_path / "t.csv") == [row.split(",")[2] for row in content.splitlines()[1:]]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("t.csv", TICKETS, "gb18030"),
        ("t.csv", WESTERN, "cp1252"),
        ("t.txt", "忘记密码了怎么办\n客服态度很差\n", "gb18030"),
        ("t.jsonl", '{"text": "忘记密码了怎么办"}\n{"text": "客服态度很差"}\n', "gb18030"),
        ("t.json", '["忘记密码了怎么办", "客服态度很差"]', "gb18030"),
    ],
)
def test_an_encoding_that_was_found_out_is_told_with_the_cure(tmp_path, name, content, code):
    (tmp_path / name).write_text(content, code)
    found, (told,) = read(tmp_path / name)
    assert not any(text.startswith("!") for text in found)
    assert f"{name}: encoding {code} by its look (another with encoding=, --encoding)" in told


def test_a_text_of_utf_8_with_a_few_bytes_that_are_none_stays_one(tmp_path):
    (tmp_path / "t.txt").write_bytes("schön\nüber\n".encode() + b"caf\xe9\nna\xefve\n")
    assert inputs(tmp_path / "t.txt") == [
        "schön",
        "über",
        "! t.txt, line 3: not UTF-8 (byte 0xe9)",
        "! t.txt, line 4: not UTF-8 (byte 0xef)",
    ]


@pytest.mark.parametrize("names", [["José", "Zoë", "Ann"], ["Müller", "Jürgen", "Weiß", "Meier"], ["François", "Noël"]])
def test_a_list_of_names_in_cp1252_is_read(tmp_path, names):
    (tmp_path / "t.txt").write_text("\n".join(names), "cp1252")
    found, (told,) = read(tmp_path / "t.txt")
    assert found == names
    assert "encoding cp1252 by its look" in told


def test_where_the_beginning_fits_several_encodings_the_rest_is_read_in_the_most_common(tmp_path):
    (tmp_path / "t.txt").write_text("Müller\n" * 12_000 + "Núñez\n", "cp1252")
    assert inputs(tmp_path / "t.txt")[-1] == "Núñez"


def test_one_odd_byte_in_a_list_costs_its_line_and_that_is_told_with_the_cure(tmp_path):
    (tmp_path / "t.txt").write_text("Ann\nJosé\nBob\n", "cp1252")
    found, (told,) = read(tmp_path / "t.txt")
    assert found == ["Ann", "! t.txt, line 2: not UTF-8 (byte 0xe9)", "Bob"]
    assert "some bytes are no UTF-8, and their rows are put aside (encoding=, --encoding says what it is in)" in told
    assert read_as(tmp_path / "t.txt", encoding="cp1252")[0] == ["Ann", "José", "Bob"]


def test_a_row_that_is_not_in_the_encoding_that_was_found_out_costs_itself_alone(tmp_path):
    (tmp_path / "t.txt").write_bytes("忘记密码了怎么办\n客服态度很差\n".encode("gb18030") * 20_000 + b"\xff\xff\n")
    found = inputs(tmp_path / "t.txt")
    assert found[-1] == "! t.txt, line 40001: not UTF-8 (byte 0xff)"
    assert found[-2] == "客服态度很差"


def test_names_of_files_are_taken_byte_by_byte_and_that_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("path\n照片/猫.jpg\n照片/狗.jpg\n", "gb18030")
    found, (told,) = read(tmp_path / "t.csv", "path")
    assert found[0].encode("utf-8", "surrogateescape").decode("gb18030") == "照片/猫.jpg"
    assert "not UTF-8: names are taken byte by byte" in told
    assert read_as(tmp_path / "t.csv", ("path",), encoding="gb18030")[0] == ["照片/猫.jpg", "照片/狗.jpg"]


def test_what_the_caller_says_is_taken_and_told(tmp_path):
    (tmp_path / "t.csv").write_bytes("id~text\n1~né, mais, là; ici\n".encode("cp1252"))
    found, (told,) = read_as(tmp_path / "t.csv", encoding="cp1252", delimiter="~")
    assert found == ["né, mais, là; ici"]
    assert told.startswith("t.csv: encoding cp1252, separated by '~'")
    (tmp_path / "t.csv").write_text("id\ttext\n1\ta,b\n")
    assert read_as(tmp_path / "t.csv", delimiter="tab")[0] == ["a,b"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"encoding": "utf-8"}, "t.csv cannot be read: it is not in encoding='utf-8' (--encoding)"),
        ({"encoding": "ascii"}, "it is not in encoding='ascii'"),
        ({"encoding": "gb18030", "delimiter": ";"}, "delimiter=';' (--delimiter) is not in its first line"),
        ({"sheet": "a"}, "sheet= (--sheet) is for .xlsx, .xls, .ods: leave sheet= (--sheet) away"),
    ],
)  # fmt: skip
def test_a_wrong_word_of_the_caller_is_an_error_that_says_so(tmp_path, how, said):
    (tmp_path / "t.csv").write_text(TICKETS, "gb18030")
    with pytest.raises(JobError) as told:
        read_as(tmp_path / "t.csv", **how)
    assert said in str(told.value)


@pytest.mark.parametrize(
    "how", [{"encoding": "utf-9"}, {"encoding": "base64"}, {"delimiter": "ab"}, {"delimiter": '"'}]
)
def test_what_no_list_can_be_written_in_is_refused_at_once(how):
    with pytest.raises(InputError, match=next(iter(how))):
        Reading(**how)


def test_what_says_nothing_of_a_source_is_refused(tmp_path):
    (tmp_path / "x.md").write_text("x")
    for source, how in (
        (tmp_path, {"encoding": "gb18030"}),
        (["a"], {"delimiter": ";"}),
        ({"text": ["a"]}, {"sheet": "a"}),
    ):
        with pytest.raises(JobError, match=r"leave .* away"):
            read_as(source, **how)
