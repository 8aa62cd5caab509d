"""``junco hub report``: what was measured, for the family's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from junco.cli.hub_session import hub_option
from junco.cli.printing import print_table
from junco.errors import InputError
from junco.terminal import out, out_json


@click.command(short_help="Send what was measured of a name, or list it.")
@click.argument("name")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[REPORT.json]")
@click.option("--data", metavar="TEXT", help="What the data is called by everybody: 'oxford-flowers-102 test'.")
@click.option("--way", default="", metavar="TEXT", help="Which of several that the report measured.")
@click.option("--machine", default="", metavar="TEXT", help="What it ran on, where the report does not say it.")
@click.option("--anyway", is_flag=True, help="Send it though it says something else than NAME.")
@click.option("--drop", type=int, metavar="NUMBER", help="Take away the report of that number.")
@hub_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def report(
    name: str,
    file: Path | None,
    data: str | None,
    way: str,
    machine: str,
    anyway: bool,
    drop: int | None,
    hub: str | None,
    as_json: bool,
) -> None:
    """Send what was measured of NAME, namespace/name[@version]: a file of 'junco evaluate --json', or of a training.

    Without a file, what was measured of NAME is listed.
    """
    from junco.hub.client import reporting

    if drop is not None:
        reporting.drop_report(name, drop, hub=hub)
        out(f"report {drop} of {name} is taken away")
    elif file is None:
        _list(reporting.reports(name, hub=hub), as_json)
    elif data is None:
        raise InputError("--data says what the data is called: reports by the same data stand beside each other")
    else:
        made = reporting.report(name, file, data=data, way=way, machine=machine, anyway=anyway, hub=hub)
        if as_json:
            out_json(dict(made.told))
        else:
            mean = _measure(made.told)
            out(f"report {made.number}: {made.repository} at {made.commit[:12]} by {made.data}: {made.main} {mean}")
            if made.told.get("trained_on_data"):
                out("it was trained on this data: what is measured by it says nothing of other data")


def _list(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        out_json(found)
        return
    rows = [
        (
            each["id"],
            str(each["commit"])[:12],
            each["data_key"],
            f"{each['main']} {_measure(each)}{' (trained on this data)' if each.get('trained_on_data') else ''}",
            each.get("items_per_s") or "?",
            each["machine"],
            str(each["measured"])[:10],
            each["by"],
        )
        for each in found
    ]
    print_table(("report", "commit", "data", "measured", "items/s", "machine", "on", "by"), rows)


def _measure(told: dict[str, Any] | Any) -> str:
    interval = told["metrics"][told["main"]]
    return f"{interval['mean']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"
