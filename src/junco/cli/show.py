"""``junco show``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from junco.cli.caches import languages_of, licence_of, specs_of, weights_line, weights_of
from junco.cli.parameters import params, parse_params
from junco.cli.printing import as_json, print_fields, print_json
from junco.cli.targets import described, is_target
from junco.cli.tuned import is_tuned, tuned
from junco.errors import InputError, ParameterError, UnknownNameError
from junco.settings import user_path
from junco.terminal import out

if TYPE_CHECKING:
    from junco.graph.levels import Flow, Step
    from junco.graph.nodes import Graph
    from junco.operator.base import Operator
    from junco.operator.family import Family


@click.command
@click.argument("name", help="A pipeline, an operator, a family, a tuned operator's folder, or what junco embed wrote.")
@click.option("--layers", is_flag=True, help="The layers of an operator's or a pipeline's network, which layer= takes.")
@click.option(
    "--depth", type=click.IntRange(min=0), metavar="N", help="With --layers: how many floors below the first are shown."
)
@params
@as_json
def show(name: str, layers: bool, depth: int | None, param: tuple[str, ...], as_json: bool) -> None:
    """What a pipeline, operator, family or file of vectors is.

    Its interface, parameters, steps, weights, licence and source; of a file its rows, space, columns and pipeline; of a
    tuned operator what it was made of, on which data, and how good it is.
    """
    if layers:
        _show_layers(name, parse_params(param), depth, as_json)
        return
    if param or depth is not None:
        raise ParameterError("-p and --depth say what --layers shows: give --layers too")
    shown = _shown(name)
    if as_json:
        print_json(shown)
        return
    for index, fields in enumerate(shown):
        if index:
            out()
        print_fields({key: _for_people(value) for key, value in fields.items()})


def _show_layers(name: str, given: dict[str, Any], depth: int | None, as_json: bool) -> None:
    from junco.catalog.ref import BareName, parse_ref
    from junco.catalog.sources import locations
    from junco.cli.layers import network, network_in, plain_layers, print_layers
    from junco.operator import registry

    pipelines = [*locations(), *registry.families("pipeline")]
    if name in registry.names() or is_tuned(name):
        found = network(name, given).layers()
    elif name in pipelines or not isinstance(parse_ref(name), BareName):
        found = network_in(name, given).layers()
    else:
        known = [*pipelines, *registry.names()]
        raise UnknownNameError("pipeline or operator", name, known, "--layers shows the network of one.")
    if as_json:
        print_json(plain_layers(found))
    else:
        print_layers(found, depth)


def _shown(name: str) -> list[dict[str, Any]]:
    from junco.catalog.ref import BareName, parse_ref
    from junco.catalog.sources import locations
    from junco.operator import registry

    if is_tuned(name):
        return [tuned(name)]
    if is_target(name):
        return [described(name)]
    _check_no_input(name)
    if not isinstance(parse_ref(name), BareName) or name in locations():
        return [_pipeline(name)]
    if name in registry.names():
        return [_operator(name)]
    kinds = [registry.families("pipeline"), registry.families("operator")]
    if not any(name in kind for kind in kinds):
        registry.say_left_out()
        known = [*locations(), *registry.names(), *(each for kind in kinds for each in kind)]
        raise UnknownNameError("pipeline, operator or family", name, known, "'junco families' is a place to begin.")
    return [_family(kind[name]) for kind in kinds if name in kind]


def _check_no_input(name: str) -> None:
    """Refuse a file whose name says that it is an input, or a list of some.

    Raises:
        InputError: with what may be done with it.
    """
    from junco.answers.brought import kind_of
    from junco.job.kinds import kind_of as kind_of_list

    if not (kind_of(name) or kind_of_list(name)):
        return
    if not user_path(name).is_file():
        raise InputError(f"{name}: no such file")
    raise InputError(
        f"{name} is no pipeline (.yaml), and no set of vectors (.parquet, .npy, a folder of them): "
        "junco run PIPELINE FILE shows what a pipeline makes of it, and junco embed PIPELINE FILE --to … keeps it"
    )


def _pipeline(ref: str) -> dict[str, Any]:
    from junco.catalog.find import definition
    from junco.graph.brought import brought
    from junco.graph.levels import check
    from junco.graph.nesting import load_operators
    from junco.graph.params import bind
    from junco.graph.ports import row_ports
    from junco.plan.spaces import space_line

    found = definition(ref)
    graph = brought(found.graph)
    load_operators(graph)
    flow = check(graph)
    bound = bind(graph, {})
    return {
        "kind": "pipeline",
        "name": found.name,
        "family": found.graph.family,
        "interface": str(row_ports(flow)),
        "description": found.graph.description,
        "parameters": _parameters(graph),
        "steps": _steps(check(found.graph)),
        "languages": languages_of(specs_of(bound)),
        "weights": weights_of(specs_of(bound)),
        "space": space_line(check(bound)),
        "license": found.graph.license,
        "source": found.source,
        "path": str(found.path),
    }


def _parameters(graph: Graph) -> list[dict[str, Any]]:
    """The pipeline's own parameters, then those of its steps with what the operators say of them."""
    from junco.graph.params import parameters_of

    shown = [{"name": name, "default": value} for name, value in graph.params.items()]
    for name, parameter in parameters_of(graph).items():
        if parameter.operator is not None:
            shown.append(_parameter(parameter.operator, name))
        elif name not in graph.params:  # of a pipeline that is the main step
            shown.append({"name": name, "default": parameter.default})
    return shown


