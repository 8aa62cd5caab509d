"""``junco data``: the group, and what looks at the catalogue; the tools for one's own data are beside it."""

from __future__ import annotations

from typing import Any

import click

from junco.cli.later import Later
from junco.cli.printing import as_json, print_fields, print_json, print_table
from junco.terminal import out, say

split_option = click.option("--split", metavar="NAME", help="train, test …; without it all of it.")
accept_licence = click.option(
    "--accept-licence", is_flag=True, help="You have read its terms, which allow research or no commercial use alone."
)


class _Data(Later):
    """The tools for one's own data are imported when they are used."""

    places = dict.fromkeys(("table", "split", "report"), "junco.cli.data_tools")

    def list_commands(self, ctx: Any) -> list[str]:
        """The catalogue's first."""
        return [*self.commands, *self.places]


@click.group(cls=_Data)
def data() -> None:
    """Data sets: a catalogue of open ones, and tools for your own."""


@data.command("list")
@click.option("--modality", metavar="NAME", help="image, text, audio, video, cross-modal.")
@click.option("--task", metavar="NAME", help="Such as image-classification, retrieval.")
@click.option("--licence", metavar="NAME", help="A part of its name, as cc-by; open: those of open terms.")
@click.option("--here", is_flag=True, help="Those alone that packages bring, so that no hub is needed.")
@as_json
def list_(modality: str | None, task: str | None, licence: str | None, here: bool, as_json: bool) -> None:
    """List the data sets of the catalogue."""
    from junco.datasets.catalogue import cards

    found = cards(modality=modality, task=task, licence=licence, here=here)
    if as_json:
        print_json([{**each.to_dict(), "here": each.is_here} for each in found])
        return
    rows = [
        (
            each.id,
            ", ".join(each.modalities),
            f"{each.items:,}" if each.items is not None else "?",
            each.licence if len(each.licence) <= 24 else f"{each.licence[:23]}…",
            "yes" if each.is_here else "hub" if each.way == "huggingface" else "",
            each.summary,
        )
        for each in found
    ]
    if not rows:
        say("none of the catalogue's is so")
        return
    print_table(("name", "modality", "items", "licence", "loads", "about"), rows)


@data.command
@click.argument("name", metavar="NAME")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show what is known of NAME: licence, size, parts, source, what to cite, what to beware of."""
    from junco.datasets.catalogue import find

    card = find(name)
    if as_json:
        print_json({**card.to_dict(), "here": card.is_here, "bibtex": card.bibtex()})
        return
    out(card.id, bold=len(card.id))
    print_fields(card.facts())


@data.command
@click.argument("name", metavar="NAME")
@click.option("--to", metavar="FOLDER", help="A new folder; without it one of the data set's name.")
@split_option
@accept_licence
@as_json
def get(name: str, to: str | None, split: str | None, accept_licence: bool, as_json: bool) -> None:
    """Bring the data set NAME into a folder.

    Pictures and sounds go into a folder for each label, texts into a table, a retrieval set into the layout of BEIR; a
    card with its licence lies beside them. NAME may be OWNER/NAME of the Hugging Face hub, too.
    """
    from junco.datasets.getting import get as bring
    from junco.datasets.loading import card_of

    card = card_of(name)
    folder = bring(name, to, split, accept_licence=accept_licence)
    if as_json:
        print_json({"folder": str(folder), "licence": card.licence, "terms": card.terms, "source": card.source})
        return
    out(f"{card.id}: {folder}")
    say(f"licence: {card.facts()['licence']}")
    for caution in card.cautions:
        say(f"beware: {caution}")


@data.command
@click.argument("name", metavar="FOLDER|NAME", default=".")
@click.option("--to", metavar="FOLDER", help="Of the catalogue's NAME: where the card goes.")
@click.option("--title", default="", help="Of your own data.")
@click.option("--summary", default="", help="Of your own data: a line.")
@click.option("--licence", default="", metavar="NAME", help="Of your own data: CC-BY-4.0, or in words.")
@click.option("--task", default="", metavar="NAME", help="Of your own data: image-classification …")
@click.option("--source", default="", metavar="URL", help="Of your own data: where it is from.")
@click.option("--replace", is_flag=True, help="Write over a card that is there.")
@as_json
def card(name: str, to: str | None, replace: bool, as_json: bool, **told: str) -> None:
    """Write the card of a data set: dataset.yaml and README.md.

    Of your own FOLDER it lies in it; 'junco check' and 'junco hub push' take it.
    """
    from pathlib import Path

    from junco.datasets.catalogue import find, is_named
    from junco.datasets.writing_card import write_card

    given = {key: value for key, value in told.items() if value}
    if given or (Path(name).is_dir() and (name == "." or not is_named(name))):
        written = write_card(to or name, None, replace=replace, **given)
    else:
        known = find(name)
        written = write_card(to or known.id, known, replace=replace)
    if as_json:
        print_json([str(path) for path in written])
    else:
        out(f"wrote {written[0]} and {written[1].name}")
