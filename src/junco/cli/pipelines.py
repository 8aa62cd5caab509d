"""``junco pipelines``."""

from __future__ import annotations

import click

from junco.cli.printing import as_json, print_json, print_table


@click.command
@click.argument("which", metavar="FAMILY", required=False, help="Only its members; or a pattern of names: 'image*'.")
@as_json
def pipelines(which: str | None, as_json: bool) -> None:
    """The pipelines that have a name, those of a family, or 'image*'."""
    from junco.catalog import listing

    found = listing.pipelines(which)
    if as_json:
        print_json(found)
        return
    rows = [(each.name, each.family, f"broken: {each.error}" if each.error else each.description) for each in found]
    print_table(("name", "family", "description"), rows)
