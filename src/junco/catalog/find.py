"""`find`: a ref → the definition of the pipeline that it names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from junco.catalog.ref import BareName, HubName, parse_ref
from junco.catalog.sources import Location, locations, only_one
from junco.errors import ContractError, NoHubError, UnknownNameError
from junco.graph import yaml_file
from junco.graph.nodes import Graph
from junco.graph.params import with_step
from junco.operator import registry
from junco.operator.family import Family
from junco.operator.hub_names import OtherKindError, hub_pipeline
from junco.operator.spec import OperatorSpec
from junco.settings import settings


@dataclass(frozen=True, slots=True)
class Definition:
    """A pipeline's graph and where it was read.

    Attributes:
        name: the name it was found by (a family's name has become that of its default member), or the file's stem.
        source: the distribution it belongs to, or the folder it lies in.
    """

    name: str
    graph: Graph
    path: Path
    source: str


def find(ref: str | Path) -> Graph:
    """The graph that a ref names, checked against its family's contract; its parameters are not bound yet.

    Raises:
        UnknownNameError: nothing has that name; with the nearest names.
        NoHubError: a name on a hub, and there is none.
        YamlError: its file cannot be read.
        ContractError: it breaks its family's contract, or two packages bring one of that name.
    """
    return definition(ref).graph


def definition(ref: str | Path) -> Definition:
    """The same as `find`, with where it lies."""
    parsed = parse_ref(ref)
    if isinstance(parsed, HubName):
        return _on_hub(parsed, str(ref))
    if isinstance(parsed, BareName):
        location = _locate(parsed.name)
        graph = yaml_file.read_file(location.path)
        graph = graph if graph.name else replace(graph, name=location.name)
    else:
        location = Location(parsed.stem, parsed, str(parsed.parent))
        graph = yaml_file.read_file(parsed)
    return Definition(location.name, graph, location.path, location.source)


def _locate(name: str) -> Location:
    known = locations()
    families = registry.families("pipeline")
    if name in known:
        return _not_a_familys(name, only_one(name, known[name]), families.get(name))
    if name not in families:
        raise UnknownNameError("pipeline", name, [*families, *known], _hint(name))
    default = families[name].default
    if default not in known:
        hint = f"It is the default member of the family {name!r}; name another: 'junco pipelines {name}' lists them."
        raise UnknownNameError("pipeline", default, known, hint)
    return only_one(default, known[default])


def _not_a_familys(name: str, location: Location, family: Family | None) -> Location:
    """A pipeline, unless a package gave it the name of a family, which is that of another pipeline by itself."""
    if family is None or family.default == name or location.path.parent == settings().pipelines:
        return location
    raise ContractError(
        f"{location.source} ({location.path}) brings a pipeline named {name!r}, which is the name of a family whose "
        f"default member is {family.default!r}. Call either by its own name or path, or uninstall {location.source}"
    )


def _hint(name: str) -> str:
    if name in registry.names() or name in registry.families("operator"):
        kind = "an operator" if name in registry.names() else "a family of operators"
        return f"{name!r} is {kind}: put it into a pipeline, or make one alone, ops[{name!r}]()."
    return "'junco pipelines' lists them all; a file's name ends in .yaml or begins with './'."


def _on_hub(name: HubName, ref: str) -> Definition:
    """A pipeline of a hub, as a folder that was fetched and checked; an operator stands in its family's usual one."""
    try:
        folder = hub_pipeline(str(name))
    except OtherKindError as error:
        return _in_usual(str(name), error)
    except NoHubError as error:
        cure = f" If you mean a file, write {f'./{ref}'!r}." if Path(ref).exists() else ""
        raise NoHubError(f"{ref!r} is a name on a hub and {error}{cure}") from None
    path = folder / "pipeline.yaml"
    graph = yaml_file.read_file(path)
    return Definition(str(name), graph if graph.name else replace(graph, name=name.name), path, str(name))


def _in_usual(operator: str, error: OtherKindError) -> Definition:
    """The pipeline that stands for an operator's family, with an operator of a hub as its main step.

    Raises:
        OtherKindError: it is no operator, or its family has no such pipeline.
    """
    if error.family not in registry.families("pipeline"):
        raise error
    usual = definition(error.family)
    if not usual.graph.main:
        raise error
    step = replace(usual.graph.node(usual.graph.main), fn=OperatorSpec.named(operator, {}), written=None)
    return Definition(operator, with_step(usual.graph, step), usual.path, operator)
