"""The operator contract: names, ports, families, specs, and what `batch` has to give."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from junco import Hints, Operator, OperatorSpec, op, ops, pipe
from junco.errors import ContractError, JuncoError, OperatorError, ParameterError, UnknownNameError
from junco.operator import registry
from junco.operator.family import Family
from junco.operator.ports import Port, Ports
from junco.types import Box, Image, Vector


class Plain(Operator, family="contract-test", name="plain"):
    def __init__(self, model: str = "small", device: str = "auto", scale: float = 1.0):
        self.scale = scale
        self.log: list[str] = []

    def open(self):
        self.log.append("open")

    def batch(self, numbers: Sequence[int]) -> list[float]:
        self.log.append("batch")
        return [number * self.scale for number in numbers]

    def close(self):
        self.log.append("close")


# ---- names


def test_an_operator_is_named_by_its_family_and_itself():
    assert (Plain.name, Plain.family) == ("contract-test.plain", "contract-test")
    assert registry.load("contract-test.plain") is Plain
    assert "contract-test.plain" in registry.names()


@pytest.mark.parametrize("name", ["Upper", "with space", "", "-dash", "a.b.c"], ids=repr)
def test_a_name_that_cannot_be_is_refused(name):
    with pytest.raises(ContractError, match="no name for an operator"):
        type("Odd", (Operator,), {}, family="Contract Test", name=name)


def test_a_base_class_of_operators_needs_no_name():
    class Base(Operator):
        def batch(self, numbers):
            return list(numbers)

    assert not Base.is_registered
    assert Base()(3) == 3


def test_an_unknown_operator_comes_with_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        ops["contract-test.plane"]
    assert caught.value.suggestions[0] == "contract-test.plain"
    with pytest.raises(UnknownNameError, match=r"'contract-test.plain'"):
        ops.contract_test.plane  # noqa: B018
    assert not hasattr(ops, "no_such_family_at_all")


def test_operators_are_found_as_attributes_with_underscores():
    assert ops.contract_test.plain("large") == Plain("large").spec
    assert ops.contract_test("large") == Plain("large").spec, "the only member stands for the family"
    assert "plain" in dir(ops.contract_test)
    assert "contract_test" in dir(ops)


# ---- ports


def ports(annotated) -> str:
    return str(annotated.ports())


def test_the_annotations_of_batch_are_its_ports():
    assert ports(Plain) == "(numbers: int) -> (out: float)"


def test_a_batch_of_several_columns_and_outputs_has_as_many_ports():
    class Crop(Operator, family="contract-test", name="crop"):
        def batch(self, images: Sequence[Image], boxes: Sequence[Box]) -> list[tuple[Image, float]]: ...

    image = "image[height, width, 3; uint8]"
    assert ports(Crop) == f"(images: {image}, boxes: Box) -> (out0: {image}, out1: float)"


def test_a_batch_without_annotations_says_nothing():
    class Bare(Operator, family="contract-test", name="bare"):
        def batch(self, numbers): ...

    assert ports(Bare) == "(numbers: any) -> (out: any)"


def test_the_annotations_of_a_function_are_its_ports_and_a_generator_gives_its_elements():
    @op("contract-test.words")
    def words(text: str, *, most: int = 3) -> Iterator[str]:
        yield from text.split()[:most]

    assert ports(words.load()) == "(text: str) -> rows of (out: str)"


def test_keyword_only_arguments_of_a_function_are_its_parameters():
    @op("contract-test.cut")
    def cut(text: str, *, most: int = 3) -> str:
        return text[:most]

    assert cut("abcdef") == "abc"
    assert ops.contract_test.cut(most=2)("abcdef") == "ab"
    with pytest.raises(ParameterError, match=r"no parameter 'moost'. Did you mean 'most'"):
        ops.contract_test.cut(moost=2)


def test_a_parameter_of_a_function_needs_a_default():
    with pytest.raises(ParameterError, match="'most' a default"):

        @op("contract-test.no-default")
        def cut(text: str, *, most: int) -> str: ...


@pytest.mark.parametrize(("name", "problem"), [("lonely", "has no family"), (len, "write the operator's name")])
def test_op_needs_a_full_name(name, problem):
    with pytest.raises(ContractError, match=problem):
        op(name)(lambda text: text)


def test_hints_of_a_function_are_its_operators():
    made = op("contract-test.hinted", hints=Hints(max_batch=1))(lambda x: x)
    assert made.load().hints.max_batch == 1


# ---- families


def joined(batch, **parameters):
    """A class that wants to be an image embedding."""

    class Made(Operator):
        def __init__(self, device: str = "auto", normalize: bool = True, truncate_dim: int | None = None): ...

    body = {"batch": batch, **parameters}
    return type("Made", (Made,), body, family="image-embedding", name="contract-test")


def test_an_operator_that_keeps_its_familys_contract_joins():
    def batch(self, images: Sequence[Image]) -> list[Vector]: ...

    assert joined(batch).name == "image-embedding.contract-test"


def test_an_operator_without_annotations_has_its_familys_ports():
    def batch(self, images): ...

    assert ports(joined(batch)) == "(image: image[height, width, 3; uint8]) -> (vector: vector[dim; float32])"


def wrong_output(self, images: Sequence[Image]) -> list[str]: ...


def wrong_input(self, images: Sequence[str]) -> list[Vector]: ...


def wrong_count(self, images, boxes): ...


@pytest.mark.parametrize("batch", [wrong_output, wrong_input, wrong_count])
def test_an_operator_that_breaks_its_familys_contract_is_refused_with_both_signatures(batch):
    with pytest.raises(ContractError) as caught:
        joined(batch)
    message = str(caught.value)
    assert "'image-embedding.contract-test' cannot join the operator family 'image-embedding'" in message
    assert "the family has (image: image[height, width, 3; uint8]) -> (vector: vector[dim; float32])" in message
    assert message.count("->") == 2


def test_a_member_that_lacks_a_parameter_of_its_family_is_refused():
    family = Family("test", "operator", Ports((), ()), "test.first", "for tests", parameters=("device", "normalize"))
    with pytest.raises(ContractError, match="lacks the parameter 'normalize'; the family asks for"):
        family.check("test.mine", Ports((), ()), ["device"])


def test_an_embedding_needs_no_parameters_of_its_own():
    class Mine(Operator, family="image-embedding", name="contract-test-mine"):
        def __init__(self, model: str = "small", device: str = "auto"): ...

        def batch(self, images):
            return [np.zeros(4, np.float32) for _ in images]

    assert ops.image_embedding.contract_test_mine("large")(np.zeros((2, 2, 3), np.uint8)).shape == (4,)


# ---- specs


def test_a_spec_loads_nothing_and_says_its_parameters():
    spec = Plain("large", scale=2.0).spec
    assert str(spec) == "contract-test.plain(model='large', scale=2.0)"
    assert spec.params == {"model": "large", "scale": 2.0}
    assert (str(Plain().spec), spec.load()) == ("contract-test.plain", Plain)


def test_specs_are_equal_when_name_and_parameters_are_however_they_were_written():
    assert Plain("large").spec == Plain(model="large").spec == ops.contract_test.plain("large")
    assert hash(Plain("large").spec) == hash(Plain(model="large").spec)
    assert len({Plain("a").spec, Plain(model="a").spec, Plain("b").spec}) == 2


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 2.0], False),
        ({"a": 1}, {"a": True}, False),
        (float("nan"), float("nan"), True),
        (np.arange(3), np.arange(3), True),
        (np.arange(3), np.arange(3) + 1, False),
    ],
    ids=repr,
)
def test_parameters_are_compared_with_their_types(one, other, are_equal):
    assert (Plain(one).spec == Plain(other).spec) is are_equal
    assert not are_equal or hash(Plain(one).spec) == hash(Plain(other).spec)


@pytest.mark.parametrize("way", [lambda s: pickle.loads(pickle.dumps(s)), copy.copy, copy.deepcopy])
def test_a_spec_survives_pickling_and_copying(way):
    spec = Plain("large", scale=2.0).spec
    assert way(spec) == spec
    assert way(spec).create().scale == 2.0


def test_a_spec_cannot_be_changed():
    with pytest.raises(AttributeError):
        Plain().spec.name = "other"


def test_a_spec_with_other_parameters_is_another_spec():
    spec = Plain("large", scale=2.0).spec
    assert spec.with_params({"scale": 3.0}) == Plain(scale=3.0).spec
    assert spec == Plain("large", scale=2.0).spec


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ((), {"modle": "x"}, r"no parameter 'modle'. Did you mean 'model'\?"),
        ((1, 2, 3, 4), {}, "too many positional"),
        (("a",), {"model": "b"}, "multiple values"),
    ],
)
def test_parameters_are_checked_before_anything_is_built(args, kwargs, problem):
    for build in (Plain, ops.contract_test.plain):
        with pytest.raises(ParameterError, match=problem):
            build(*args, **kwargs)


def test_making_specs_imports_no_heavy_library():
    script = (
        "import sys; from junco import ops; ops.image_embedding(); ops.text_embedding(); "
        "print(sorted({'torch', 'timm', 'transformers', 'PIL', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


# ---- life


def test_a_live_operator_opens_once_works_and_closes():
    operator = Plain(scale=2.0)
    assert operator.log == []
    assert (operator(3), operator(4)) == (6.0, 8.0)
    operator.ensure_closed()
    operator.ensure_closed()
    assert operator.log == ["open", "batch", "batch", "close"]
    assert operator(1) == 2.0, "it may be opened again"


def test_a_live_operator_is_not_pickled_and_says_what_is():
    with pytest.raises(TypeError, match=r"contract-test.plain.*its \.spec is"):
        pickle.dumps(Plain())


class Table(list):
    """Has rows, and is iterated by column."""

    columns = ("a",)


WRONG = {
    "too few": [],
    "too many": [1, 2],
    "nothing": None,
    "an iterator": iter([1]),
    "a number": 1,
    "a set": {1},
    "a dictionary": {1: 1},
    "keys": {1: 1}.keys(),
    "text": "1",
    "bytes": b"1",
    "a buffer": bytearray(1),
    "an array without axes": np.array(1),
    "a table": Table([1]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_batch_that_does_not_give_one_result_for_each_item_is_refused_by_name(wrong):
    class Wrong(Operator, family="contract-test", name="wrong"):
        def batch(self, numbers):
            return wrong

    with pytest.raises(ContractError, match=r"'contract-test\.wrong' returned"):
        Wrong()(1)
    with pytest.raises(OperatorError, match=r"'contract-test\.wrong' returned"):
        pipe.input("x").map("x", "y", Wrong()).output("y").batch([1])


@pytest.mark.parametrize("kind", [tuple, deque, np.array, lambda rows: dict(zip(rows, rows, strict=True)).values()])
def test_any_results_that_have_an_order_are_taken_in_it(kind):
    class Right(Operator, family="contract-test", name="right"):
        def batch(self, numbers):
            return kind(numbers)

    assert Right()(7) == 7
    assert pipe.input("x").map("x", "y", Right()).output("y").batch([3, 1, 2]) == [3, 1, 2]


def test_an_operator_without_batch_says_what_is_missing():
    class Empty(Operator, family="contract-test", name="empty"):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define batch"):
        Empty()(1)


def test_what_an_operator_leaves_open_its_family_says():
    wanted = Ports((Port("text", str),), (Port("vector", Vector),))
    registry.register_family(Family("contract-loose", "operator", wanted, "contract-loose.one", "a text → a vector"))

    class Counted(Operator):
        def batch(self, n: Sequence[int]) -> Sequence[Vector]: ...

    class Loose(Operator, family="contract-loose", name="one"):
        def batch(self, *columns: Any, **_: Any) -> Sequence[Vector]: ...

    assert str(Loose.ports()) == "(text: str) -> (vector: vector[dim; float32])"
    embed = pipe.input("n").map("n", "v", Counted(), name="embed").output("v")
    with pytest.raises(ContractError, match=r"step needs \(n: int\) .* has \(text: str\)"):
        embed.replace("embed", Loose())


def test_an_operator_of_rows_without_a_method_is_told_of_both_ways():
    class NoRows(Operator, family="contract-test", name="no-rows", rows="many"):
        pass

    says = r"NoRows must define stream\(\), which yields the rows of one item, or batch\(\), which gives a list of rows"
    with pytest.raises(NotImplementedError, match=says):
        NoRows()(1)


def test_a_spec_is_itself_callable_and_light():
    assert isinstance(Plain().spec, OperatorSpec)
    assert Plain(scale=3.0).spec(2) == 6.0


@pytest.mark.parametrize("shape", [(2, 4), ()])
def test_what_is_no_vector_is_refused_where_the_family_gives_vectors(shape):
    class Wrong(Operator, family="text-embedding", name=f"test-shape-{len(shape)}"):
        def __init__(self, device: str = "auto", normalize: bool = True, role: str | None = None):
            pass

        def batch(self, texts: Sequence[str]) -> Sequence[Vector]:
            return [np.zeros(shape, np.float32) for _ in texts]

    p = pipe.input("text").map("text", "v", Wrong().spec).output("v")
    for call in (lambda: Wrong()("a"), lambda: Wrong().spec("a"), lambda: p("a"), lambda: p.batch(["a", "b"])):
        with pytest.raises(JuncoError, match=r"gives vectors, \(dim,\), and returned an array of shape"):
            call()


def test_vectors_of_any_length_and_type_are_taken():
    class Bits(Operator):
        def batch(self, texts: Sequence[str]) -> Sequence[Vector]:
            return np.zeros((len(texts), 3), np.uint8)

    assert Bits()("a").shape == (3,)
