"""A pipeline as scikit-learn's transformer, among scikit-learn's own."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from junco import pipeline
from junco.adapters.sklearn import JuncoEmbedder
from junco.errors import InputError, ParameterError, UnknownNameError

TEXTS = ["one", "three", "seventeen letters", "a much longer text than that"] * 3
SHORT = [True, True, False, False] * 3


def test_it_gives_the_pipelines_own_vectors():
    embedder = JuncoEmbedder("letters-test")
    assert embedder.fit(TEXTS) is embedder
    assert np.array_equal(embedder.transform(TEXTS), pipeline("letters-test").batch(TEXTS))
    assert np.array_equal(JuncoEmbedder("letters-test").fit_transform(TEXTS), embedder.transform(TEXTS))
    assert embedder.space == pipeline("letters-test").space


@pytest.mark.parametrize(
    "items",
    [
        np.array(TEXTS),
        np.array(TEXTS, object)[:, None],
        pd.Series(TEXTS),
        pd.DataFrame({"any": TEXTS}),
        pl.Series(TEXTS),
        pl.DataFrame({"any": TEXTS}),
        pa.table({"any": TEXTS}),
        pa.array(TEXTS),
        {"any": TEXTS},
        tuple(TEXTS),
    ],
    ids=[
        "array",
        "one column",
        "series",
        "frame",
        "polars",
        "polars frame",
        "arrow table",
        "arrow array",
        "mapping",
        "tuple",
    ],
)
def test_items_come_as_scikit_learn_hands_them_over(items):
    assert JuncoEmbedder("letters-test").fit_transform(items).shape == (len(TEXTS), 3)


def test_before_it_is_fitted_it_says_so_and_what_is_no_item_is_refused():
    with pytest.raises(NotFittedError):
        JuncoEmbedder("letters-test").transform(TEXTS)
    two = {"a": TEXTS, "b": TEXTS}
    for wrong, said in (
        ([], "0 sample"),
        (pd.DataFrame(two), "2 columns .*a, b"),
        ("one text", "put it in a list"),
        (pl.DataFrame(two), "a, b"),
        (np.ones((2, 2)), "2"),
    ):
        with pytest.raises(ValueError, match=said):
            JuncoEmbedder("letters-test").fit(wrong)


def test_a_wrong_name_and_a_wrong_parameter_are_told_when_it_is_fitted():
    with pytest.raises(UnknownNameError, match="letters-test"):
        JuncoEmbedder("leters-test").fit(TEXTS)
    with pytest.raises(ParameterError, match="scale"):
        JuncoEmbedder("letters-test", {"scael": 2.0}).fit(TEXTS)
    with pytest.raises(InputError, match="scale"):
        JuncoEmbedder(pipeline("letters-test"), {"scale": 2.0}).fit(TEXTS)


def test_a_pipeline_that_gives_no_vectors_is_refused():
    with pytest.raises(InputError, match="no vector for each input"):
        JuncoEmbedder("document-embedding-minilm").fit(TEXTS)


def test_it_learns_with_a_classifier_and_a_grid_goes_over_the_pipelines_name():
    made = make_pipeline(JuncoEmbedder("letters-test"), LogisticRegression())
    assert made.fit(TEXTS, SHORT).score(TEXTS, SHORT) == 1.0
    grid = {"juncoembedder__pipeline": ["letters-test", "roles-test"], "juncoembedder__params": [None, {"scale": 0.5}]}
    found = GridSearchCV(made, grid, cv=2).fit(TEXTS, SHORT)
    assert len(found.cv_results_["params"]) == 4
    assert found.best_score_ == 1.0


def test_frames_come_out_with_names():
    frame = (
        JuncoEmbedder("letters-test").set_output(transform="pandas").fit_transform(pd.Series(TEXTS, index=range(5, 17)))
    )
    assert list(frame.columns) == ["juncoembedder0", "juncoembedder1", "juncoembedder2"]
    assert list(frame.index) == list(range(5, 17))
    columns = make_column_transformer((JuncoEmbedder("letters-test"), "text"), ("passthrough", ["price"]))
    assert columns.fit_transform(pd.DataFrame({"text": TEXTS, "price": range(12)})).shape == (12, 4)
    assert (
        columns.get_feature_names_out()[-1] == "passthrough__price"
        or columns.get_feature_names_out()[-1] == "remainder__price"
    )


def test_clones_and_pickles_do_what_it_does():
    made = make_pipeline(JuncoEmbedder("letters-test", {"scale": 2.0}), LogisticRegression()).fit(TEXTS, SHORT)
    back = pickle.loads(pickle.dumps(made))
    assert np.array_equal(back.predict_proba(TEXTS), made.predict_proba(TEXTS))
    assert clone(made[0]).get_params() == made[0].get_params()
    given = JuncoEmbedder(pipeline("letters-test"))
    assert np.array_equal(clone(given).fit_transform(TEXTS), given.fit_transform(TEXTS))
