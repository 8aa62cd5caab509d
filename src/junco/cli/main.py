"""``junco``: the commands together, and what becomes of errors.

Results go to stdout, everything else to stderr. The exit status is 0, 2 for an error that the user can mend (one line
says how; ``--debug`` shows where it happened), 130 after Ctrl-C, 143 after SIGTERM in a job and 141 when the reader of
stdout has gone.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup

from junco.cli import doctor, draw, embed, families, ops, pipelines, run, show, space
from junco.errors import JuncoError

USER_ERROR, INTERRUPTED, NO_READER = 2, 130, 141


class Commands(TyperGroup):
    """All commands, with one way to end for each kind of error."""

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
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_stdout()
            raise typer.Exit(NO_READER) from None
        except JuncoError as error:
            if ctx.params.get("debug"):
                _show_traceback(error)
            _complain(f"error: {error}")
            raise typer.Exit(USER_ERROR) from None
        return result

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run and exit; a mistake on the command line is one line too."""
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except Exception as error:
            if not hasattr(error, "format_message"):  # the parser's own errors have it
                raise
            context = getattr(error, "ctx", None)
            hint = f" Try '{context.command_path} --help'." if context else ""
            _complain(f"error: {error.format_message()}{hint}")
            code = USER_ERROR
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(cls=Commands, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command("families")(families.families)
app.command("pipelines")(pipelines.pipelines)
app.command("ops")(ops.ops)
app.command("show")(show.show)
app.command("run")(run.run)
app.command("embed")(embed.embed)
app.command("draw")(draw.draw)
app.command("doctor")(doctor.doctor)
app.command("space")(space.space)


@app.callback(invoke_without_command=True)
def junco(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Images, video, audio and long text into vectors."""
    del debug  # read by Commands.invoke
    if version:
        from importlib.metadata import version as installed_version

        typer.echo(f"junco {installed_version('junco')}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


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
    typer.secho(" ".join(message.split("\n")), err=True, fg="red" if _has_colour() else None)


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
        typer.secho(f"warning: {' '.join(str(message).split())}", err=True, fg="yellow" if _has_colour() else None)


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
