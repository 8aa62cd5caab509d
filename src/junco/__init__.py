"""junco turns images, video, audio and long text into vectors.

>>> from junco import pipeline
>>> embed = pipeline("image-embedding")
>>> vector = embed("cat.jpg")

Names are looked up when they are used, so that importing junco costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from junco.answers.adopt import adopt
    from junco.answers.groups import Group, Groups
    from junco.answers.hits import Hit, Hits
    from junco.answers.opening import open_set, read_vectors
    from junco.answers.vector_set import VectorSet
    from junco.api import Pipeline, pipe, pipeline
    from junco.catalog.listing import pipeline_names as pipelines
    from junco.engine.rows import Reject
    from junco.errors import JuncoError, OperatorError
    from junco.evaluate.evaluation import Evaluation
    from junco.graph.nodes import Graph, Node
    from junco.hub.trust.word import Trust
    from junco.model_survey.survey import Survey, survey
    from junco.neural.images import ImageEmbedding
    from junco.neural.model import NeuralModel
    from junco.neural.operator import NeuralOperator
    from junco.neural.patches import PatchEmbedding, PatchModel
    from junco.neural.preparation import MiddleCrop
    from junco.neural.sound import checked_clip, golden_clips
    from junco.neural.spectrogram import MelSpectrogram
    from junco.operator.base import Operator
    from junco.operator.family import Family
    from junco.operator.function import op
    from junco.operator.hints import Hints
    from junco.operator.namespace import ops
    from junco.operator.options import option
    from junco.operator.residents import residents as cache
    from junco.operator.spec import OperatorSpec
    from junco.pages.inspection import Inspection
    from junco.runtime.source import Input, Source
    from junco.store.sparse import SparseSet, read_sparse_vectors
    from junco.train.args import TrainingArgs
    from junco.train.task import TrainTask
    from junco.tuning.report import TrainReport

__version__ = "0.1.0"

_WHERE = {
    "Group": "junco.answers.groups",
    "Groups": "junco.answers.groups",
    "Hit": "junco.answers.hits",
    "Hits": "junco.answers.hits",
    "Evaluation": "junco.evaluate.evaluation",
    "Family": "junco.operator.family",
    "Graph": "junco.graph.nodes",
    "Hints": "junco.operator.hints",
    "Inspection": "junco.pages.inspection",
    "ImageEmbedding": "junco.neural.images",
    "Input": "junco.runtime.source",
    "JuncoError": "junco.errors",
    "MelSpectrogram": "junco.neural.spectrogram",
    "MiddleCrop": "junco.neural.preparation",
    "NeuralModel": "junco.neural.model",
    "NeuralOperator": "junco.neural.operator",
    "Node": "junco.graph.nodes",
    "Operator": "junco.operator.base",
    "OperatorError": "junco.errors",
    "OperatorSpec": "junco.operator.spec",
    "PatchEmbedding": "junco.neural.patches",
    "PatchModel": "junco.neural.patches",
    "Pipeline": "junco.api",
    "op": "junco.operator.function",
    "adopt": "junco.answers.adopt",
    "open_set": "junco.answers.opening",
    "cache": "junco.operator.residents",
    "checked_clip": "junco.neural.sound",
    "golden_clips": "junco.neural.sound",
    "ops": "junco.operator.namespace",
    "option": "junco.operator.options",
    "pipe": "junco.api",
    "pipeline": "junco.api",
    "pipelines": "junco.catalog.listing",
    "read_sparse_vectors": "junco.store.sparse",
    "read_vectors": "junco.answers.opening",
    "Reject": "junco.engine.rows",
    "Source": "junco.runtime.source",
    "SparseSet": "junco.store.sparse",
    "Survey": "junco.model_survey.survey",
    "survey": "junco.model_survey.survey",
    "TrainReport": "junco.tuning.report",
    "Trust": "junco.hub.trust.word",
    "TrainTask": "junco.train.task",
    "TrainingArgs": "junco.train.args",
    "VectorSet": "junco.answers.vector_set",
}
_RENAMED = {"cache": "residents", "pipelines": "pipeline_names"}


# written out, since type checkers do not see what is computed
__all__ = [
    "Evaluation",
    "Family",
    "Graph",
    "Group",
    "Groups",
    "Hints",
    "Hit",
    "Hits",
    "ImageEmbedding",
    "Input",
    "Inspection",
    "JuncoError",
    "MelSpectrogram",
    "MiddleCrop",
    "NeuralModel",
    "NeuralOperator",
    "Node",
    "Operator",
    "OperatorError",
    "OperatorSpec",
    "PatchEmbedding",
    "PatchModel",
    "Pipeline",
    "Reject",
    "Source",
    "SparseSet",
    "Survey",
    "TrainReport",
    "TrainTask",
    "TrainingArgs",
    "Trust",
    "VectorSet",
    "__version__",
    "adopt",
    "cache",
    "checked_clip",
    "golden_clips",
    "op",
    "open_set",
    "ops",
    "option",
    "pipe",
    "pipeline",
    "pipelines",
    "read_sparse_vectors",
    "read_vectors",
    "survey",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'junco' has no attribute {name!r}")
    value = getattr(importlib.import_module(_WHERE[name]), _RENAMED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
