"""``junco doctor``."""

from __future__ import annotations

import importlib.util
import platform
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from junco.cli.caches import caches, files_in, problem_of
from junco.cli.parameters import device, params, parse_params
from junco.cli.printing import as_json, print_fields, print_json, print_table, size
from junco.errors import ParameterError
from junco.terminal import out

if TYPE_CHECKING:
    from junco.runtime.certificate import Certificate

_RUNTIMES = ("torch", "onnxruntime", "openvino")
_REQUIREMENT = re.compile(
    r"""(?P<package>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^]]*)])?.*?extra == ['"](?P<extra>[^'"]+)['"]"""
)


@click.command
@click.argument("pipeline", required=False, help="How would this pipeline run here?")
@click.argument("source", required=False, help="Try it on the first inputs of this: what binds?")
@click.option("--inputs", type=click.IntRange(min=1), default=200, metavar="NUMBER", help="How many inputs to try.")
@click.option("--column", metavar="NAME", help="The column of a table that holds the inputs.")
@as_json
@device
@params
@click.option("--certify", is_flag=True, help="Compare all runtimes and dtypes with the float32 reference.")
def doctor(
    pipeline: str | None,
    source: str | None,
    inputs: int,
    column: str | None,
    as_json: bool,
    device: str,
    param: tuple[str, ...],
    certify: bool,
) -> None:
    """What this machine has and what is missing.

    For a pipeline: its plan, how it would run here. With a source, as for ``junco embed``: which stage binds, and how
    long all of it would take.
    """
    if certify:
        if pipeline is None:
            raise ParameterError("--certify needs a pipeline: junco doctor PIPELINE --certify")
        _certify(pipeline, device, parse_params(param), as_json)
        return
    if pipeline is not None:
        _pipeline(pipeline, source, inputs, column, device, parse_params(param), as_json)
        return
    found = {
        "versions": _versions(),
        "cores": _num_cores(),
        "devices": _devices(),
        "runtimes": {name: version for name in _RUNTIMES if (version := _version(name))},
        "caches": [
            {"path": str(path), "size_bytes": sum(files_in(path).values()), "problem": problem_of(path)}
            for path in caches()
        ],
        "files": [
            {"path": str(path), "size_bytes": size_bytes}
            for path, size_bytes in files_in(caches()[0] / "files").items()
        ],
        "missing": _missing(),
        "broken": _broken(),
    }
    if as_json:
        print_json(found)
    else:
        print_fields(_for_people(found))


def _pipeline(
    ref: str, source: str | None, most: int, column: str | None, device: str, params: dict[str, Any], as_json: bool
) -> None:
    from junco.api import pipeline as open_pipeline
    from junco.cli.trial import try_out

    with open_pipeline(ref, device=device, **params) as p:
        tried = try_out(p, source, most, column) if source is not None else None
        if as_json:
            shown = asdict(tried) | {"stats": tried.stats.to_dict()} if tried else {}
            print_json({"pipeline": p.graph.name, "space": p.space, "plan": str(p.plan).splitlines(), **shown})
        else:
            out(str(p.plan) if tried is None else f"{p.plan}\n\n{tried}")


def _certify(ref: str, device: str, params: dict[str, Any], as_json: bool) -> None:
    """A row for each step with a network, each runtime and each dtype that is here: speed, agreement, verdict."""
    from junco.api import pipeline as open_pipeline
    from junco.runtime.load import certify

    where = _device_here(device)
    with open_pipeline(ref, device=device, **params) as p:
        specs = {node.name: spec for node in p.plan.graph.nodes if (spec := node.spec) is not None}
    operators: dict[str, Any] = {
        name: spec.create() for name, spec in specs.items() if hasattr(spec.load(), "complete_source")
    }
    rows = [(name, row) for name, operator in operators.items() for row in certify(operator.complete_source(), where)]
    if as_json:
        print_json([{"step": name, **row.to_json()} for name, row in rows])
        return
    head = ("step", "runtime", "dtype", "items/s", "worst cosine", "max difference", "verdict")
    print_table(head, [_certificate_line(name, row) for name, row in rows])


