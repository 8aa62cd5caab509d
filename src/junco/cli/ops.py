"""``junco ops``."""

from __future__ import annotations

import click

from junco.cli.printing import as_json, print_json, print_table
from junco.errors import UnknownNameError


@click.command
@click.argument("family", required=False, help="Only the members of this family.")
@as_json
def ops(family: str | None, as_json: bool) -> None:
    """The operators, or those of one family. None of them is loaded; 'junco doctor' says which cannot be."""
    from junco.operator import registry

    registry.say_left_out()
    families = registry.families("operator")
    known = sorted({name.partition(".")[0] for name in registry.names()} | set(families))
    if family is not None and family not in known:
        raise UnknownNameError("operator family", family, known, "'junco families' lists them all.")
    rows = []
    for name in registry.names():
        its_family = name.partition(".")[0]
        if family in (None, its_family):
            contract, source = families.get(its_family), registry.source_of(name)
            is_default = contract is not None and contract.default == name
            interface = contract.interface if contract else ""
            rows.append(
                {"name": name, "family": its_family, "interface": interface, "default": is_default, "source": source}
            )
    if as_json:
        print_json(rows)
    else:
        table = [(f"{row['name']}{' *' if row['default'] else ''}", row["interface"], row["source"]) for row in rows]
        print_table(("name", "interface", "source"), table)
