"""A question in one language, answered from documents in another: by file, page, place and the passage itself.

    python examples/search_documents.py ~/papers 报告 --ask "什么是 RAID？" --ask "How are backups made?"

Without a folder it reads a handbook in English and in Chinese, which is fetched once. Each folder answers for itself.
Run again, it embeds new and changed documents only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

import media
from junco import pipeline
from library import DOCUMENTS, Like, embed_new, files, nearest

QUESTIONS = ("什么是 RAID？", "软件包的依赖关系是在哪里定义的？", "How do I update the list of available packages?")
LANGUAGES = ("en-US", "zh-CN")
MOST_SHOWN, MOST_SENTENCES = 240, 8


class Passage(NamedTuple):
    """A passage that answers, where it begins, and its cosine with the question.

    Attributes:
        start: its first character, counted in the text of its page.
        text: the sentence that is nearest to the question.
        with_more: the same with what follows it.
    """

    path: Path
    page: int
    start: int
    text: str
    with_more: str
    score: float


def answers(folders: Sequence[Path], questions: Sequence[str], target: Path, count: int) -> list[list[list[Passage]]]:
    """For each question and each folder the passages that are nearest to the question, best first."""
    with pipeline("document-embedding") as read, pipeline("multilingual-text-embedding") as ask:
        stored = embed_new(read, files(folders, DOCUMENTS), target)
        rows = pq.read_table(target, columns=["input", "page", "chunk"])
        found = [nearest(stored, vector, ask, len(stored.keys)) for vector in ask.batch(questions)]
    return [
        [[_passage(like, rows) for like in likes if folder in like.path.parents][:count] for folder in folders]
        for likes in found
    ]


def _passage(like: Like, rows: pa.Table) -> Passage:
    first = rows.slice(like.row, 1).to_pylist()[0]
    chunk = first["chunk"]
    return Passage(like.path, first["page"]["number"], chunk["start"], chunk["text"], _on_from(like, rows), like.score)


def _on_from(like: Like, rows: pa.Table) -> str:
    """A sentence and those after it on its page, which are the rows that follow."""
    first, *others = rows.slice(like.row, MOST_SENTENCES).to_pylist()
    text, end = first["chunk"]["text"], first["chunk"]["end"]
    for row in others:
        chunk = row["chunk"]
        if (row["input"], row["page"]) != (first["input"], first["page"]):
            break
        text, end = text + " " * (chunk["start"] > end) + chunk["text"], chunk["end"]
    return " ".join(text[:MOST_SHOWN].split())


def main(arguments: Sequence[str] | None = None) -> None:
    """Embed documents, and answer questions from each folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="your documents")
    parser.add_argument("--ask", action="append", metavar="QUESTION", help="what you want to know")
    parser.add_argument("--to", type=Path, default=Path("documents.parquet"), help="where the vectors are kept")
    parser.add_argument("--count", type=int, default=2, help="how many passages of each folder are shown")
    given = parser.parse_args(arguments)

    folders = given.folders or [media.debian("debian-handbook") / language for language in LANGUAGES]
    questions = given.ask or QUESTIONS
    for question, by_folder in zip(questions, answers(folders, questions, given.to, given.count), strict=True):
        print(f"\n{question}")
        for folder, passages in zip(folders, by_folder, strict=True):
            for each in passages:
                place = f"{folder.name}/{each.path.relative_to(folder)}, page {each.page}, character {each.start:,}"
                print(f"  {each.score:.2f}  {place}\n        {each.with_more}")


if __name__ == "__main__":
    main()
