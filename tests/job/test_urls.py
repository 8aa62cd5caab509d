"""A store that fsspec opens: its listing is read folder by folder, and its files are whole or none."""

from __future__ import annotations

import io
import itertools

import pytest

from junco.errors import JobError
from junco.job import urls
from junco.job.source import items_of
from junco.job.wanted import Wanted
from reading import inputs, read

fsspec = pytest.importorskip("fsspec")


class Store(fsspec.AbstractFileSystem):
    """A store of which a test says what it holds."""

    protocol = "teststore"
    cachable = False
    files: dict = {}
    sizes: dict = {}
    listed: list = []

    @classmethod
    def _strip_protocol(cls, path):
        return path.partition("://")[2].rstrip("/") if "://" in path else path.rstrip("/")

    def ls(self, path, detail=True, **_):
        path = path.rstrip("/")
        self.listed.append(path)
        found = {}
        for name, content in self.files.items():
            if name == path:
                return [self._info(name, content)]
            inside = f"{path}/" if path else ""
            if name.startswith(inside):
                child = inside + name[len(inside) :].partition("/")[0]
                is_file = child == name
                found[child] = self._info(name, content) if is_file else {"name": child, "type": "directory", "size": 0}
        if not found:
            raise FileNotFoundError(path)
        return list(found.values())

    def _info(self, name, content):
        size = self.sizes[name] if name in self.sizes else len(content)
        return {"name": name, "type": "file", "size": size, "ETag": "1"}

    def _open(self, path, mode="rb", **_):
        if isinstance(self.files[path], Exception):
            raise self.files[path]
        return Endless() if self.files[path] is ... else io.BytesIO(self.files[path])

    def cat_file(self, path, start=None, end=None, **_):
        if isinstance(self.files[path], Exception):
            raise self.files[path]
        return self.files[path][start:end]


class Endless:
    def read(self, size=-1):
        return bytes(size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def store(monkeypatch):
    fsspec.register_implementation("teststore", Store, clobber=True)
    for name, empty in (("files", {}), ("sizes", {}), ("listed", [])):
        monkeypatch.setattr(Store, name, empty)
    return Store


def test_a_bucket_is_listed_once_and_a_folder_at_a_time(store, embed, tmp_path):
    store.files.update({f"b/{folder}/{i}.txt": b"text" for folder in "pqr" for i in range(3)})
    items = items_of("teststore://b", Wanted(("path",)))
    assert next(items).key == "teststore://b/p/0.txt"
    assert not {"b/q", "b/r"} & set(store.listed)
    store.listed.clear()
    report = embed.run("teststore://b", tmp_path / "o.parquet", progress=None)
    assert report.num_done == 9
    assert [store.listed.count(f"b/{folder}") for folder in "pqr"] == [1, 1, 1]


def test_patterns_mean_what_they_mean_on_this_machine(store):
    store.files.update(dict.fromkeys(["b/1.png", "b/2.jpg", "b/.h/3.png", "b/q/4.png", "b/q/r/5.png"], b"x"))

    def keys(source):
        return [item.key.removeprefix("teststore://") for item in items_of(source, Wanted(("path",)))]

    assert keys("teststore://b") == ["b/1.png", "b/2.jpg", "b/q/4.png", "b/q/r/5.png"]
    assert keys("teststore://b/*.png") == ["b/1.png"]
    assert keys("teststore://b/*/*.png") == ["b/q/4.png"]
    assert keys("teststore://b/**/*.png") == ["b/1.png", "b/q/4.png", "b/q/r/5.png"]
    assert keys("teststore://b/**") == keys("teststore://b/**/*") == keys("teststore://b")
    assert keys("teststore://b/**/r/*") == ["b/q/r/5.png"]
    assert keys("teststore://b/2.jpg") == ["b/2.jpg"]
    for source in ("teststore://b/*.gif", "teststore://none"):
        with pytest.raises(JobError):
            keys(source)


def test_a_file_that_is_not_what_its_store_says_is_one_reject(store, monkeypatch):
    monkeypatch.setattr(urls, "MOST_BYTES", 1000)
    store.files.update({"b/1": b"fine", "b/2": b"short", "b/3": b"large", "b/4": ..., "b/5": OSError("gone")})
    store.sizes.update({"b/2": 50, "b/3": 5000, "b/4": None, "b/5": 4})
    found = []
    for item in items_of("teststore://b", Wanted(("path",))):
        try:
            found.append(item.read())
        except Exception as error:
            found.append(str(error))
    assert found == [
        b"fine",
        "'b/2': 5 bytes came, and it should have 50",
        "'b/3': more than 1,000 bytes",
        "'b/4': more than 1,000 bytes",
        "gone",
    ]


class StoreError(Exception):
    """What a package of somebody's raises."""


class MuteError(Exception):
    """One that fails to say what it is about."""

    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (StoreError("no such bucket\nand much more"), "StoreError: no such bucket"),
        (StoreError("\nno such bucket"), "StoreError: no such bucket"),
        (StoreError(), "StoreError"),
        (MuteError(), "MuteError"),
    ],
)
def test_whatever_a_store_raises_is_one_line_with_the_address(store, monkeypatch, raised, told):
    def ls(self, path, **_):
        raise raised

    monkeypatch.setattr(Store, "ls", ls)
    with pytest.raises(JobError, match=rf"^the source teststore://b cannot be read: {told}$"):
        inputs("teststore://b", "path")


def test_a_list_in_a_store_is_read_like_one_here(store):
    store.files["b/l.csv"] = b"id;text\n1;one\n2;two\n"
    assert read("teststore://b/l.csv") == (
        ["one", "two"],
        ["l.csv: separated by semicolons, column 'text' of id, text"],
    )


def test_an_address_that_no_package_opens_is_refused():
    with pytest.raises(JobError, match="the source nosuchstore://b cannot be read: ValueError: Protocol not known"):
        list(itertools.islice(items_of("nosuchstore://b", Wanted(("path",))), 1))
