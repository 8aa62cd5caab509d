"""``junco``: the commands together, and what becomes of errors.

Results go to stdout, everything else to stderr. The exit status is 0, 2 for an error that the user can mend (one line
says how; ``--debug`` shows where it happened), 130 after Ctrl-C and 141 when the reader of stdout has gone.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, NoReturn, TextIO

import click

from junco.cli import doctor, draw, embed, families, ops, pipelines, run, show, space
from junco.errors import JuncoError

USER_ERROR, INTERRUPTED, NO_READER = 2, 130, 141


class Commands(click.Group):
    """All commands, with one way to end for each kind of error."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which people meet them."""
        return [*self.commands]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let ``--debug`` stand anywhere before a ``--``."""
        end = args.index("--") if "--" in args else len(args)
        if "--debug" in args[:end]:
            args = ["--debug", *(arg for arg in args[:end] if arg != "--debug"), *args[end:]]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; errors become a line on stderr and an exit status."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            _complain("interrupted")
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_stdout()
            raise click.exceptions.Exit(NO_READER) from None
        except JuncoError as error:
            if ctx.params.get("debug"):
                _show_traceback(error)
            _complain(f"error: {error}")
            raise click.exceptions.Exit(USER_ERROR) from None
        return result

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run and exit; a mistake on the command line is one line too."""
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.Abort:  # Ctrl-C before a command has begun
            _complain("interrupted")
            code = INTERRUPTED
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            hint = f" Try '{context.command_path} --help'." if context else ""
            _complain(f"error: {error.format_message()}{hint}")
            code = USER_ERROR
        sys.exit(code if isinstance(code, int) else 0)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"show_default": True},
)
@click.option("--version", is_flag=True, help="Print the version and exit.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def app(ctx: click.Context, version: bool, debug: bool) -> None:
    """Images, video, audio and long text into vectors."""
    del debug  # read by Commands.invoke
    if version:
        from importlib.metadata import version as installed_version

        click.echo(f"junco {installed_version('junco')}")
    elif ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (
    *(families.families, pipelines.pipelines, ops.ops, show.show, run.run),
    *(embed.embed, draw.draw, doctor.doctor, space.space),
):
    app.add_command(command)


def main() -> None:
    """The entry point of the ``junco`` command."""
    warnings.showwarning = _warn
    if sys.stderr.isatty():
        _show_progress()
    try:
        app(prog_name="junco")
    except KeyboardInterrupt:
        _complain("interrupted")
        sys.exit(INTERRUPTED)


def _complain(message: str) -> None:
    """One line on stderr, however many lines the message has."""
    click.secho(" ".join(message.split("\n")), err=True, fg="red" if _has_colour() else None)


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Ours are a line for people; those of libraries are for whoever writes code with them."""
    if category.__module__.startswith("junco") or category is UserWarning:
        click.secho(f"warning: {' '.join(str(message).split())}", err=True, fg="yellow" if _has_colour() else None)


def _show_progress() -> None:
    """What junco says of long work, as lines on the terminal."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger("junco").addHandler(handler)
    logging.getLogger("junco").setLevel(logging.INFO)


def _has_colour() -> bool:
    from rich.console import Console

    return Console(stderr=True).color_system is not None


def _show_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error, file=sys.stderr)


def _forget_stdout() -> None:
    """Nobody reads stdout: what is left in its buffer must not be written at exit."""
    import os

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a real file: nothing will be written
        return
