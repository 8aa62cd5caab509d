"""``junco look``."""

from __future__ import annotations

from pathlib import Path

import click

from junco.cli.parameters import column_of_vectors, vectors
from junco.cli.printing import sources
from junco.terminal import flush, out, say


@click.command
@vectors
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="NUMBER", help="To listen at; 0 takes one that is free."
)
@click.option("--no-open", is_flag=True, help="Open no browser; print the address alone.")
@column_of_vectors
@sources
def look(vectors: str, port: int, no_open: bool, column: str | None, sources: bool) -> None:
    """A set in the browser: search, groups, a map.

    A row leads to those that are like it.

    The pages are served to this machine alone, at an address that nobody guesses, until Ctrl-C.
    """
    import webbrowser

    from junco.answers.opening import open_set
    from junco.look.looked import Looked
    from junco.look.server import Server
    from junco.store.rejects import rejects_of

    found = open_set(vectors, column)
    looked = Looked(found, Path(vectors).name or vectors, rejects_of(vectors), sources=sources)
    with Server(looked, port) as server:
        out(server.address)
        flush()
        say("Ctrl-C ends it")
        if not no_open:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("ended")
