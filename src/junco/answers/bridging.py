"""`bridged`: a stored set in the space of a tuned operator, by a product with its head, without the items.

Block by block, so that a set of any size needs the memory of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import InputError, JuncoError, TargetError
from junco.graph.nodes import Graph
from junco.graph.params import with_step
from junco.graph.yaml_file import read
from junco.job.identity import about_pipeline
from junco.neural.bridge import Bridge
from junco.operator.tunable import OPTION
from junco.operator.tuned_folder import TunedFolder, read_folder
from junco.settings import user_path
from junco.store.arrow import arrow
from junco.store.durable import removed, writing
from junco.store.files import FileSink
from junco.store.stored import Stored, matrix
from junco.store.target import sink_of
from junco.store.vectors import FOLDER, PIPELINE, TITLE, space_metadata
from junco.types import Space

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Bridged:
    """What was written.

    Attributes:
        num_rows: of the set.
        source: the space of its vectors.
        target: that of the new ones.
        written: where they are.
        is_searchable: whether it says which pipeline makes such vectors.
    """

    num_rows: int
    source: Space
    target: Space
    written: str
    is_searchable: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        told = {"rows": self.num_rows, "written": self.written, "is_searchable": self.is_searchable}
        return {**told, "source": self.source.id, "target": self.target.id}

    def __str__(self) -> str:
        more = "it can be searched" if self.is_searchable else "it names no pipeline, so that only vectors search it"
        return f"{self.num_rows:,} vectors of {self.source} are now of {self.target}\nwrote {self.written}: {more}"


def bridged(path: str | Path, tuned: str | Path, to: str | Path) -> Bridged:
    """Write a set's rows with their vectors brought into a tuned operator's space; the set itself is not changed.

    Args:
        path: of the set: a ``.parquet`` or ``.npy`` file, a folder of Parquet files.
        tuned: the folder of an operator whose head was trained.
        to: the set to write, of any of these kinds.

    Raises:
        SpaceError: the set's vectors are not those that the operator gave before.
        InputError: it is no such set.
        TargetError: ``to`` cannot be written, or is there already.
    """
    place = user_path(path)
    if place.suffix.lower() not in (".parquet", ".npy") and not place.is_dir():
        raise InputError(f"{path}: a bridge goes from a .parquet or .npy file, or a folder of Parquet files")
    stored, folder = Stored(place), read_folder(tuned)
    bridge = Bridge.of(tuned).on(stored.space)
    sink, source = _free(to), sink_of(f"{place}/" if place.is_dir() else place)
    assert isinstance(source, FileSink)
    rows = source.published()
    column = stored.vector_column
    about, is_searchable = _about(stored, folder, bridge.target)
    schema = _schema(rows.schema, column, bridge).with_metadata(about)
    with writing(str(to)):
        try:
            sink.check(is_ours=False)
            sink.write(_groups(rows, column, bridge, place, schema), schema, rows.num_rows)
            sink.publish(0)
        finally:
            if sink.work is not None:
                removed(sink.work)
    return Bridged(rows.num_rows, bridge.source, bridge.target, str(to), is_searchable)


def _free(to: str | Path) -> FileSink:
    sink = sink_of(to)
    if not isinstance(sink, FileSink) or sink.path.suffix.lower() in (".jsonl", ".csv"):
        raise TargetError(f"{to}: a bridge writes a .parquet or .npy file, or a folder of Parquet files (ends in /)")
    if sink.path.exists():
        raise TargetError(f"{to} is there already, and nothing is replaced: give another name")
    return sink


def _schema(schema: pa.Schema, column: str, bridge: Bridge) -> pa.Schema:
    pa = arrow()
    kind = pa.from_numpy_dtype(np.dtype(str(bridge.target.parts.get("precision", "float32"))))
    at = schema.get_field_index(column)
    return schema.set(at, pa.field(column, pa.list_(kind, bridge.weight.shape[0])))


def _groups(rows: Any, column: str, bridge: Bridge, path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    for start in range(0, rows.num_rows, _ROWS):
        pieces = rows.rows(start, min(_ROWS, rows.num_rows - start))
        table = arrow().concat_tables(pieces).combine_chunks()
        at = table.schema.get_field_index(column)
        yield table.set_column(at, schema.field(at), _mapped(table.column(column), column, bridge, path)).cast(schema)


def _mapped(column: pa.ChunkedArray, name: str, bridge: Bridge, path: Path) -> pa.Array:
    """The vectors of a column in the other space; what is missing stays missing."""
    pa = arrow()
    dim = bridge.weight.shape[0]
    is_there = np.asarray(column.is_valid())
    given = matrix(column.drop_null(), name, path)
    has_numbers = ~np.isnan(given).all(axis=1)  # of an array, NaN stands for a vector that is missing
    found = np.full((len(given), dim), np.nan, bridge(np.zeros((1, bridge.weight.shape[1]), np.float32)).dtype)
    found[has_numbers] = bridge(given[has_numbers])
    whole = np.zeros((len(column), dim), found.dtype)
    whole[is_there] = found
    missing = None if is_there.all() else pa.array(~is_there)
    return pa.FixedSizeListArray.from_arrays(pa.array(whole.ravel()), dim, mask=missing)


def _about(stored: Stored, folder: TunedFolder, space: Space) -> tuple[dict[str, str], bool]:
    """What the new set says of itself, and whether it names a pipeline that makes such vectors."""
    metadata: Mapping[bytes, bytes] = stored.schema.metadata or {}
    told = {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in metadata.items()}
    told = {key: value for key, value in told.items() if key not in (PIPELINE, TITLE, FOLDER)}
    graph = _graph(stored.made_by, folder, space) if stored.made_by else None
    if graph is None:
        return {**told, **space_metadata(space, stored.vector_column)}, False
    return {**told, **about_pipeline(graph, space, stored.vector_column, stored.named_by or None)}, True


def _graph(text: str, folder: TunedFolder, space: Space) -> Graph | None:
    """The pipeline that made the set, with the tuned operator in its place; ``None`` where its vectors are others."""
    from junco.api import Pipeline

    try:
        graph = read(text)
        for node in graph.nodes:
            if node.spec is not None and node.spec.name == folder.operator:
                fn = replace(node.spec, items=(*node.spec.items, (OPTION, str(folder.folder.absolute()))))
                changed = with_step(graph, replace(node, fn=fn, written=None))
                if Pipeline(changed).plan.space == space:
                    return changed
    except JuncoError:
        return None
    return None
