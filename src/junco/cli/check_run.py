"""``junco check --run``: a folder of one's own is run, in a process of its own, against what it promises.

``python -m junco.cli.check_run`` is that process; nothing that a hub does begins it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from junco.errors import InputError, JuncoError
from junco.wording import NOT_OURS, brief

_MOST_S = 1800


def problems_of_run(folder: Path, family: Path | None) -> list[str]:
    """What a folder does not do as it says, a line each: its code runs, in another process.

    Args:
        folder: of an operator, a tuned one, a pipeline, or a family with a default member.
        family: the folder of its family, whose cases are run too.
    """
    with tempfile.TemporaryDirectory() as made:
        told = Path(made) / "told.json"
        # -P: what lies in the working folder is not imported as a module
        asked = [sys.executable, "-P", "-m", "junco.cli.check_run", str(told), str(folder)]
        asked += [str(family)] if family is not None else []
        try:
            done = subprocess.run(asked, capture_output=True, text=True, timeout=_MOST_S, check=False)  # noqa: S603  # ours
        except subprocess.TimeoutExpired:
            return [f"it was not done after {_MOST_S // 60} minutes"]
        if told.is_file():
            return [str(each) for each in json.loads(told.read_text("utf-8"))]
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return [f"the process that ran it ended with the status {done.returncode}: {last}"]


def main() -> None:
    """Run the folder that was named, and write what is wrong with it."""
    told, folder, *family = (Path(each) for each in sys.argv[1:])
    try:
        found = list(_problems(folder, family[0] if family else None))
    except JuncoError as error:
        found = [str(error)]
    except NOT_OURS as error:
        found = [f"it cannot be run: {brief(error)}"]
    told.write_text(json.dumps(found), "utf-8")


def _problems(folder: Path, family: Path | None) -> Iterator[str]:
    from junco.hub.artefact.check import check

    checked = check(folder, card=False)
    checked.refuse()
    if checked.kind == "family":
        if family is not None:
            raise InputError("a family has no family: give the folder of a member, or of the family alone")
        yield from _of_default(folder, checked.told)
        return
    make = _MEMBERS.get(checked.kind)
    if make is None:
        raise InputError(f"a {checked.kind} has nothing to run")
    member = make(folder, checked)
    if family is None:
        return
    looked = check(family, card=False)
    looked.refuse()
    if looked.kind != "family":
        raise InputError(f"{family} is a {looked.kind}, and no family")
    yield from _against(member, family, looked.told)


Member = tuple[int, int, Any, Callable[[Any, Path], Any]]
"""How many inputs and outputs, the names of parameters, and what it gives for a case's input in a folder."""


def _against(member: Member, family: Path, told: Any) -> Iterator[str]:
    from junco.hub.trust.cases import problems_of_cases, problems_of_interface

    inputs, outputs, parameters, call = member
    yield from problems_of_interface(told, inputs, outputs, parameters)
    yield from problems_of_cases(told, lambda value: call(value, family))


def _of_default(folder: Path, told: Any) -> Iterator[str]:
    if not told.get("default"):
        raise InputError("it names no default member to run its cases on: junco check MEMBER --family FOLDER does")
    made = _member_of_name(str(told["default"]), told["of"])
    yield from _against(made, folder, told)


def _member_of_name(name: str, of: str) -> Member:
    if of == "pipeline":
        from junco.api import pipeline

        return _of_pipeline(pipeline(name))
    from junco.operator.namespace import ops

    return _of_operator(ops[name]().bound().load())


def _operator(folder: Path, checked: Any) -> Member:
    from junco.hub.artefact.tree import files_of
    from junco.hub.trust.golden import check_golden
    from junco.hub.trust.loading import own_class
    from junco.hub.trust.requirements import check_requirements

    check_requirements(str(folder), checked.told.get("requirements", ()))
    made = own_class(folder, checked, files_of(folder))
    check_golden(str(checked.told["name"]), made, folder, checked.told)
    return _of_operator(made)


def _tuned(folder: Path, checked: Any) -> Member:
    from junco.operator.base import Operator

    made = Operator.load(folder)
    return _of_operator(type(made), made)


def _of_operator(cls: Any, made: Any = None) -> Member:
    from junco.hub.trust.golden import as_items

    live = made or cls()
    live.fetch()
    live.ensure_open()
    ports = live.ports_with(live.spec.params)
    inputs = 1 if ports.inputs is None else len(ports.inputs)
    return inputs, len(ports.outputs), cls.parameters(), lambda value, folder: live(*as_items(cls, value, folder))


def _pipeline(folder: Path, checked: Any) -> Member:
    from junco.api import pipeline

    return _of_pipeline(pipeline(folder / "pipeline.yaml"))


def _of_pipeline(made: Any) -> Member:
    from junco.graph.params import parameters_of
    from junco.hub.trust.cases import case_input

    made.prepare()
    graph = made.graph
    return (
        len(graph.inputs),
        len(graph.outputs),
        {*graph.params, *parameters_of(graph)},
        lambda value, folder: made(case_input(folder, value)),
    )


_MEMBERS: dict[str, Callable[[Path, Any], Member]] = {
    "operator": _operator,
    "tuned-operator": _tuned,
    "pipeline": _pipeline,
}

if __name__ == "__main__":
    main()
