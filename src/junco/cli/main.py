"""``junco``: the commands together, and what becomes of errors.

Results go to stdout, everything else to stderr. The exit status is 0, 2 for an error that the user can mend (one line
says how; ``--debug`` shows where it happened), 130 after Ctrl-C, 143 after SIGTERM in a job and 141 when the reader of
stdout has gone. An error of junco's own is a traceback, and exit status 1.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn, TextIO

import click

from junco.cli import (
    adopt,
    cache,
    check,
    data,
    doctor,
    draw,
    embed,
    evaluate,
    families,
    hub,
    look,
    new,
    ops,
    pipelines,
    run,
    sample,
    search,
    show,
    similar,
    space,
    survey,
    train,
    verify,
    warm,
)
from junco.errors import JuncoError
from junco.terminal import RED, YELLOW, flush, is_terminal, only_results_on_stdout, out, say
from junco.wording import NOT_OURS, brief, on_one_screen

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
            flush()
        except KeyboardInterrupt as error:
            _complain(str(error) or "interrupted")
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_stdout()
            raise click.exceptions.Exit(NO_READER) from None
        except (JuncoError, OSError) as error:  # a disk that is full, a file that may not be read: the user's to mend
            if ctx.params.get("debug"):
                _show_traceback(error)
            _complain(f"error: {error if isinstance(error, JuncoError) else _of_system(error)}")
            _forget_stdout_if_full()
            raise click.exceptions.Exit(USER_ERROR) from None
        return result

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run and exit; a mistake on the command line is one line too."""
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.Abort:  # Ctrl-C before a command has begun
            _complain("interrupted")
            code = INTERRUPTED
        except OSError as error:  # help that cannot be written
            _complain(f"error: {_of_system(error)}")
            _forget_stdout()
            code = USER_ERROR
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
    context_settings={"show_default": True, "help_option_names": ["-h", "--help"]},
)
@click.option("--version", is_flag=True, help="Print the version and exit.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def app(ctx: click.Context, version: bool, debug: bool) -> None:
    """Images, video, audio and long text into vectors."""
    del debug  # read by Commands.invoke
    if version:
        from importlib.metadata import version as installed_version

        out(f"junco {installed_version('junco')}")
    elif ctx.invoked_subcommand is None:
        out(ctx.get_help())


def _with_results_alone(run: Callable[..., None]) -> Callable[..., None]:
    """A command; what an operator or a package prints while it runs is no result, and goes to stderr."""

    @functools.wraps(run)
    def running(*args: Any, **kwargs: Any) -> None:
        with only_results_on_stdout():
            run(*args, **kwargs)

    return running


for command in (
    *(families.families, pipelines.pipelines, ops.ops, show.show, run.run),
    *(embed.embed, evaluate.evaluate, train.train, draw.draw, doctor.doctor, space.space, warm.warm, cache.cache),
    *(sample.sample, search.search, similar.similar, similar.clusters, look.look, verify.verify, adopt.adopt),
    *(new.new, check.check, hub.hub, data.data, survey.survey),
):
    assert command.callback is not None
    command.callback = _with_results_alone(command.callback)
    app.add_command(command)


def main() -> None:
    """The entry point of the ``junco`` command."""
    warnings.showwarning = _warn
    sys.excepthook = _show
    _let_every_letter_pass()
    if is_terminal(sys.stderr):
        _show_progress()
    try:
        app(prog_name="junco")
    except KeyboardInterrupt:
        _complain("interrupted")
        sys.exit(INTERRUPTED)


def _complain(message: str) -> None:
    """One line on stderr, however many lines the message has."""
    say(on_one_screen(message), RED if _has_colour() else "")


def _of_system(error: OSError) -> str:
    """What the system says, and of which file."""
    what = error.strerror or brief(error)
    return f"{error.filename}: {what}" if error.filename else what


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
        try:
            said = " ".join(str(message).split())
        except NOT_OURS:  # a warning of somebody's own class
            said = category.__name__
        say(on_one_screen(f"warning: {said}"), YELLOW if _has_colour() else "")


def _show_progress() -> None:
    """What junco says of long work, as lines on the terminal."""
    import logging

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(on_one_screen(record.getMessage()))

    logging.getLogger("junco").addHandler(Lines())
    logging.getLogger("junco").setLevel(logging.INFO)


def _has_colour() -> bool:
    if not is_terminal(sys.stderr):
        return False
    from rich.console import Console

    return Console(stderr=True).color_system is not None


def _show_traceback(error: BaseException) -> None:
    import traceback

    for lines in traceback.format_exception(error):
        for line in lines.rstrip("\n").split("\n"):
            say(on_one_screen(line))


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error of our own, as Python shows it; what it quotes moves no cursor."""
    _show_traceback(error.with_traceback(trace))


def _let_every_letter_pass() -> None:
    """Under ``LANG=C`` what the encoding does not have is escaped, and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _forget_stdout_if_full() -> None:
    try:
        flush()
    except (JuncoError, OSError):
        _forget_stdout()


def _forget_stdout() -> None:
    """Nobody reads stdout: what is left in its buffer must not be written at exit."""
    import os

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # not a real file, or none: nothing will be written
        return


if __name__ == "__main__":
    main()
