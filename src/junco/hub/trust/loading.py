"""`operator_class`: an operator with code of a hub → its class, where its caller allowed that; checked at once.

The class goes by its name on the hub and its commit, ``alice/colour@0123…``: so it stands in plans, files and other
processes, and its vectors are in a space that says of which commit they are.
"""

from __future__ import annotations

import functools
import json
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from junco.errors import ContractError, TrustError
from junco.hub.artefact.check import Checked
from junco.hub.artefact.tree import digest_of
from junco.hub.client.pulling import Pulled
from junco.hub.trust.checked_here import is_checked, note_checked
from junco.hub.trust.golden import check_golden
from junco.hub.trust.grants import is_granted
from junco.hub.trust.packages import Code, imported
from junco.hub.trust.requirements import check_requirements
from junco.hub.trust.word import is_said, is_unproved
from junco.operator.base import Operator
from junco.types.space import Space
from junco.wording import picture

_loading = threading.RLock()
_said: weakref.WeakKeyDictionary[type[Operator], str] = weakref.WeakKeyDictionary()
"""By which name each class calls itself."""
_good: set[str] = set()
"""Packages whose operator was checked in this process."""


def operator_class(name: str, found: Pulled, checked: Checked) -> type[Operator]:
    """The class of an operator with code.

    Args:
        name: by which it was asked for.
        found: the commit, where it lies.
        checked: what its manifest says; nothing is wrong with it.

    Raises:
        TrustError: nobody here allowed its code to run.
        UnavailableError: a package that it needs is not installed.
        ContractError: it is not what its manifest says, breaks its family's contract, or makes other vectors than its
            golden ones.
        IntegrityError: its files were changed where they lie.
    """
    check_allowed(name, found, checked)
    requirements = [str(each) for each in checked.told.get("requirements", ())]
    check_requirements(name, requirements)
    code = code_of(found)
    with _loading:
        operator = manifest_class(code, checked.told)
        if code.package not in _good:
            if not is_checked(found, requirements):
                check_golden(name, operator, found.folder, checked.told)
                note_checked(found, requirements)
            _good.add(code.package)
    return operator


def check_allowed(name: str, found: Pulled, checked: Checked) -> None:
    """Refuse code that nobody here allowed to run.

    Raises:
        TrustError: with how to look at it, and to allow it.
        ContractError: it has none.
    """
    if not checked.told.get("code"):
        raise ContractError(f"{name} is an operator without code: what it does only its card says, and nothing runs it")
    if is_granted(found.hub, found.revision) or is_said(found.hub, found.revision):
        return
    if is_unproved(found.revision):
        raise TrustError(
            f"{name}: {found.hub} does not prove that {found.revision.commit[:12]} is of the code that it sends, so "
            f"that trust in the commit alone says nothing: Trust.commit({found.revision.commit!r}, "
            f"code={found.revision.code_digest!r}), once you have read it ('junco hub trust {name}' shows it)"
        )
    raise TrustError(
        f"{name} is an operator with code of its own, which nobody here allowed to run: 'junco hub trust {name}' shows "
        f"it and asks; in Python, trust=Trust.commit({found.revision.commit!r})"
    )


def code_of(found: Pulled) -> Code:
    """The code of a commit."""
    revision = found.revision
    return Code(revision.repository, revision.commit, revision.digest, str(found.folder), revision.code)


def manifest_class(code: Code, told: dict[str, Any]) -> type[Operator]:
    """The class that a manifest names, which is what the manifest says.

    Raises:
        ContractError: there is no such class, or it is another operator, or lacks a parameter.
    """
    file, _, name = str(told["entry"]).partition(":")
    found = class_of(code, file.removesuffix(".py"), name)
    if (said := _said[found]) != told["name"]:
        raise ContractError(f"{code.name}: its manifest says {told['name']!r}, and its class is {said!r}")
    if lacking := sorted(set(told.get("parameters", ())) - set(found.parameters())):
        raise ContractError(f"{code.name}: its manifest names the parameter {picture(lacking[0])}, which it has not")
    return found


def class_of(code: Code, stem: str, qualified: str) -> type[Operator]:
    """A class of a hub's code, under its name there. Whether it may run was asked before.

    Args:
        code: of the commit.
        stem: the module's name, its file's without ``.py``.
        qualified: the class's ``__qualname__``.

    Raises:
        ContractError: there is no such class, or it cannot be imported.
    """
    with _loading:
        module = imported(code, stem)
        found: Any = vars(module).get(qualified)
        if not (isinstance(found, type) and issubclass(found, Operator)) or found.__module__ != module.__name__:
            raise ContractError(f"{code.name}: {stem}.py:{qualified} is no class of an Operator that is written there")
        if found not in _said:
            space: Any = found.space
            _said[found] = found.name
            found.name = code.name
            found.space = _of_commit(space, code)  # type: ignore[method-assign]
        return found


def _of_commit(space: Callable[..., Space | None], code: Code) -> Callable[..., Space | None]:
    """What says an operator's space, with the commit and the code in it: two commits' vectors are never mixed."""
    origin = {"on a hub": code.name, "code": digest_of(code.files)}
    whole = {**origin, "digest": code.digest}

    @functools.wraps(space)
    def told(self: Operator, *inputs: Space | None) -> Space | None:
        found = space(self, *inputs)
        if found is not None:
            return found.but(**origin)
        parameters = _plain_parameters(self)
        if parameters is None or any(each is None for each in inputs[1:]) or not _makes_vectors(self):
            return None
        made = Space({**whole, "class": type(self).__qualname__, "parameters": parameters}, code.repository)
        return made.on(inputs[0] if inputs else None)

    return told


def _plain_parameters(operator: Operator) -> dict[str, Any] | None:
    """Those that change what comes out, defaults too; ``None`` where one is no plain value, as a file is not."""
    values = {name: each.default for name, each in operator.parameters().items() if each.default is not each.empty}
    values |= operator.spec.params
    told = {name: value for name, value in values.items() if name not in operator.neutral_parameters()}
    try:
        return dict(json.loads(json.dumps(told, sort_keys=True)))
    except (TypeError, ValueError):
        return None


def _makes_vectors(operator: Operator) -> bool:
    from junco.operator.ports import is_vector

    return any(is_vector(port.type) for port in operator.ports_with(operator.spec.params).outputs)


def own_class(folder: Path, checked: Checked, files: Any) -> type[Operator]:
    """The class of an operator in a folder of one's own, which is run because its owner asks for it."""
    digest = digest_of(files)
    code_files = tuple(file for file in files if file.path.endswith(".py"))
    code = Code(f"local/{folder.absolute().name or 'folder'}", digest[:40], digest, str(folder.absolute()), code_files)
    return manifest_class(code, checked.told)
