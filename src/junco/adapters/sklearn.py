"""scikit-learn: a pipeline as a transformer, a step before any estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from junco.adapters.opened import Given, opened, vectors_of
from junco.errors import InputError
from junco.job.frames import as_items
from junco.types import Vectors


class JuncoEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Items into vectors: ``make_pipeline(JuncoEmbedder("image-embedding"), LogisticRegression())``.

    It learns nothing: `fit` opens the pipeline and tries it on one item. Its constructor's arguments are what a grid
    search may vary, the pipeline's name among them.

    Args:
        pipeline: a pipeline that gives one vector for each item, or its name.
        params: of a pipeline that is named, by name.

    Attributes:
        pipeline_: the pipeline that is open.
    """

    def __init__(self, pipeline: Given = "text-embedding", params: Mapping[str, Any] | None = None) -> None:
        self.pipeline = pipeline
        self.params = params

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803  # scikit-learn's names
        """Open the pipeline.

        Args:
            X: items: a list, an array, a column of a table, a table with one column.
            y: of no meaning here.
        """
        del y
        self.pipeline_ = opened(self.pipeline, self.params or {})
        self._n_features_out = vectors_of(self.pipeline_, _items(X)[:1]).shape[1]
        return self

    def transform(self, X: Any) -> Vectors:  # noqa: N803
        """The vectors (n, dim) of items."""
        check_is_fitted(self)
        return vectors_of(self.pipeline_, _items(X))

    @property
    def space(self) -> str | None:
        """The id of the space that the vectors live in."""
        check_is_fitted(self)
        return self.pipeline_.space

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, True, False
        return tags


def _items(given: Any) -> list[Any]:
    """The items of a list, an array or a column; a table's or a matrix's only column is one.

    Raises:
        ValueError: there are none, or several columns; what scikit-learn's own transformers raise.
    """
    is_matrix = isinstance(given, np.ndarray) and given.ndim == 2
    if is_matrix and given.shape[1] != 1:
        raise ValueError(f"JuncoEmbedder takes items, and was given an array of shape {given.shape}")
    try:
        items = [*as_items(given[:, 0] if is_matrix else given, None)]
    except InputError as error:
        raise ValueError(f"JuncoEmbedder takes one column of items: {error}") from error
    if not items:
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required by JuncoEmbedder.")
    return items
