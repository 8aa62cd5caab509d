"""A job whose inputs lie on the web: what a server does wrong costs one input, or is said in a line."""

from __future__ import annotations

import gzip
import itertools

import pyarrow.parquet as pq
import pytest

from junco import pipe
from junco.errors import JobError
from junco.job import web_sources
from junco.job.source import items_of
from junco.job.wanted import Wanted
from junco.places import web
from junco.places.reach import Reach
from reading import inputs, read
from servers import Answer, online, serving

HERE = Reach(allow_private=True)


@pytest.fixture(autouse=True)
def with_network(monkeypatch):
    online(monkeypatch)


def page(*links):
    return Answer("".join(f"<a href='{link}'>x</a>" for link in links).encode())


def test_an_address_is_one_input_and_asked_for_nothing_but_its_head_before_its_turn():
    with serving({"/a.jpg": Answer(b"1", headers={"ETag": "e", "Last-Modified": "l"})}) as (site, asked):
        (item,) = items_of(f"{site}/a.jpg", Wanted(("path",)))
        assert [method for method, *_ in asked] == ["HEAD"]
        assert (item.key, item.mark, item.num_bytes, item.read()) == (f"{site}/a.jpg", "1 e l", 1, b"1")


def test_an_address_of_which_its_server_says_nothing_counts_as_changed_each_time():
    with serving({"/a.jpg": Answer(b"1", length=None)}) as (site, _):
        (item,) = items_of(f"{site}/a.jpg", Wanted(("path",)))
        assert (item.mark, item.num_bytes) == (None, 4_000_000)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(itertools.repeat(bytes(1000)), length=None),
        Answer(gzip.compress(bytes(10**6)), headers={"Content-Encoding": "gzip"}),
        Answer(b"short", length=100),
        Answer(status=302, headers={"Location": "file:///etc/passwd"}),
        Answer(status=500),
        Answer(b"\xff", headers={"Content-Type": "text/plain"}),
    ],
    ids=["endless", "bomb", "short", "to a file", "error", "no text"],
)
def test_what_goes_wrong_with_one_address_is_one_reject(answer, embed, tmp_path, monkeypatch):
    monkeypatch.setattr(web_sources, "MOST_BYTES", 10_000)
    answers = {"/": page("a", "b", "c"), "/a": Answer(b"one"), "/b": answer, "/c": Answer(b"three")}
    with serving(answers) as (site, _):
        report = embed.run(f"{site}/", tmp_path / "o.parquet", progress=False)
    assert (report.num_done, report.num_rejects) == (2, 1)


def test_a_page_that_lists_files_gives_them_by_name_with_those_of_its_folders_and_none_from_elsewhere():
    elsewhere = ["../", "/other/x.jpg", "http://127.0.0.1:9/y.jpg", "mailto:me", ".hid", "?C=N", "http://[", "#top"]
    answers = {
        "/f/": page("b.jpg", "d/", "a%20b.jpg", "b.jpg#1", *elsewhere),
        "/f/d/": page("../", "c.jpg", "e/", "/f/"),
        "/f/d/e/": page("f.gif", "/f/d/"),
    }
    with serving(answers) as (site, _):
        names = lambda source: [item.key.removeprefix(site) for item in items_of(source, Wanted(("path",)))]  # noqa: E731
        assert names(f"{site}/f/") == ["/f/a%20b.jpg", "/f/b.jpg", "/f/d/c.jpg", "/f/d/e/f.gif"]
        assert names(f"{site}/f/*.jpg") == ["/f/a%20b.jpg", "/f/b.jpg"]
        assert names(f"{site}/f/a b*") == ["/f/a%20b.jpg"]
        assert names(f"{site}/f/*/*.jpg") == ["/f/d/c.jpg"]
        assert names(f"{site}/f/**/*.gif") == ["/f/d/e/f.gif"]
        for source in (f"{site}/f/*.png", f"{site}/f/d/e/*.jpg"):
            with pytest.raises(JobError, match="nothing is at"):
                names(source)
        with pytest.raises(JobError, match=r"the source .*/none/ cannot be read: .*404"):
            names(f"{site}/none/")


def test_a_page_without_an_end_is_left(monkeypatch):
    monkeypatch.setattr(web_sources, "MOST_PAGE_BYTES", 10_000)
    endless = Answer(itertools.repeat(b"<a href='a'>"), length=None)
    with serving({"/": endless}) as (site, _), pytest.raises(JobError, match="more than 10,000 bytes"):
        inputs(f"{site}/", "path")


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_packed_list_is_unpacked_once_whatever_its_server_says_of_it(coding):
    answer = Answer(gzip.compress(b"one\ntwo\n"), headers={"Content-Encoding": coding} if coding else None)
    with serving({"/l.txt.gz": answer, "/l.csv?v=1": Answer(b"id;text\n1;one\n")}) as (site, _):
        assert read(f"{site}/l.txt.gz") == (["one", "two"], ["l.txt.gz: unpacked (gzip)"])
        assert inputs(f"{site}/l.csv?v=1") == ["one"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(itertools.repeat(b"line\n"), length=None), "more than 10,000 bytes"),
        (Answer(b"one\n", length=100), "it ended after 4 of 100 bytes"),
        (Answer(status=404), "the server answered 404"),
    ],
)
def test_a_list_that_does_not_come_whole_is_none(answer, reason, monkeypatch):
    monkeypatch.setattr(web_sources, "MOST_LIST_BYTES", 10_000)
    with serving({"/l.txt": answer}) as (site, _), pytest.raises(JobError, match=reason):
        inputs(f"{site}/l.txt")


