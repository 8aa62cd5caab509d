"""``junco train``."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import click

from junco.cli.parameters import device, params, parse_params
from junco.cli.printing import as_json, print_json
from junco.errors import ParameterError
from junco.terminal import out, say


@click.command
@click.argument("operator", metavar="OPERATOR")
@click.argument("data", metavar="DATA")
@click.option(
    "--eval",
    "eval_data",
    metavar="SHARE|DATA",
    default="0.2",
    help="What is held out to measure by: a share of DATA, other data, or none.",
)
@click.option("--scope", metavar="SCOPE", help="head (the default: seconds on a CPU), lora, all, or a layer's name.")
@click.option("--goal", metavar="GOAL", help="What vectors are to do; follows from DATA where nothing is said.")
@click.option("--epochs", type=click.IntRange(min=1), help="How often all examples are seen.")
@click.option("--args", "args_file", metavar="FILE", help="More training arguments, a YAML file.")
@click.option("--arg", "more", multiple=True, metavar="KEY=VALUE", help="One more training argument: lr=1e-4.")
@click.option(
    "--to", metavar="FOLDER", required=True, help="Where the tuned operator is saved; one that is there is replaced."
)
@click.option("--column", metavar="NAME", help="The column of a table that holds the items.")
@click.option("--label", metavar="NAME", help="The column of a table that holds the labels.")
@click.option(
    "--loader", metavar="PIPELINE", help="A pipeline that makes of each item of DATA what the operator takes."
)
@click.option(
    "--on-error", type=click.Choice(["skip", "raise"]), default="skip", help="Leave unreadable items out, or end."
)
@click.option("--no-resume", is_flag=True, help="Start over where a run was stopped.")
@click.option("--html", metavar="FILE", help="Write the report as a page, too.")
@click.option("--licence", metavar="NAME", help="Under which it is shared, for its card, README.md: apache-2.0, mit …")
@as_json
@params
@device
def train(
    operator: str,
    data: str,
    eval_data: str,
    scope: str | None,
    goal: str | None,
    epochs: int | None,
    args_file: str | None,
    more: tuple[str, ...],
    to: str,
    loader: str | None,
    no_resume: bool,
    html: str | None,
    licence: str | None,
    as_json: bool,
    param: tuple[str, ...],
    device: str,
    **how: Any,
) -> None:
    """Tune an operator on your data, measured before and after.

    OPERATOR is a name ('image-embedding.efficientnet-lite'), a family's ('text-embedding': its default) or a tuned
    operator's folder; DATA what 'junco evaluate' takes. Stopped at any moment, the same command goes on where it was.
    """
    from junco.api import pipeline as open_pipeline
    from junco.operator.licences import check_licence
    from junco.operator.namespace import ops
    from junco.operator.tuned_card import say_licence
    from junco.train.args import TrainingArgs
    from junco.tuning.report import report_place

    if html:
        report_place(html)
    if licence is not None:
        check_licence(licence)
    given = {"scope": scope, "goal": goal, "epochs": epochs, "device": None if device == "auto" else device}
    args = TrainingArgs.of(
        args_file, **parse_params(more, "--arg"), **{k: v for k, v in given.items() if v is not None}
    )
    spec = ops[operator](**parse_params(param))
    opened = open_pipeline(loader) if loader else None
    try:
        report = spec.train(data, share_or_data(eval_data), args, to=to, resume=not no_resume, loader=opened, **how)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "interrupted before anything was measured: nothing was made; the same command goes on with what was decoded"
        ) from None
    if licence is not None:
        say_licence(report.folder, licence)
    report = replace(report, next_line=next_command(report.operator, to) or report.next_line)
    if html:
        report.save(html)
        say(f"wrote {html}")
    if as_json:
        print_json(report.to_dict())
    else:
        out(str(report))
    if report.history.ending == "interrupted":  # what is kept is the best so far, and not what was asked for
        raise KeyboardInterrupt(f"interrupted: the best so far is in {to}; the same command goes on")


def next_command(operator: Any, folder: str) -> str:
    """What embeds by the tuned operator; empty where no pipeline that has a name holds that operator by default."""
    from junco.tuning.decoding import default_home

    if (home := default_home(operator)) is None:
        return ""
    return shlex.join(["junco", "embed", home, "DATA", "--to", "vectors.parquet", "-p", f"tuned={folder}"])


def share_or_data(text: str) -> float | str | None:
    """What ``--eval`` means: ``0.2``, ``20%``, ``none``, or data.

    Raises:
        ParameterError: a share that is none.
    """
    if text == "none":
        return None
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return text
    if not 0 < share < 1:
        raise ParameterError(f"--eval {text}: a share lies between 0 and 1, as 0.2; 'none' holds nothing out")
    return share
