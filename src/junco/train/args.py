"""`TrainingArgs`: how is trained; every decision has a default, so that nobody has to make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_type_hints

from junco.errors import ParameterError
from junco.operator.option_values import Bounds, checked
from junco.wording import did_you_mean, nearest, picture

GoalName = Literal["auto", "classify", "contrastive", "triplet", "arcface", "cosent", "distil"]
Schedule = Literal["cosine", "linear", "constant", "one-cycle"]
_MOST_BYTES = 1_000_000
"""Of a file of arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingArgs:
    """How is trained.

    Attributes:
        scope: what is trained: ``head``, a linear map on cached vectors of the network as it is (seconds on a CPU);
            ``lora``, small matrices beside the weights (Hu et al., "LoRA", 2021); ``all`` weights; or the names of
            layers, as ``op.layers()`` lists them.
        goal: what vectors are to do; ``auto`` follows from the data: ``classify`` for labels (``contrastive`` for
            more than 5,000 of them), ``contrastive`` for pairs, ``cosent`` for pairs with scores, ``triplet`` for
            triplets. ``arcface`` is for labels too; ``distil`` matches the vectors of ``teacher``.
        matryoshka: lengths at which leading numbers of a vector are to be a vector too (Kusupati et al., 2022).
        teacher: for ``distil``: the pipeline whose vectors are matched.
        dim: numbers of a tuned vector, with ``scope="head"``; as many as before where nothing is said.
        rank: of LoRA's matrices.
        epochs: how often all examples are seen; ``None``: 3 times, by a head as often as makes 120 steps, between 5 and
            40 times; or as often as ``steps`` ask for.
        steps: most steps, which may end it earlier; ``None``: by ``epochs`` alone.
        lr: the highest rate; ``None``: found by a short test, of a network by the loss of examples that the test does
            not learn from.
        schedule: how the rate falls.
        warmup: share of the steps in which the rate rises.
        weight_decay: of AdamW; of a head towards what it was, not towards zero.
        batch: examples that are compared with each other; ``None``: 32 for networks and 256 for heads. Where memory
            does not hold so many, they go through the network in parts.
        accumulate: batches of a step; it follows the mean of their gradients.
        precision: arithmetic of the passes: ``float32`` or ``bfloat16``.
        clip: the greatest norm of a step's gradient; ``None``: any.
        augment: change examples at random, as pictures by crops and mirrors; ``None``: where labels are trained for
            with more than a head.
        balance: every label is seen as often as every other.
        patience: epochs without a better one after which it ends; ``None``: never earlier.
        temperature: of ``contrastive``.
        margin: of ``triplet`` and ``arcface``.
        metric: which measure of the held-out examples says which epoch is best; ``None``: mAP, mrr, accuracy or
            spearman, by the data.
        seed: of everything that is drawn: equal bits on a CPU.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        checkpoint_s: seconds between checkpoints within an epoch; after an epoch there is one anyway, unless the last
            is younger than five seconds.
        logs: a folder for TensorBoard's files; ``None``: none are written.
        keep: the run's folder stays when all is done, with its checkpoints; else only what was made.
    """

    scope: str | tuple[str, ...] = "head"
    goal: GoalName = "auto"
    matryoshka: tuple[int, ...] = ()
    teacher: str | None = None
    dim: int | None = None
    rank: int = 8
    epochs: int | None = None
    steps: int | None = None
    lr: float | None = None
    schedule: Schedule = "cosine"
    warmup: float = 0.1
    weight_decay: float = 0.01
    batch: int | None = None
    accumulate: int = 1
    precision: Literal["float32", "bfloat16"] = "float32"
    clip: float | None = 1.0
    augment: bool | None = None
    balance: bool = True
    patience: int | None = None
    temperature: float = 0.05
    margin: float = 0.2
    metric: str | None = None
    seed: int = 0
    device: str = "auto"
    checkpoint_s: float = 60.0
    logs: str | None = None
    keep: bool = False

    bounds: ClassVar[dict[str, Bounds]] = {
        "dim": (1, 65_536),
        "rank": (1, 4096),
        "epochs": (1, None),
        "steps": (1, None),
        "lr": (1e-12, 1e3),
        "warmup": (0, 1),
        "weight_decay": (0, None),
        "batch": (2, None),
        "accumulate": (1, None),
        "clip": (1e-12, None),
        "patience": (1, None),
        "temperature": (1e-6, None),
        "margin": (0, None),
        "seed": (0, 2**63 - 1),
        "checkpoint_s": (0, None),
    }

    def __post_init__(self) -> None:
        kinds = get_type_hints(TrainingArgs)
        for each in fields(self):
            value = checked(getattr(self, each.name), kinds[each.name], each.name, _OWNER, _bounds_of(each.name))
            object.__setattr__(self, each.name, value)
        if isinstance(self.scope, str) and self.scope not in SCOPES:
            object.__setattr__(self, "scope", (self.scope,))  # the name of a layer
        if self.goal == "distil" and self.teacher is None:
            raise ParameterError(f"{_OWNER!r}: goal='distil' takes teacher=, the pipeline whose vectors are matched")
        if self.teacher is not None and self.goal != "distil":
            raise ParameterError(
                f"{_OWNER!r}: goal={self.goal!r} takes no teacher=: take goal='distil', or leave it out"
            )
        if self.dim is not None and self.scope != "head":
            raise ParameterError(f"{_OWNER!r}: dim={self.dim} is of a head: take scope='head', or leave dim out")

    @classmethod
    def of(cls, given: TrainingArgs | Mapping[str, Any] | str | Path | None, **more: Any) -> Self:
        """From a mapping, or a YAML file with one; ``more`` goes over it.

        Raises:
            ParameterError: an unknown name (with those near to it), a wrong value, a file that is none.
        """
        if isinstance(given, cls):
            return replace(given, **cls._known(more))
        plain = _read(Path(given)) if isinstance(given, (str, Path)) else given or {}
        if not isinstance(plain, Mapping):
            raise ParameterError(
                f"{_OWNER!r}: training_args is TrainingArgs(…), a mapping or a YAML file, not {picture(plain)}"
            )
        return cls(**cls._known({**plain, **more}))

    @classmethod
    def _known(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        names = [each.name for each in fields(cls)]
        for name in given:
            if name not in names:
                raise ParameterError(
                    f"{_OWNER!r}: there is no argument {name!r}.{did_you_mean(nearest(str(name), names))}"
                )
        return dict(given)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, from which `of` makes the same again."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def differences(self, other: TrainingArgs) -> list[str]:
        """What another run was told otherwise, a line each."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [f"{name}: {theirs[name]!r} then, {mine[name]!r} now" for name in mine if mine[name] != theirs[name]]


SCOPES = ("head", "lora", "all")
_OWNER = "training_args"


def _bounds_of(name: str) -> Bounds:
    return TrainingArgs.bounds.get(name, (None, None))


def _read(path: Path) -> Any:
    import yaml

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ParameterError(f"{path}: {path.stat().st_size:,} bytes are no file of training arguments")
        return yaml.safe_load(path.read_text("utf-8")) or {}
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise ParameterError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
