"""Sending a hub what was measured: reports of `evaluate` and of training, as much of them as can be compared."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junco.errors import DataError, InputError
from junco.hub.client.address import chosen_hub
from junco.hub.client.connection import TRIES, Connection, repository_path
from junco.hub.client.names import parse_name
from junco.hub.client.what_was_measured import bind, is_of
from junco.settings import user_path
from junco.wording import picture, printable

_MOST_BYTES = 64_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEPT = ("items_per_s", "dim", "vector_bytes", "model_bytes")
_AROUND = ("machine", "measured", "junco")


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as its hub keeps it.

    Attributes:
        number: by which it can be taken away.
        repository: ``namespace/name``.
        commit: that was measured, as whoever sent it says.
        data: by which, with its fingerprint's first digits.
        main: the measure that decides, with its mean and its interval in ``metrics``.
        told: all that the hub says.
    """

    number: int
    repository: str
    commit: str
    data: str
    main: str
    told: Mapping[str, Any] = field(repr=False, default_factory=dict)


def report(
    name: str,
    source: str | Path | Mapping[str, Any] | Any,
    *,
    data: str,
    way: str = "",
    machine: str = "",
    anyway: bool = False,
    hub: str | None = None,
) -> Reported:
    """Send what was measured of a revision; the same sent twice is one.

    Args:
        name: ``namespace/name[@version]``: what was measured; the version may be left out where the report has it.
        source: a file of ``junco evaluate --json`` or of a training's report, the same as values, or the evaluation.
        data: what the data is called by everybody, such as ``oxford-flowers-102 test``.
        way: which of several that were measured; the one that names the repository, the tuned one of a training.
        machine: what it ran on, where the report does not say it.
        anyway: send it though it says something else than the name, or not by which items it was measured.

    Raises:
        DataError: the source is no such report, says too little, or measured something else than the name means.
        InputError: nothing says which release was measured.
        HubError: the hub refused.
    """
    asked = parse_name(name)
    read = read_report(source)
    body = comparable(read, data, way=way, machine=machine, repository=asked.repository)
    if body["data"]["fingerprint"] is None and not anyway:
        raise DataError(
            "the report has no fingerprint of the items by which it was measured, so that nobody can tell whether "
            "another's numbers are by the same: measure anew with this version of junco; or anyway=True, '--anyway'"
        )
    with Connection(chosen_hub(hub)) as connection:
        bound = bind(connection, asked, way_in(read, way, asked.repository)[0], anyway=anyway)
        if bound.trained_on and bound.trained_on == body["data"]["fingerprint"]:
            body["trained_on_data"] = True
        sent = {"revision": bound.revision.commit, "report": body}
        told = connection.ask("POST", f"{repository_path(asked.repository)}/reports", sent, tries=TRIES)
    texts = {key: str(told.get(key, "")) for key in ("commit", "main")}
    return Reported(int(told["id"]), asked.repository, **texts, data=str(told.get("data_key", "")), told=told)


def reports(name: str, *, hub: str | None = None) -> list[dict[str, Any]]:
    """What was measured of a repository, as its hub says it, the newest first: plain values.

    Args:
        name: ``namespace/name``; with a version, of that revision alone.
    """
    from urllib.parse import urlencode

    asked = parse_name(name)
    query = f"?{urlencode({'revision': asked.revision})}" if "@" in name else ""
    with Connection(chosen_hub(hub)) as connection:
        told = connection.ask("GET", f"{repository_path(asked.repository)}/reports{query}", tries=TRIES)
    return [each for each in told.get("items", ()) if isinstance(each, dict)]


def drop_report(name: str, number: int, *, hub: str | None = None) -> None:
    """Take a report away that was wrong.

    Raises:
        HubError: one may not, or there is none of that number.
    """
    with Connection(chosen_hub(hub)) as connection:
        connection.ask("DELETE", f"{repository_path(parse_name(name).repository)}/reports/{number:d}")


