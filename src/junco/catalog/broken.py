"""Pipelines of other packages and of the user's folder that cannot be used, each with the reason."""

from __future__ import annotations

import warnings

from junco.catalog.find import find
from junco.catalog.membership import check_graph
from junco.catalog.sources import locations
from junco.errors import JuncoError
from junco.graph.params import parameters_of
from junco.operator.entries import OURS


def broken_pipelines() -> dict[str, str]:
    """What is wrong by the pipeline's name: its file, its operators, its family, or another one of that name.

    Modules of operators are imported for it; nothing is fetched. Those that junco itself brings are not looked at.
    """
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # packages that are left out are told of for themselves
        for name, brought in locations().items():
            if all(location.source.partition(" ")[0] == OURS for location in brought):
                continue
            try:
                graph = find(name)
                parameters_of(graph)
                check_graph(graph)
            except JuncoError as error:
                found[name] = str(error)
    return found
