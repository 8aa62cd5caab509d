"""Conditions on the columns of a set: what they say, what meets them, and what is no condition."""

from __future__ import annotations

import contextlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco import VectorSet, open_set
from junco.answers.where import Where
from junco.errors import InputError

COLUMNS = {
    "lang": ["zh", "en", "en", None],
    "price": [3, 30, 5, 1],
    "box": [{"label": "car", "score": 0.9}, {"label": "person", "score": 0.4}, None, {"label": "car", "score": 0.2}],
    "size": pa.array(["3", "30", "5", None]).dictionary_encode(),
    "cost": ["3", "30", " 5.5 ", "free"],
    "n": [2**53 + 1, 2**53, 4, None],
    "u": pa.array([2**64 - 1, 5, 4, None], pa.uint64()),
    "title": ["ab c", "it's", "x", "' or 1=1"],
}


@pytest.fixture(params=["in memory", "in a file"])
def stored(request, tmp_path):
    vectors = np.eye(4, dtype=np.float32)
    if request.param == "in memory":
        return VectorSet(list("abcd"), vectors, columns=COLUMNS)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 4)
    pq.write_table(pa.table({"input": list("abcd"), **COLUMNS, "vector": column}), tmp_path / "v.parquet")
    return open_set(tmp_path / "v.parquet")


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("lang = en", "bc"),
        ("lang != en", "a"),
        ("lang in ('zh (old)', zh)", "a"),
        ("title = 'it''s'", "b"),
        ("title in ('it''s' , \"ab c\")", "ab"),
        ("price < 5", "ad"),
        ("price >= 5 and lang = en", "bc"),
        ("price in (3, 1)", "ad"),
        ("lang in (zh, fr)", "a"),
        ("box.label = car", "ad"),
        ("box.score > 0.3 AND box.label = car", "a"),
        ("title contains B", "a"),
        ('title = "it\'s"', "b"),
        ('title = "\' or 1=1"', "d"),
        ("'title' = 'ab c'", "a"),
        ("cost < 30", "ac"),
        ("size < 30", "ac"),
        ("size in (30, 3)", "ab"),
        ("cost > 5 and cost <= 30", "bc"),
        ("cost = 30", "b"),
        ("price <= 4.5", "ad"),
        ("price < 30.0", "acd"),
        ("n < 4.5", "c"),
        ("n >= 4.5", "ab"),
        ("n <= 4.5", "c"),
        ("n > 3.5", "abc"),
        ("n > -0.5 and n < 1e400", "abc"),
        ("n = 9007199254740993", "a"),
        ("n > 9007199254740992", "a"),
        ("n > 9007199254740992.5", "a"),
        ("n != 9007199254740993", "bc"),
        ("n = 4.0", "c"),
        ("n = 4.5", ""),
        ("n != 4.5", "abc"),
        ("n < 99999999999999999999999", "abc"),
        ("n <= -99999999999999999999999", ""),
        ("u = 18446744073709551615", "a"),
        ("u < 18446744073709551615", "bc"),
        ("u > -1", "abc"),
        ({"n": 2**53 + 1}, "a"),
        ({"n": np.int64(2**53)}, "b"),
        ({"n": 4.0}, "c"),
        ("input = c", "c"),
        (["price > 1", "price < 30"], "ac"),
        ({"lang": "en", "price": [5, 6]}, "c"),
        ({"price": 30}, "b"),
        (None, "abcd"),
    ],
)
def test_rows_that_meet_all_conditions_are_searched(stored, where, keys):
    hits = stored.search(np.ones(4, np.float32), where=where)
    assert "".join(sorted(hit.key for hit in hits)) == keys


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("lang", "COLUMN = VALUE"),
        ("lang = ' or 1=1", "COLUMN = VALUE"),
        ("lang = en or price = 3", "COLUMN = VALUE"),
        ("lang = en and", "COLUMN = VALUE"),
        ("lang in zh", "values in brackets"),
        ("lang = (zh)", "values in brackets"),
        ("lang in (zh en)", "COLUMN = VALUE"),
        ("lang in (zh,)", "COLUMN = VALUE"),
        ("lang in (zh", "COLUMN = VALUE"),
        ("lang = 'zh", "COLUMN = VALUE"),
        ("lang = 'zh'x", "COLUMN = VALUE"),
        ("lnag = zh", "no column 'lnag'.*Did you mean 'lang'"),
        ("price < cheap", "int64, which cannot be compared"),
        ("box.size = 3", "no field 'size'; there are: label, score"),
        ("label = car", "no column 'label'; it is a field of one: 'box.label'"),
        ("lang.x = 3", "no field 'x'; there are: none"),
        ("box contains car", "cannot be compared"),
    ],
)
def test_what_is_no_condition_or_none_of_this_set_is_refused_with_what_would_be_one(stored, where, said):
    with pytest.raises(InputError, match=said):
        stored.search(np.ones(4, np.float32), where=where)


@given(
    st.lists(
        st.tuples(st.text(), st.sampled_from(["=", "!=", "<=", "contains", "IN"]), st.lists(st.text(), min_size=1)),
        min_size=1,
    ),
    st.sampled_from("\"'"),
)
def test_every_text_can_be_written_in_quotes_and_is_read_back(conditions, quote):
    def quoted(text):
        return f"{quote}{text.replace(quote, quote * 2)}{quote}"

    said = [
        f"{quoted(column)} {sign} " + (f"({', '.join(map(quoted, values))})" if sign == "IN" else quoted(values[0]))
        for column, sign, values in conditions
    ]
    assert list(Where.of(" and ".join(said))) == [
        Where(column, sign.lower(), tuple(values if sign == "IN" else values[:1]))
        for column, sign, values in conditions
    ]


@given(st.text(alphabet="ab '\",()=<in and\n", max_size=40))
def test_any_text_is_conditions_or_is_refused(text):
    with contextlib.suppress(InputError):
        assert Where.of(text)
