"""``junco families``."""

from __future__ import annotations

from collections import Counter

import click

from junco.cli.printing import as_json, print_json, print_table


@click.command
@as_json
def families(as_json: bool) -> None:
    """The families: interfaces that their members share."""
    from junco.catalog import listing
    from junco.operator import registry

    registry.say_left_out()
    members = Counter(("pipeline", pipeline.family) for pipeline in listing.pipelines())
    members.update(("operator", name.partition(".")[0]) for name in registry.names())
    rows = [
        {
            "kind": family.kind,
            "name": family.name,
            "interface": family.interface,
            "default": family.default,
            "members": members[family.kind, family.name],
            "description": family.description,
        }
        for family in listing.families()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(("kind", "name", "members", "default", "description"), _cells(rows))


def _cells(rows: list[dict[str, object]]) -> list[list[object]]:
    return [[row[key] for key in ("kind", "name", "members", "default", "description")] for row in rows]
