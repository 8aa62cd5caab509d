"""A list of models as JSON, read strictly: one form for what ships and for what is imported.

::

    {"models": [{"name": "resnet50.a1_in1k", "family": "image-embedding", "parameters": 23508032,
                 "scores": [{"benchmark": "ImageNet-1k", "metric": "top-1 accuracy", "value": 0.80382,
                             "source": "timm, results/results-imagenet.csv, 2026"}]}]}

``name`` and ``family`` are needed; what is not known is left out or ``null``. A score without a source is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from junco.errors import DataError
from junco.known_models.model import KnownModel, RunsAs, Score
from junco.wording import did_you_mean, nearest, picture

MOST_BYTES = 16 * 2**20
MOST_MODELS = 20_000
_MOST_LETTERS = 500
_FAMILY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_PARAMETER = re.compile(r"[a-z_][a-z0-9_]*")
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_WEIGHTS = re.compile(rf"(hf|hub):{_WORD}/{_WORD}|wheel:{_WORD}|https://[^\s\"<>\\]+")


def read_models(text: str, where: str, name: str = "shipped") -> tuple[KnownModel, ...]:
    """The models of a list.

    Args:
        text: JSON.
        where: the file, as errors call it.
        name: of the list.

    Raises:
        DataError: it is no such list: with the file, the model and the field.
    """
    told = _object(_parsed(text, where), {"models"}, where)
    models = told.get("models")
    if not isinstance(models, list) or len(models) > MOST_MODELS:
        raise DataError(f"{where}: 'models' has to be a list of at most {MOST_MODELS:,} models")
    found = tuple(_model(each, f"{where}: model {number}", name) for number, each in enumerate(models, 1))
    seen: set[tuple[str, str]] = set()
    for model in found:
        if (key := (model.family, model.name)) in seen:
            raise DataError(f"{where}: {model.name} is there twice in {model.family}")
        seen.add(key)
    return found


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is no JSON that can be read: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key is there twice among {', '.join(picture(key) for key, _ in pairs[:20])}")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _object(value: Any, known: Mapping[str, Any] | set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{where}: it has to be an object in braces, not {picture(value)}")
    for key in value:
        if key not in known:
            near = did_you_mean(nearest(key, known, 1))
            raise DataError(f"{where}: there is no field {picture(key)}.{near} Fields: {', '.join(sorted(known))}")
    return value


def _model(value: Any, where: str, name: str) -> KnownModel:
    told = _object(value, _FIELDS, where)
    if isinstance(told.get("name"), str):
        where = f"{where} ({picture(told['name'])})"
    for key in ("name", "family"):
        if told.get(key) is None:
            raise DataError(f"{where}: it lacks {key!r}")
    checked = {key: _checked(each, key, where) for key, each in told.items() if each is not None}
    return KnownModel(
        **{key: each for key, each in checked.items() if key not in ("operator", "scores", "languages")},
        languages=tuple(checked["languages"]) if "languages" in checked else None,
        operator=_runs_as(checked["operator"], where) if "operator" in checked else None,
        scores=tuple(_scores(checked.get("scores", []), where)),
        list=name,
    )


def _checked(value: Any, key: str, where: str) -> Any:
    is_good, wanted = _FIELDS[key]
    if not is_good(value):
        raise DataError(f"{where}: {key!r} has to be {wanted}, not {picture(value)}")
    return value


def _runs_as(value: Any, where: str) -> RunsAs:
    told = _object(value, {"name", "params"}, f"{where}: operator")
    params = told.get("params", {})
    name = told.get("name")
    if not _is_text(name) or not isinstance(params, dict) or not all(map(_PARAMETER.fullmatch, params)):
        raise DataError(f"{where}: 'operator' has to be a name, family.member, and parameters by their names")
    if not all(isinstance(each, (bool, int, float)) or _is_text(each) for each in params.values()):
        raise DataError(f"{where}: the operator's parameters have to be texts and numbers")
    return RunsAs(str(name), MappingProxyType(params))


def _scores(values: list[Any], where: str) -> Iterator[Score]:
    for number, each in enumerate(values, 1):
        place = f"{where}: score {number}"
        told = _object(each, {"benchmark", "metric", "value", "source"}, place)
        for key in ("benchmark", "metric", "source"):
            if not _is_text(told.get(key)):
                raise DataError(f"{place}: it lacks its {key}, a line of text")
        value = told.get("value")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e300 < value < 1e300:
            raise DataError(f"{place}: 'value' has to be a number, not {picture(value)}")
        yield Score(told["benchmark"], told["metric"], float(value), told["source"])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _MOST_LETTERS and value.isprintable()


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**53


def _fits(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: _is_text(value) and pattern.fullmatch(value) is not None


def _are_languages(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and _LANGUAGE.fullmatch(each) for each in value)


_TEXT, _COUNT = (_is_text, "a line of text"), (_is_count, "a whole number above 0")
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": _TEXT,
    "family": (_fits(_FAMILY), "the name of a family: image-embedding"),
    "task": _TEXT,
    "architecture": _TEXT,
    "published": (_fits(_MONTH), "a year and a month: 2024-06"),
    "parameters": _COUNT,
    "dim": _COUNT,
    "licence": _TEXT,
    "languages": (_are_languages, "a list of ISO 639 codes: ['en', 'zh']"),
    "weights": (_fits(_WEIGHTS), "hf:owner/name, wheel:package, hub:namespace/name or an https address"),
    "operator": (lambda value: isinstance(value, dict), "an object with name and params"),
    "facts": _TEXT,
    "scores": (lambda value: isinstance(value, list), "a list of scores"),
}
