"""How fast does the text of PDFs come out, against bare pypdfium2?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from measure import DATA, Contestant, Race, main, median, ratio_of_rounds, spread
from results import Report, number

BARE = "pypdfium2"
CONTESTANTS = [
    Contestant(BARE, "documents"),
    Contestant("junco", "documents"),
    Contestant("junco's operator alone", "documents"),
]
FULL = 5, 20, 40
"""Rounds, documents, and pages in each."""
QUICK = 1, 2, 3
LINES = 45
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "rain",
    "falls",
    "on",
    "old",
    "town",
    "roofs",
    "and",
    "nobody",
    "sees",
    "it",
]


def measure(report: Report) -> None:
    """All contestants in turns."""
    rounds, count, num_pages = QUICK if report.quick else FULL
    listing = DATA / f"documents-{count}-{num_pages}.json"
    listing.write_text(json.dumps([str(path) for path in documents(count, num_pages)]))
    with Race(report).add(CONTESTANTS) as race:
        answers = race.run(rounds, listing=str(listing))
    report.notes.append(f"{count} PDFs of {num_pages} pages with {LINES} lines of text each")
    table(report, answers, count * num_pages)


def table(report: Report, answers: dict[str, list[dict[str, Any]]], num_pages: int) -> None:
    """Pages a second, the ratios to bare pypdfium2, and whether the text is the same."""
    rows = []
    for name, got in answers.items():
        times = ratio_of_rounds(got, answers[BARE])
        same = "yes" if got[0]["sha256"] == answers[BARE][0]["sha256"] else "no"
        rows.append([name, number(num_pages / median(got)), spread(got), f"{times:.2f}×", same])
        if name == "junco":
            report.ratio("PDF text: junco's rate ÷ bare pypdfium2's", times, at_least=0.8)
    report.table("PDF → text", ["who", "pages/s", "rounds", "of pypdfium2's rate", "same text"], rows)


def documents(count: int, num_pages: int) -> list[Path]:
    """PDFs of words in a fixed order; the same each time."""
    folder = DATA / f"documents-{count}-{num_pages}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index:03}.pdf" for index in range(count)]
    for index, path in enumerate(paths):
        if not path.exists():
            path.write_bytes(pdf([page(index + number) for number in range(num_pages)]))
    return paths


def page(seed: int) -> list[str]:
    """The lines of a page."""
    words = [WORDS[(seed * 7 + 3 * at * at + at) % len(WORDS)] for at in range(LINES * 12)]
    return [" ".join(words[at : at + 12]) for at in range(0, len(words), 12)]


def pdf(pages: list[list[str]]) -> bytes:
    """A PDF with these lines of ASCII on its pages."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for index, lines in enumerate(pages):
        drawn = "BT/F 10 Tf 14 TL 72 720 Td" + "".join(f"({line})Tj T*" for line in lines) + " ET"
        shown = f"/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>/Contents {5 + 2 * index} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R{shown}>>")
        objects.append(f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream")
    out, places = "%PDF-1.4\n", []
    for index, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{index} 0 obj{each}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    head = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    )
    return (out + head).encode()


if __name__ == "__main__":
    main("documents", "PDF → text", measure)
