"""``junco pipelines``."""

from __future__ import annotations

import click

from junco.cli.printing import as_json, print_json, print_table


@click.command
@click.argument("family", required=False, help="Only the members of this family.")
@as_json
def pipelines(family: str | None, as_json: bool) -> None:
    """The pipelines that have a name, or those of one family."""
    from junco.catalog import listing

    found = listing.pipelines(family)
    if as_json:
        print_json(found)
        return
    rows = [(each.name, each.family, f"broken: {each.error}" if each.error else each.description) for each in found]
    print_table(("name", "family", "description"), rows)
