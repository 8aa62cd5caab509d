"""`OperatorSpec`: an operator by its name and parameters, with nothing loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from junco.errors import ContractError
from junco.operator import registry
from junco.operator.contract import is_set_in_open
from junco.operator.extras import check_packages
from junco.operator.hub_names import HUB_NAME, hub_operator, is_hub_name, tuned_folder_of
from junco.operator.options import check_given
from junco.operator.parameters import bind, check_parameters, is_same, kept
from junco.operator.residents import residents
from junco.operator.tunable import OPTION, become_spec, check_not_tuned, trainer, tuned_of
from junco.wording import picture, printable


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OperatorSpec:
    """A light, picklable description from which an operator can be built anywhere.

    Nothing changes it but `train` and `save`, after which it stands for the tuned operator. Whoever keeps one, as a
    step does, keeps a copy that stays as it is (`held`).

    Attributes:
        name: ``family.member``.
        items: the parameters that were given, as (name, value) pairs in the constructor's order.
        target: ``module:Class``, so that another process finds classes that were defined outside installed packages.
        operator: the very class that it was made for, where that is at hand: a class that is defined again under the
            same name is another operator.
        is_held: an operator or a step keeps it: it stays what it is.
    """

    name: str
    items: tuple[tuple[str, Any], ...] = ()
    target: str = ""
    operator: registry.Defined | None = field(default=None, repr=False)
    is_held: bool = field(default=False, repr=False)

    @classmethod
    def bind(cls, operator: registry.Defined, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> OperatorSpec:
        """Bind arguments to the operator's constructor without calling it.

        Raises:
            ParameterError: a name that the constructor does not know (with suggestions), or a value missing.
            ContractError: the constructor has parameters without a name.
        """
        parameters = operator.parameters()
        check_parameters(operator.name, parameters)
        given = bind(parameters, args, kwargs, operator.name, lambda name: _why_missing(operator, name))
        target = f"{operator.__module__}:{operator.__qualname__}"
        items = tuple((name, _brought(name, value)) for name, value in given.items())
        return cls(operator.name, items, target, operator)

    @classmethod
    def named(cls, name: str, params: Mapping[str, Any]) -> OperatorSpec:
        """An operator by its full name; nothing is imported, so its parameters are not checked before `bound`."""
        return cls(name, tuple((param, _kept(param, value)) for param, value in params.items()))

    def held(self) -> OperatorSpec:
        """The same, for who keeps it: what its owner trains later does not reach the copy."""
        return self if self.is_held else replace(self, is_held=True)

    @property
    def family(self) -> str:
        """Of the operator; where one of a hub is not at hand, nobody knows it, and its name there stands for it."""
        if (found := HUB_NAME.fullmatch(self.name)) is None:
            return self.name.partition(".")[0]
        return str(self.operator.family) if self.operator is not None else found["name"]

    @property
    def is_loaded(self) -> bool:
        """Whether its class is at hand, without an import."""
        return self.operator is not None or registry.is_defined(self.name)

    @property
    def is_registered(self) -> bool:
        """Whether others find the operator by its name: not a class that derives from one and has no own name."""
        return self.operator is None or bool(self.operator.is_registered)

    @property
    def params(self) -> dict[str, Any]:
        """The given parameters: copies of lists, maps and arrays, for a spec never changes."""
        return {name: kept(value) for name, value in self.items}

    def with_params(self, params: Mapping[str, Any]) -> OperatorSpec:
        """The same operator with other parameters, in the constructor's order once its class is at hand."""
        if not self.is_loaded:
            return OperatorSpec.named(self.name, params)
        return OperatorSpec.bind(self.load(), (), dict(params))

    def bound(self) -> OperatorSpec:
        """The same with its class loaded and its parameters checked.

        Raises:
            UnknownNameError: there is no such operator.
            ParameterError: a parameter that it does not have, a value missing or one that it does not take.
        """
        if self.operator is not None:
            return self
        if is_hub_name(self.name):
            return self.brought().bound()
        spec = replace(OperatorSpec.bind(self.load(), (), self.params), is_held=self.is_held)
        check_given(spec.load(), spec.params)
        return spec

    def load(self) -> registry.Defined:
        """The operator's class; imports its module, which loads no weights."""
        if self.operator is not None:
            return self.operator
        return self.brought().load() if is_hub_name(self.name) else registry.load(self.name, self.target)

    def brought(self, project: Path | None = None) -> OperatorSpec:
        """The same where its name is one on a hub: a tuned one of a folder, or a class that its caller allowed to run.

        It is fetched if it is not here.

        Args:
            project: the folder whose ``junco.lock`` pins it; ``None``: the one that one works in.

        Raises:
            UnavailableError: it is not there, or cannot be reached.
            IntegrityError: what came is not what it should be.
            ContractError: no operator has that name, or it breaks its contract.
            TrustError: it holds code that nobody here allowed to run.
        """
        if self.operator is not None or not is_hub_name(self.name):
            return self
        found = hub_operator(self.name, project)
        if isinstance(found, Path):
            from junco.operator.tuned_folder import read_folder

            check_not_tuned(self.name, self.params.get(OPTION))
            tuned = read_folder(found, self.name)
            made = OperatorSpec.named(tuned.operator, {**self.params, **tuned.spec.params})
        else:
            made = OperatorSpec.bind(found, (), self.params)
            check_given(found, made.params)
        return made.held() if self.is_held else made

    def create(self) -> Any:
        """A new operator, not opened."""
        if self.operator is None and is_hub_name(self.name):
            return self.brought().create()
        return self.load()(**self.params)

    def fit(self, data: Any, path: str | Path, **how: Any) -> OperatorSpec:
        """Learn from a data set what the operator has to know of it, and write that to a file.

        Args:
            data: what the operator learns from, its inputs, one after the other.
            path: of the file; what was there is replaced when all is learned.
            how: what the operator's own ``fit`` takes beside.

        Returns:
            The operator of this file, which pipelines, YAML and other processes can use; the file is part of its space.

        Raises:
            ContractError: the operator learns nothing from data.
            InputError: the data are none, or not of the kind that it takes.
        """
        option = self.load().fitted_in
        if not option:
            raise ContractError(
                f"{self.name!r} is not fitted on data: it has no option that names what was learned, and no fit()"
            )
        learner = self.create()
        check_packages(learner.packages, self.name)
        learner.fit(data, Path(path), **how)
        return self.bound().with_params({**self.params, option: str(path)})

    def train(  # noqa: PLR0913  # each is one decision of the caller's, by name
        self,
        data: Any,
        eval_data: Any = None,
        training_args: Any = None,
        *,
        loader: Any = None,
        to: str | Path | None = None,
        resume: bool = True,
        progress: bool | None = None,
        column: str | None = None,
        label: str | None = None,
        on_error: Literal["skip", "raise"] = "skip",
    ) -> Any:
        """Train the operator on data, as `Operator.train` does; afterwards this stands for the tuned one.

        Pipelines that took it before keep what it was.

        Returns:
            A `TrainReport`.

        Raises:
            ContractError: nothing of it can be trained, with what can; or an operator or a step keeps this spec.
            DataError: the data does not say enough.
            TrainError: training cannot start or go on.
        """
        self._check_free()
        operator = self.bound().create()
        operator.check_tuning()
        how = {"loader": loader, "to": to, "resume": resume, "progress": progress, "on_error": on_error}
        report = trainer()(operator, data, eval_data, training_args, column=column, label=label, **how)
        become_spec(self, report.folder)
        return report

    def save(self, path: str | Path, licence: str | None = None) -> None:
        """Write the tuned operator to a folder, which this stands for then; one that lies there is replaced.

        Its card, ``README.md``, says what it was trained on and how good it is; one that somebody wrote there stays.

        Args:
            path: of the folder.
            licence: under which it is shared, such as "apache-2.0", for the card; ``None``: what that says already.

        Raises:
            InputError: there is no licence of that name.
            ContractError: it was not trained.
            TargetError: the folder cannot be written, or holds other things.
        """
        from junco.operator.tuned_folder import copy_folder, read_folder

        self._check_free()
        become_spec(
            self, copy_folder(read_folder(tuned_of(self.name, self.params.get(OPTION)), self.name), path, licence)
        )

    def _check_free(self) -> None:
        if self.is_held:
            raise ContractError(
                f"this spec of {self.name!r} is kept by an operator or a step, and stays what it is: train the "
                f"operator itself, or a spec of your own, ops[{self.name!r}](…)"
            )

    def layers(self) -> tuple[Any, ...]:
        """The layers of the operator's network, each a name that knows its shape, as its ``layer=`` takes it.

        Raises:
            ContractError: it has no network.
        """
        operator = self.bound().create()
        if not hasattr(operator, "layers"):
            raise ContractError(f"{self.name!r} holds no neural network that could be looked into: it has no layers")
        return tuple(operator.layers())

    def __call__(self, *item: Any) -> Any:
        """Work on one item with the resident operator for this spec."""
        return residents.call(self.bound().held(), item)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OperatorSpec):
            return NotImplemented
        is_one_class = self.operator is None or other.operator is None or self.operator is other.operator
        return is_one_class and self.name == other.name and is_same(dict(self.items), dict(other.items))

    def __hash__(self) -> int:
        return hash(self.name)  # which training leaves as it is

    def __copy__(self) -> OperatorSpec:
        return replace(self, is_held=False)

    def __deepcopy__(self, memo: Any) -> OperatorSpec:
        return replace(self, is_held=False)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.is_registered and registry.current(self.name) not in (self.operator, None) and self.operator:
            raise ContractError(
                f"operator {self.name!r} was defined again since this was made, and a copy by pickle would be of the "
                "new one: make it anew"
            )
        is_found = is_hub_name(self.name) or any(
            entry.value == self.target for entry in registry.installed().get(self.name, ())
        )
        # one pickle for one operator, whether or not its class was at hand: caches of others go by its bytes
        return OperatorSpec, (self.name, self.items, "" if is_found else self.target)

    def __str__(self) -> str:
        return printable(f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.items)})") if self.items else self.name

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={picture(value)}" for name, value in self.items)
        return printable(f"<operator spec {self.name}({given})>")


def _kept(name: str, value: Any) -> Any:
    """A parameter's value as it is now; the folder of a tuned operator as a text, which files can hold."""
    return str(value.absolute()) if name == OPTION and isinstance(value, Path) else kept(value)


def _brought(name: str, value: Any) -> Any:
    """The same, with a tuned operator that is named on a hub as the folder of its commit."""
    return _kept(name, tuned_folder_of(value) if name == OPTION else value)


def _why_missing(operator: registry.Defined, name: str) -> str:
    """What to do about an attribute that was annotated for those who read the class, and so became an option."""
    if not is_set_in_open(operator, name):
        return ""
    return (
        f": annotated attributes of the class are its options; if open() alone sets {name}, annotate it there "
        f"(self.{name}: …), or call it _{name}"
    )