def _steps(flow: Flow) -> list[dict[str, Any]]:
    from junco.graph.nodes import fn_name

    resolved: dict[str, Step] = {step.node.name: step for step in flow.steps}
    return [
        {
            "name": node.name,
            "verb": node.verb,
            "operator": fn_name(node.fn) if node.fn else "",
            "in": list(node.reads if node.fn else node.after),
            "out": list(node.outputs),
            "level": resolved[node.name].out_level.depth if node.name in resolved else None,
        }
        for node in flow.graph.nodes
    ]


def _operator(name: str) -> dict[str, Any]:
    from junco.operator import registry
    from junco.operator.option_docs import without_sentences
    from junco.operator.spec import OperatorSpec

    operator = registry.load(name)
    module = inspect.getmodule(operator)
    weights = weights_of([OperatorSpec.named(name, {})])
    return {
        "kind": "operator",
        "name": name,
        "family": name.partition(".")[0],
        "interface": str(operator.ports()),
        "description": without_sentences(inspect.getdoc(operator) or ""),
        "parameters": [_parameter(operator, name) for name in operator.parameters()],
        "languages": languages_of([OperatorSpec.named(name, {})]),
        "weights": weights,
        "license": licence_of(weights) or str(getattr(operator, "license", "")),
        "source": registry.source_of(name) if name in registry.installed() else "",
        "path": str(getattr(module, "__file__", "") or ""),
    }


def _parameter(operator: type[Operator], name: str) -> dict[str, Any]:
    """A parameter with its type, its default and its sentence, as far as there are."""
    from junco.operator.option_docs import sentences

    parameter = operator.parameters()[name]
    shown: dict[str, Any] = {"name": name}
    if parameter.annotation is not inspect.Parameter.empty:
        annotation = parameter.annotation
        shown["type"] = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    if parameter.default is not inspect.Parameter.empty:
        shown["default"] = parameter.default
    if (said := sentences(operator, [name]).get(name)) is not None:
        shown["description"] = said
    return shown


def _family(family: Family) -> dict[str, Any]:
    from junco.catalog import listing
    from junco.operator import registry

    if family.kind == "pipeline":
        members = [pipeline.name for pipeline in listing.pipelines(family.name)]
    else:
        members = [name for name in registry.names() if name.startswith(f"{family.name}.")]
    return {
        "kind": f"{family.kind} family",
        "name": family.name,
        "interface": family.interface,
        "description": family.description,
        "parameters": [{"name": name} for name in family.parameters],
        "default": family.default,
        "members": members,
    }


def _for_people(value: Any) -> Any:
    """Lists of objects as lines of text."""
    if not isinstance(value, list):
        return value
    return [_line(entry) if isinstance(entry, dict) else str(entry) for entry in value]


def _line(entry: dict[str, Any]) -> str:
    if "wheel" in entry:
        return weights_line(entry)
    if "verb" in entry:
        made = ", ".join(entry["out"]) or "()"
        level = "" if entry["level"] is None else f"  (level {entry['level']})"
        what = f"{entry['verb']} {entry['operator']}".strip()
        return f"{entry['name']}: {what}, {', '.join(entry['in'])} → {made}{level}"
    kind = f": {entry['type']}" if "type" in entry else ""
    default = f" = {entry['default']!r}" if "default" in entry else ""
    said = f"  {entry['description']}" if "description" in entry else ""
    return f"{entry['name']}{kind}{default}{said}"
