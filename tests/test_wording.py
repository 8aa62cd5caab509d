"""Whatever people name, no text of ours sends what a terminal would obey."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco import Operator, pipe, pipeline
from junco.engine.stats import PipelineStats
from junco.errors import GraphError, InputError, JuncoError, OperatorError, UnknownNameError
from junco.graph.draw import svg
from junco.graph.mermaid import mermaid
from junco.graph.nodes import Graph, Node
from junco.job.report import JobReport
from junco.wording import (
    SCREEN_LINES,
    SCREEN_WIDTH,
    brief,
    masked,
    on_one_screen,
    picture,
    printable,
    printable_lines,
)

EVIL = "\x1b]0;x\x07\x9b2J\u202e\n\u2028\ud800"
SPELT = r"\x1b]0;x\x07\x9b2J\u202e\n\u2028\ud800"


def same(value):
    return value


def odd(value):
    return value


odd.__name__ = odd.__qualname__ = f"odd{EVIL}"


class Red:
    def __repr__(self):
        return "\x1b[31mred"

    __str__ = __repr__


class Labelled(Operator, family="wording-test", name="labelled"):
    def __init__(self, label="", more=None):
        self.label, self.more = label, more

    def batch(self, values):
        return list(values)


def is_clean(text):
    return all(letter.isprintable() or letter == "\n" for letter in text)


@pytest.fixture
def evil():
    """A pipeline in which everything that can be named is named so."""
    within = replace(pipe.input("x").map("x", "y", odd).output("y").graph, name=f"within{EVIL}")
    label = Labelled(EVIL, more=Red()).spec
    start = pipe.input(f"x{EVIL}").map(f"x{EVIL}", f"y{EVIL}", within, name=f"step{EVIL}")
    p = start.map(f"y{EVIL}", f"z{EVIL}", label, name=f"label{EVIL}").output(f"y{EVIL}", f"z{EVIL}", space=f"s{EVIL}")
    with pipeline(replace(p.graph, name=f"out{EVIL}")) as made:
        made(1)
        yield made


@pytest.mark.parametrize(
    "show",
    [
        repr,
        lambda p: str(p.plan),
        lambda p: str(p.stats()),
        lambda p: p.stats().advice,
        lambda p: str(p.lock()),
        lambda p: str(p.graph),
        lambda p: str(p.inspect(1)),
        lambda p: str(p.plan.output_space),
        lambda p: str(p.graph.nodes[0]),
        lambda p: str(p.graph.nodes[1].spec),
        lambda p: repr(p(1)),
        lambda p: repr(p.batch([1])),
        lambda p: mermaid(p.graph),
        lambda p: svg(p.graph),
    ],
)
def test_names_are_spelt_out_wherever_they_are_shown(evil, show):
    assert is_clean(show(evil))


def test_a_name_with_a_line_break_stays_on_its_line(evil):
    assert len(str(evil.plan).splitlines()) == 4  # the title, the steps, the space
    assert len(str(evil.graph).splitlines()) == 3
    assert len(str(evil.stats()).splitlines()) == 4
    assert repr(evil) == f"<pipeline out{SPELT}: x{SPELT} → y{SPELT}, z{SPELT}>"


def test_names_in_every_script_are_shown_as_they_are():
    for name in ("größe in m²", "名前", "שם", "नाम"):
        p = pipe.input(name).map(name, f"{name} 2", same).output(name, f"{name} 2")
        assert f"{name} → {name}, {name} 2" in repr(p)
        assert repr(p(1)) == f"Row({name}=1, {name} 2=1)"


def test_errors_spell_out_what_they_name():
    def fails(value):
        raise ValueError("\x1b[31mwrong")

    def wrong_name(graph):
        graph.node("stepp")

    graph = Graph(("x",), (Node("map", "step\x1b[2J", ("x",), ("y",), same),), ("y",))
    p = pipe.input("x", "b\x1b[2J").map("x", "y", fails, name="step\x1b[2J").output("y")
    for call, kind in (
        (lambda: p(1, 2), OperatorError),
        (lambda: p(1), InputError),
        (lambda: wrong_name(graph), UnknownNameError),
        (lambda: pipe.input("x").output("y\x1b[2J"), GraphError),
    ):
        with pytest.raises(kind) as raised:
            call()
        assert is_clean(str(raised.value))
    assert str(JuncoError("one\ntwo\tthree\r")) == "one\ntwo\\tthree\\r"
    assert str(JuncoError()) == ""


def test_a_picture_of_a_value_is_printable_however_it_shows_itself():
    assert picture(Red()) == r"\x1b[31mred"
    assert picture([Red()]) == r"[\x1b[31mred]"


def test_reports_spell_out_the_names_of_inputs():
    stats = PipelineStats((), 0.0, 0, 1)
    report = JobReport(
        "to\x1b.npy", 1, 1, 1, 0, 0, 0, 1, 1, 1.0, deleted=("a\nb\x1b[2J",), unknown=("\x07",), stats=stats
    )
    assert is_clean(str(report))
    assert r"a\nb\x1b[2J" in str(report)


def test_what_may_be_printed_is_left_as_it_is():
    assert printable("größe\x1b") == r"größe\x1b"
    assert printable_lines(["a\nb", "c"]) == "a\\nb\nc"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ftp://anna:s3cr3t@host:21/a.jpg", "ftp://anna:***@host:21/a.jpg"),
        ("postgresql://anna:a/b?c@db/photos", "postgresql://anna:***@db/photos"),
        ("http://anna:a@b@host/x", "http://anna:***@host/x"),
        ("https://:only-a-token@host/x", "https://:***@host/x"),
        ("https://ghp_abcdefghijklmnopqrstuvwxyz:x-oauth-basic@host/x", "https://***:***@host/x"),
        ("https://ghp_abcdefghijklmnopqrstuvwxyz@host/x", "https://***@host/x"),
        ("zip://a.jpg::https://anna:pw@host/a.zip", "zip://a.jpg::https://anna:***@host/a.zip"),
        ("https://b/k?X-Amz-Date=1&X-Amz-Signature=0af&n=2", "https://b/k?X-Amz-Date=1&X-Amz-Signature=***&n=2"),
        ("https://b/k?X%2DGoog%2DSignature=0af", "https://b/k?X%2DGoog%2DSignature=***"),
        ("https://b/k?sv=1&sig=a%3D", "https://b/k?sv=1&sig=***"),
        ("https://b/k#access_token=abc", "https://b/k#access_token=***"),
        ("https://b/?api_key=1&token=2&key=3&q=cat", "https://b/?api_key=***&token=***&key=***&q=cat"),
        ("https://b/a;jsessionid=0af", "https://b/a;jsessionid=***"),
        ("https://b/a?session=1&code=2&n=3", "https://b/a?session=***&code=***&n=3"),
        ("https://anna%3As3cr3t@host/x", "https://***@host/x"),
        ("host=db password=hunter2 dbname=x", "host=db password=*** dbname=x"),
        ("Authorization: Bearer eyJhbGciOi", "Authorization: Bearer ***"),
        ("{'password': 'hunter 2', 'n': 1}", "{'password': '***', 'n': 1}"),
        ('{"access_token": "it\'s; so"}', '{"access_token": "***"}'),
        ("password: hunter2", "password: ***"),
        ("HF_TOKEN=abc AWS_SECRET_ACCESS_KEY=def x", "HF_TOKEN=*** AWS_SECRET_ACCESS_KEY=*** x"),
        ("Token hf_abcdefghijklmnopqrstuvwxyz is no good", "Token hf_*** is no good"),
    ],
)
def test_an_address_tells_no_secret(address, told):
    assert masked(address) == told
    assert masked(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "http://host:8080/a@2x.png",
        "http://host/a:b@c.png",
        "http://[::1]:80/x@y",
        "s3://bucket/key@v1",
        "https://h/?keyword=cat&author=me&page=2&zipcode=1&sessions=2",
        "anna@host: a basic thing, no password: none",
        "hf_hub_download('a', tokens=3) of {'tokens': 'a b'}",
        "{'text': 'a token: one word'}",
        "hf_hub_download_of_something_long failed",
    ],
)
def test_what_only_looks_like_a_secret_stays(text):
    assert masked(text) == text


def test_errors_pictures_and_what_others_raised_are_masked():
    url = "https://anna:hunter2@host/x?sig=hunter2"
    error = UnknownNameError("pipeline", url, [url])
    failed = OperatorError("step", "op", 0, picture(url), brief(ValueError(f"no answer from {url}")))
    assert not any("hunter2" in said for said in (str(error), repr(error), str(failed), failed.value, failed.reason))


@given(st.text(max_size=3000), st.integers(0, 40), st.integers(1, 30_000))
def test_no_message_is_longer_than_a_screen_and_none_moves_the_cursor(text, lines, times):
    said = on_one_screen("what is wrong\n" + text + "\n" * lines + text[:50] * times + "\nthe cure")
    rows = [max(1, -(-len(line) // SCREEN_WIDTH)) for line in said.split("\n")]
    assert sum(rows) <= SCREEN_LINES
    assert said.startswith("what is wrong")
    assert said.endswith("the cure")
    assert printable(said.replace("\n", "")) == said.replace("\n", "")


def test_blanks_of_other_widths_are_letters_like_others():
    assert printable("\u3000段落\u00a0:") == "\u3000段落\u00a0:"
    assert printable("\u202e\u2028") == "\\u202e\\u2028"
