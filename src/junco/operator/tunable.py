"""`Tunable`: what every operator has of training: `train`, `save` and `load`, or why not and what can."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

from junco.errors import ContractError
from junco.operator.entries import entries, is_ours
from junco.operator.options import is_declared
from junco.places.files import file_stamps
from junco.settings import user_path

if TYPE_CHECKING:
    from junco.operator.spec import OperatorSpec

OPTION = "tuned"
"""The option of an operator that names the folder which it was tuned in."""
_CAN = (
    "image-embedding.efficientnet-lite, .timm and .junco, text-embedding.minilm, .sentence-transformers and "
    ".use-multilingual, audio-embedding.yamnet and .transformers, speaker-embedding.ge2e and .transformers, "
    "image-text-embedding.transformers and .open-clip, and every NeuralOperator of your own whose Source has a build"
)


class Tunable:
    """Mixed into `Operator`."""

    not_tuned: ClassVar[str] = "it holds no neural network"
    """Why it cannot be trained; empty where it can."""
    tuned_instead: ClassVar[str] = ""
    """What of the same kind can be."""

    generation = 0
    """How often it was trained: pipelines that it stood in before refuse to go on."""

    def check_tuning(self, scope: str | tuple[str, ...] = "") -> None:
        """Refuse to be trained where nothing can be.

        Args:
            scope: what is to be trained, as `TrainingArgs` has it; empty: whatever it will be.

        Raises:
            ContractError: with why not, and what can.
        """
        own: Any = self
        if self.not_tuned:
            raise untunable(own.name, self.not_tuned, self.tuned_instead)
        if OPTION not in own.parameters():
            raise untunable(
                own.name,
                "its constructor is written by hand and does not take tuned=, by which trained weights come back: "
                "declare its options in the class instead",
            )

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
        """Train it on data; afterwards it is the tuned operator: open again where it was open.

        Args:
            data: a folder with a folder for each class, a table, pairs, a data set: what `Pipeline.evaluate` takes.
            eval_data: held out to measure by: a share of ``data``, other data, or ``None``.
            training_args: `TrainingArgs`, a mapping, or a YAML file.
            loader: a pipeline that makes what the operator takes of what ``data`` holds.
            to: the folder of the tuned operator; ``None``: one of its own, until `save`.
            resume: go on where a run of the same work was stopped.
            progress: ``None`` shows it on a terminal.
            column, label: of a table, where junco would not find them by their names.
            on_error: "skip" leaves out what cannot be read, and lists it; "raise" ends.

        Returns:
            A `TrainReport`.

        Raises:
            ContractError: nothing of it can be trained; with what can.
            DataError: the data does not say enough.
            TrainError: training cannot start or go on.
        """
        self.check_tuning()
        how = {"loader": loader, "to": to, "resume": resume, "progress": progress, "on_error": on_error}
        report = trainer()(self, data, eval_data, training_args, column=column, label=label, **how)
        become(self, report.folder)
        return report

    def save(self, path: str | Path, licence: str | None = None) -> None:
        """Write the tuned operator to a folder, which it stands for then; one that lies there is replaced.

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

        own: Any = self
        become(self, copy_folder(read_folder(tuned_of(own.name, getattr(self, OPTION, None)), own.name), path, licence))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The tuned operator of a folder, not opened, of the class that the folder names.

        Raises:
            UnavailableError: there is no such folder.
            IntegrityError: what lies there is no tuned operator, or was changed.
            UnknownNameError: the operator that was tuned is not installed.
            ContractError: it is of another class than the one whose ``load`` was called.
        """
        from junco.operator.tuned_folder import read_folder, told_wrongly

        tuned = read_folder(user_path(path).absolute())
        operator = tuned.spec.bound().create()
        if not isinstance(operator, cls):
            name = getattr(cls, "name", "") or cls.__name__
            raise told_wrongly(tuned, name, f"it holds a {tuned.operator}: Operator.load(…) takes any")
        return operator

    def tuned_files(self) -> tuple[Path, ...]:
        """The files of the folder that it was tuned in: part of what it is, beside its own ``files``."""
        return ()

    def all_files(self) -> tuple[Path, ...]:
        """All files that `open` will load."""
        own: Any = self
        return (*own.files(), *self.tuned_files())

    def tuned_identity(self) -> str:
        """What tells those weights from others; empty where it was not tuned."""
        return ""


def is_folder_name(name: object) -> bool:
    """Whether an operator is named by a folder: it begins as a path does, which no operator's name does."""
    return isinstance(name, Path) or (
        isinstance(name, str) and (name.startswith((".", "~", "/")) or (os.sep in name and Path(name).is_absolute()))
    )


def untunable(owner: str, why: str, instead: str = "") -> ContractError:
    """The error of an operator that cannot be trained."""
    return ContractError(f"{owner!r} cannot be tuned: {why}. What can: {instead or _CAN}")


def tuned_of(owner: str, folder: Any) -> Any:
    """The folder that an operator was tuned in.

    Raises:
        ContractError: there is none.
    """
    if folder is None:
        raise ContractError(f"{owner!r} was not trained, so that there is nothing to save: op.train(data) comes first")
    return folder


def check_not_tuned(name: str, folder: object) -> None:
    """Refuse a tuned operator in the place of the one that was tuned.

    Args:
        name: by which a tuned operator's folder names what was tuned.
        folder: that in which this was tuned itself, if it was.

    Raises:
        ContractError: it was.
    """
    if folder:
        raise ContractError(f"{name!r}, which was tuned further, is a tuned one itself: its own base has to be named")


def trainer() -> Callable[..., Any]:
    """What trains operators: the entry point of the group ``junco.trainers``, another package's before junco's own.

    Raises:
        ContractError: there is none.
    """
    found = sorted(entries("junco.trainers"), key=is_ours)
    if not found:
        raise ContractError("nothing is installed that trains operators: install junco again, with its entry points")
    return cast(Callable[..., Any], found[0].load())


def become(operator: Any, folder: str | Path) -> None:
    """Let an operator stand for the one in a folder from now on; one of the same weights goes on as it is."""
    place = str(user_path(folder).absolute())
    if operator.spec.params.get(OPTION) == place:
        return
    was_open, before = operator.is_open, operator.tuned_identity()
    spec = operator.spec.with_params({**operator.spec.params, OPTION: place})
    made = spec.create()  # refuses what does not fit, before anything is changed
    if is_same := made.tuned_identity() == before != "":
        stamps = operator._stamps and file_stamps(made.all_files())
    else:
        operator.ensure_closed()
        operator.generation += 1
        stamps = None
    # not by the attributes' own ways, which refuse a spec that changes
    object.__setattr__(operator, "spec", spec.held())
    object.__setattr__(operator, OPTION, place)
    object.__setattr__(operator, "_stamps", stamps)
    if is_declared(type(operator)):
        for name in operator.parameters():
            object.__setattr__(operator, name, getattr(made, name))
    for name in [name for base in type(operator).__mro__ for name, each in vars(base).items() if _is_cached(each)]:
        if not is_same or name == "tuned_weights":
            vars(operator).pop(name, None)
    if was_open and not is_same:
        operator.ensure_open()


def _is_cached(member: Any) -> bool:
    return isinstance(member, cached_property)


def become_spec(spec: OperatorSpec, folder: str | Path) -> None:
    """Let a spec stand for the operator in a folder from now on."""
    place = str(user_path(folder).absolute())
    items = spec.bound().with_params({**spec.params, OPTION: place}).items
    object.__setattr__(spec, "items", items)
