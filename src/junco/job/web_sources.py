"""Inputs on the web: one address, a list at one, or the links of a page that lists files.

Whoever starts a job names its source, which may lie on a machine of their own network; the host that is named, and no
other that it leads to.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from junco.errors import InputError, JobError, JuncoError
from junco.job.folders import is_pattern
from junco.job.item import LargerThanSaidError
from junco.job.kinds import kind_of
from junco.job.lists import rows_in
from junco.job.urls import UNKNOWN_BYTES, RemoteFile
from junco.job.wanted import Wanted
from junco.places.reach import Reach
from junco.places.web import MOST_BYTES, TooLargeError, fetch_into, fetched, headers_of
from junco.wording import masked

MOST_LIST_BYTES, MOST_LIST_S = 2 * 2**30, 3600.0
"""Of a list, which is fetched to a temporary file before it is read."""
MOST_PAGE_BYTES, MOST_PAGES = 16 * 2**20, 10_000
_MOST_QUESTIONS = 16
_CHANGES = ("ETag", "Last-Modified")


def is_web_list(url: str) -> bool:
    """Whether an address is that of a list of inputs, by its name."""
    return kind_of(_name_of(url)) is not None and not _is_web_pattern(url)


def web_rows(url: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs that a list at an address gives.

    Raises:
        JobError: it cannot be fetched or read.
    """
    with tempfile.TemporaryFile() as file:
        try:
            fetch_into(file, url, MOST_LIST_BYTES, MOST_LIST_S, reach=Reach(chosen=url))
        except InputError as error:
            raise JobError(f"the source {url} cannot be read: {error}") from error
        file.seek(0)
        yield from rows_in(file, _name_of(url), wanted)


def web_files(url: str) -> Iterator[RemoteFile]:
    """The file at an address, or those that the page there links to: beneath it, or matching a pattern.

    Raises:
        JobError: nothing is there, or it cannot be asked.
    """
    if not url.endswith("/") and not _is_web_pattern(url):
        yield _remote_file(Reach(chosen=url), url)
        return
    num_files = 0
    with ThreadPoolExecutor(_MOST_QUESTIONS, "junco-list") as threads:
        reach = Reach(chosen=url)
        links = _links(url, reach)
        for group in iter(partial(_several, links), []):
            for file in threads.map(partial(_remote_file, reach), group):
                num_files += 1
                yield file
    if not num_files:
        raise JobError(f"nothing is at {url}")


def _several(links: Iterator[str]) -> list[str]:
    return [link for _, link in zip(range(4 * _MOST_QUESTIONS), links, strict=False)]


def _remote_file(reach: Reach, url: str) -> RemoteFile:
    """A file by what its server says of it without sending it; whatever that is, the file may still come."""
    mark, num_bytes = None, UNKNOWN_BYTES
    with suppress(InputError):
        headers = headers_of(url, reach=reach)
        size = headers.get("Content-Length", "")
        num_bytes = int(size) if size.isdecimal() else UNKNOWN_BYTES
        mark = " ".join(said for said in (size, *(headers.get(name, "") for name in _CHANGES)) if said) or None
    return RemoteFile(masked(url), mark, partial(_content, url, reach), max(num_bytes, 1))


def _content(url: str, reach: Reach, most_bytes: int | None) -> bytes:
    if most_bytes is None or most_bytes >= MOST_BYTES:
        return fetched(url, MOST_BYTES, reach=reach)
    try:
        return fetched(url, most_bytes, reach=reach)
    except TooLargeError:
        raise LargerThanSaidError from None


def _links(url: str, reach: Reach) -> Iterator[str]:
    """Addresses of files by the pages that list them, folder by folder; names that begin with a dot are passed over."""
    base, _, pattern = url, "", ""
    if _is_web_pattern(url):
        fixed = re.split(r"(?<=/)(?=[^/]*[*?\[])", url, maxsplit=1)
        base, pattern = fixed[0], url
    pages, seen = [base], {base}
    while pages:
        page = pages.pop()
        inner = []
        for link in sorted(_links_of(page, reach)):
            if link in seen or not _is_beneath(link, base):
                continue
            seen.add(link)
            if link.endswith("/"):
                inner.append(link)
            elif not pattern or _matches(link, pattern):
                yield link
        if not pattern or "**" in pattern or base.count("/") < pattern.count("/"):
            pages += reversed(inner)
        if len(seen) > MOST_PAGES * 100:
            raise JobError(f"{url} lists more than {MOST_PAGES * 100:,} addresses: give a list of them")


def _is_beneath(link: str, base: str) -> bool:
    """Whether a link is one to a file or folder there; not to a hidden one, and no question about a folder."""
    is_folder = urlsplit(link).path.endswith("/")
    return link.startswith(base) and is_folder == link.endswith("/") and not _name_of(link).startswith(".")


def _links_of(page: str, reach: Reach) -> list[str]:
    try:
        content = fetched(page, MOST_PAGE_BYTES, reach=reach)
    except JuncoError as error:
        raise JobError(f"the source {page} cannot be read: {error}") from error
    parser = _Links()
    parser.feed(content.decode("utf-8", "replace"))
    found = []
    for link in parser.found:
        with suppress(ValueError):  # no address
            found.append(urldefrag(urljoin(page, link.strip())).url)
    return found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _matches(link: str, pattern: str) -> bool:
    """Whether an address fits a pattern, part by part; ``**`` stands for any number of them."""
    return _fits(unquote(link).split("/"), unquote(pattern).split("/"))


def _fits(parts: list[str], wanted: list[str]) -> bool:
    if not wanted or not parts:
        return not parts and not [each for each in wanted if each != "**"]
    if wanted[0] == "**":
        return _fits(parts, wanted[1:]) or _fits(parts[1:], wanted)
    return fnmatchcase(parts[0], wanted[0]) and _fits(parts[1:], wanted[1:])


def _is_web_pattern(url: str) -> bool:
    """Whether its path is a pattern; a ``?`` begins a query here."""
    return is_pattern(urlsplit(url).path)


def _name_of(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name