def test_a_list_of_addresses_is_fetched_by_an_operator_that_may(tmp_path):
    sizes = pipe.input("path").map("path", "size", lambda path: len(web.fetched(path, reach=HERE))).output("size")
    with sizes, serving({"/a": Answer(b"1"), "/b": Answer(b"22", length=5)}) as (site, _):
        (tmp_path / "l.txt").write_text(f"{site}/a\n{site}/b\n{site}/c\n")
        report = sizes.run(tmp_path / "l.txt", tmp_path / "o.parquet", progress=False)
    assert (report.num_done, report.num_rejects) == (1, 2)


def test_what_is_larger_than_was_thought_is_fetched_alone_when_its_turn_has_come(tmp_path, monkeypatch):
    monkeypatch.setattr(web_sources, "UNKNOWN_BYTES", 100)
    names = [f"{i}.bin" for i in range(5)]
    answers = {f"/{name}": Answer(bytes(1000), length=None) for name in names}
    with (
        pipe.input("path").map("path", "size", len).output("size") as p,
        serving({"/": page(*names), **answers}) as (
            site,
            asked,
        ),
    ):
        report = p.run(f"{site}/", tmp_path / "o.parquet", progress=False)
    assert (report.num_done, report.num_rejects) == (5, 0)
    assert sorted(path for method, path, _ in asked if method == "GET") == sorted(["/", *[f"/{n}" for n in names * 2]])


def test_a_password_in_a_list_of_addresses_is_in_nothing_that_stays_and_the_job_goes_on_where_it_was(tmp_path):
    def size(address):
        if "bad" in address:
            raise ValueError("cannot be measured")
        return len(address)

    names = ["https://me:hunter2@host/a", "https://host/bad?sig=hunter2", "s3://box/k?token=hunter2", "https://host/c"]
    (tmp_path / "l.txt").write_text("\n".join([*names, names[0].replace("hunter2", "hunter3")]))
    with pipe.input("path").map("path", "size", size).output("size") as p:
        first = p.run(tmp_path / "l.txt", tmp_path / "o.parquet", progress=False)
        again = p.run(tmp_path / "l.txt", tmp_path / "o.parquet", progress=False)
        cells = p.run(iter(names), tmp_path / "v.parquet", progress=False)
    assert (first.num_done, first.num_rejects, cells.num_done, again.is_unchanged) == (4, 1, 3, True)
    kept = ["https://me:***@host/a", "s3://box/k?token=***", "https://host/c", "https://me:***@host/a"]
    table = pq.read_table(tmp_path / "o.parquet").to_pydict()
    assert table == {"input": kept, "size": [*(len(names[at]) for at in (0, 2, 3, 0))]}
    (reject,) = pq.read_table(tmp_path / "o.parquet.rejects.parquet").to_pylist()
    assert reject["input"] == "https://host/bad?sig=***"
    assert not [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name != "l.txt" and b"hunter" in path.read_bytes()
    ]


def test_a_password_in_a_row_of_several_columns_or_of_a_picture_is_in_no_name_of_it():
    address = "https://me:hunter2@host/a.png"
    rows = [(address, "said"), {"bytes": None, "path": address}, address]
    found = list(items_of(rows, Wanted(("image",))))
    assert [item.key for item in found] == ["https://me:***@host/a.png"] * 3
    assert [item.value for item in found] == rows
    assert [item.key for item in items_of([address], Wanted(("text",)))] == [address]


def test_a_password_of_an_address_goes_to_its_server_and_into_nothing_that_stays(tmp_path):
    sizes = pipe.input("path").map("path", "size", len).output("size")
    with sizes as p, serving({"/a": Answer(b"12")}) as (site, asked):
        host = site.partition("://")[2]
        done = p.run(f"http://me:hunter2@{host}/a", tmp_path / "a.parquet", progress=False)
        failed = p.run(f"http://me:hunter2@{host}/b", tmp_path / "b.parquet", progress=False)
    assert (done.num_done, failed.num_rejects) == (1, 1)
    assert asked[-1][2]["Authorization"] == "Basic bWU6aHVudGVyMg=="
    rows = [pq.read_table(tmp_path / name).to_pylist() for name in ("a.parquet", "b.parquet.rejects.parquet")]
    assert "hunter2" not in f"{rows} {done} {failed}"
    assert rows[0][0]["input"] == f"http://me:***@{host}/a"
