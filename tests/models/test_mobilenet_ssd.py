"""SSD-MobileNetV2: what is read of TensorFlow's graph."""

from __future__ import annotations

import numpy as np
import pytest

from junco.errors import ParameterError
from junco.models.mobilenet_ssd.frozen_graph import float_constants


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def constant(name, shape, numbers, kind=1):
    sizes = b"".join(field(2, bytes([1 << 3, size])) for size in shape)
    tensor = bytes([1 << 3, kind]) + field(2, sizes) + field(4, np.array(numbers, "<f4").tobytes())
    attribute = field(1, b"value") + field(2, field(8, tensor))
    return field(1, field(1, name.encode()) + field(2, b"Const") + field(5, attribute))


def test_constants_of_a_graph_are_read_and_other_nodes_passed_over(tmp_path):
    path = tmp_path / "graph.pb"
    other = field(1, field(1, b"sum") + field(2, b"Add"))
    path.write_bytes(
        constant("a", (2, 2), [1, 2, 3, 4]) + other + constant("b", (3,), [5]) + constant("c", (1,), [0], 3)
    )
    found = float_constants(path)
    assert found.keys() == {"a", "b"}
    assert found["a"].tolist() == [[1, 2], [3, 4]]
    assert found["b"].tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    "content",
    [
        constant("a", (2, 2), [1, 2, 3]),  # too few numbers
        constant("a", (2, 2), [1, 2, 3, 4])[:-3],  # cut off
        field(1, b"\xff" * 12),  # a number that does not end
        b"\x0b",  # a wire type of the past
        field(1, field(1, b"\xff\xfe")),  # a name that is no text
    ],
)
def test_a_damaged_graph_is_refused_with_its_path(tmp_path, content):
    path = tmp_path / "graph.pb"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=r"graph\.pb.*holds no graph of TensorFlow"):
        float_constants(path)