def read_report(source: Any) -> dict[str, Any]:
    """A report as values.

    Raises:
        DataError: it is none.
        InputError: the file cannot be read.
    """
    if isinstance(source, (str, Path)):
        source = _read(user_path(source))
    elif hasattr(source, "to_dict"):
        source = source.to_dict()
    if not isinstance(source, Mapping):
        raise DataError(f"{picture(source)} is no report: a file of 'junco evaluate --json', or an Evaluation")
    return dict(source)


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} has more than {_MOST_BYTES:,} bytes: no report has")
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is no JSON: write it by 'junco evaluate … --json > {path.name}'") from None


def comparable(
    told: Mapping[str, Any], data: str, *, way: str = "", machine: str = "", repository: str = ""
) -> dict[str, Any]:
    """What of a report can be set beside others'.

    Args:
        told: of an evaluation, or of a training that measured something.
        data: what the data is called.
        way: which of several.
        machine: where the report does not say it.
        repository: the way that names it is taken, where none is chosen.

    Raises:
        DataError: it says too little.
    """
    trained = told.get("evaluation")
    measured = trained if isinstance(trained, Mapping) else told
    chosen, num_ways = way_in(told, way, repository)
    metrics = {name: each for name, each in (chosen.get("estimates") or {}).items() if _is_known(each)}
    main = measured.get("main")
    if main not in metrics:
        raise DataError(f"the report has no {picture(main)}, by which {picture(chosen.get('name'))} would be judged")
    around = {
        **{key: measured.get(key) or told.get(key) for key in _AROUND},
        **({"machine": machine} if machine else {}),
    }
    if missing := [key for key in _AROUND if not around[key]]:
        raise DataError(f"the report does not say {' nor '.join(missing)}: make it anew with this version of junco")
    kept = {key: chosen[key] for key in _KEPT if _is_number(chosen.get(key)) and chosen[key] > 0}
    if num_ways == 1 and _is_number(told.get("peak_bytes")):
        kept["peak_bytes"] = told["peak_bytes"]
    return {
        "data": {"name": data, "fingerprint": _fingerprint(told)},
        "main": main,
        "metrics": {
            name: {key: each[key] for key in ("mean", "low", "high", "num_items")} for name, each in metrics.items()
        },
        **kept,
        "measured_as": printable(str(chosen.get("name") or ""))[:200].strip() or None,
        **{key: printable(str(value))[:200].strip() for key, value in around.items()},
    }


def way_in(told: Mapping[str, Any], way: str = "", repository: str = "") -> tuple[Mapping[str, Any], int]:
    """A report's way, and how many it has: the one of a name; else the only one, the one that names the repository, or
    of a training the tuned one.

    Raises:
        DataError: there is none, or several are there and nothing says which.
    """
    trained = told.get("evaluation")
    ways = (trained if isinstance(trained, Mapping) else told).get("ways")
    if not isinstance(ways, list) or not ways or not all(isinstance(each, Mapping) for each in ways):
        raise DataError("this is no report of an evaluation: it has no ways that were measured")
    known = ", ".join(printable(str(each.get("name"))) for each in ways[:20])
    if not way:
        mine = [each for each in ways if repository and is_of(each, repository)]
        if len(chosen := mine or (ways[-1:] if trained else ways)) > 1:
            raise DataError(f"the report measured several: say which by way=, '--way': {known}")
        return chosen[0], len(ways)
    found = next((each for each in ways if each.get("name") == way), None)
    if found is None:
        raise DataError(f"the report measured no {picture(way)}; it has {known}")
    return found, len(ways)


def _fingerprint(told: Mapping[str, Any]) -> str | None:
    """Of the data: an evaluation's own, or that of what a training held out."""
    split = told.get("split")
    side = split.get("eval") if isinstance(split, Mapping) else None
    found = told.get("fingerprint") or (side.get("fingerprint") if isinstance(side, Mapping) else None)
    return found if isinstance(found, str) and _SHA256.fullmatch(found) else None


def _is_known(estimate: Any) -> bool:
    """Whether a measure is one: of no items nothing was measured."""
    keys = ("mean", "low", "high", "num_items")
    return isinstance(estimate, Mapping) and all(_is_number(estimate.get(key)) for key in keys)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