def _device_here(device: str) -> str:
    """The device of that name, or the best one."""
    names = [each.partition(" ")[0] for each in _devices()]
    if device == "auto":
        return names[0]
    if (device if device != "cuda" else "cuda:0") not in names:
        raise ParameterError(f"device={device!r} is not on this machine, which has {', '.join(reversed(names))}")
    return device


def _certificate_line(step: str, row: Certificate) -> tuple[str, ...]:
    numbers = (f"{row.rows_per_s:.0f}", f"{row.worst_cosine:.7f}", f"{row.max_difference:.1e}")
    shown = numbers if row.rows_per_s else ("", "", "")
    verdict = "only where asked for" if row.dtype == "int8" else "faithful"
    return step, row.runtime, row.dtype, *shown, row.reason or verdict


def _versions() -> dict[str, str]:
    from importlib import metadata

    own = {"junco": metadata.version("junco"), "python": platform.python_version(), "system": platform.platform()}
    return own | {name: version for name in ("numpy", *_packages_of_extras()) if (version := _version(name))}


def _num_cores() -> int:
    from junco.cores import num_cores

    return num_cores()


def _devices() -> list[str]:
    """Where models can run, best first."""
    if importlib.util.find_spec("torch") is None:
        return ["cpu"]
    import torch

    cuda = [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    return [*cuda, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def _missing() -> list[dict[str, Any]]:
    """Extras of which a package is not installed, with the cure."""
    extras: dict[str, list[str]] = {}
    for extra, package in _requirements():
        if _version(package) is None:
            extras.setdefault(extra, []).append(package)
    return [
        {"extra": extra, "packages": packages, "install": f"pip install 'junco[{extra}]'"}
        for extra, packages in sorted(extras.items())
    ]


def _broken() -> list[dict[str, str]]:
    """What others bring and cannot be used, with the reason: operators, families, pipelines."""
    from junco.catalog.broken import broken_pipelines
    from junco.catalog.sources import packages_left_out
    from junco.operator.broken import broken
    from junco.operator.registry import families_left_out

    return [
        *({"operator": name, "problem": problem} for name, problem in broken().items()),
        *({"family": "", "problem": problem} for problem in families_left_out()),
        *({"pipeline": "", "problem": problem} for problem in packages_left_out()),
        *({"pipeline": name, "problem": problem} for name, problem in broken_pipelines().items()),
    ]


def _packages_of_extras() -> list[str]:
    return sorted({package for _, package in _requirements()})


def _requirements() -> Iterator[tuple[str, str]]:
    """(extra, package) for each package that an extra names itself; not those of extras within extras."""
    from importlib import metadata

    for text in metadata.requires("junco") or ():
        match = _REQUIREMENT.match(text)
        if match and match["package"] != "junco":
            yield match["extra"], match["package"]


def _version(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _for_people(found: dict[str, Any]) -> dict[str, Any]:
    missing = [f"{each['extra']} ({', '.join(each['packages'])}): {each['install']}" for each in found["missing"]]
    return {
        "versions": [f"{name} {version}" for name, version in found["versions"].items()],
        "cores": found["cores"],
        "devices": found["devices"],
        "runtimes": [f"{name} {version}" for name, version in found["runtimes"].items()] or "none",
        "caches": [_cache_line(each) for each in found["caches"]],
        "files": [f"{each['path']}: {size(each['size_bytes'])}" for each in found["files"]] or "none of wheels yet",
        "missing": missing or "nothing: every extra is installed",
        "broken": [each["problem"] for each in found["broken"]] or "nothing of another package",
    }


def _cache_line(cache: dict[str, Any]) -> str:
    told = f"{cache['path']}: {size(cache['size_bytes'])}"
    return f"{told}; {cache['problem']}" if cache["problem"] else told
