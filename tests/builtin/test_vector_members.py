"""vector: pool, concatenate, pca and quantize."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from junco import ops, pipe, pipeline
from junco.builtin.vector.concatenate import Concatenate
from junco.builtin.vector.normalize import Normalize
from junco.builtin.vector.pca import Pca
from junco.builtin.vector.pool import Pool
from junco.builtin.vector.quantize import Quantize
from junco.builtin.vector.truncate import Truncate
from junco.errors import ContractError, InputError, ParameterError, UnavailableError
from junco.neural.finish import Finish
from junco.types import Space

RNG = np.random.default_rng(5)
VECTORS = RNG.normal(size=(7, 12)).astype(np.float32)
SPACE = Space({"operator": "model", "dim": 12, "normalize": True}, "Model")
PACKED = SPACE.but(precision="ubinary")


@pytest.fixture(scope="module")
def data():
    """500 vectors of 24 numbers that vary much more in some directions than in others, about a mean."""
    rng = np.random.default_rng(11)
    return (rng.normal(size=(500, 24)) * np.geomspace(3, 0.05, 24) @ rng.normal(size=(24, 24)) + 2).astype(np.float32)


@pytest.fixture
def fitted(data, tmp_path):
    def fit(name="pca.npy", dim=8, **how):
        pca = ops.vector.pca(dim=dim).fit(data, tmp_path / name, **how).create()
        pca.ensure_open()
        return pca

    return fit


# pool


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, VECTORS.mean(axis=0)),
        ({"how": "max"}, VECTORS.max(axis=0)),
        ({"normalize": True}, VECTORS.mean(axis=0) / np.linalg.norm(VECTORS.mean(axis=0))),
    ],
)
def test_a_group_is_pooled_number_by_number(how, expected):
    for group in (list(VECTORS), iter(VECTORS), VECTORS, tuple(map(list, VECTORS))):
        found = Pool(**how)(group)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_generalised_mean_is_that_of_the_paper():
    positive = np.abs(VECTORS)
    expected = (positive.astype(np.float64) ** 3).mean(axis=0) ** (1 / 3)
    np.testing.assert_allclose(Pool(how="gem")(positive), expected, rtol=1e-6)
    np.testing.assert_allclose(Pool(how="gem", power=1)(positive), positive.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(Pool(how="gem", power=200)(positive), positive.max(axis=0), rtol=0.02)


@pytest.mark.parametrize("how", ["mean", "max", "gem"])
def test_one_vector_is_its_own_pool(how):
    np.testing.assert_allclose(Pool(how=how)([np.abs(VECTORS[0])]), np.abs(VECTORS[0]), rtol=1e-6)


@pytest.mark.parametrize(
    ("group", "problem"),
    [
        ([], "a group without vectors has no mean"),
        ([[1.0, 2], [1.0]], "a vector of 1 numbers in a group of vectors of 2"),
        ([[1.0, np.nan]], "not finite"),
        (3, "takes the vectors of a group"),
        ([3], "takes a vector"),
    ],
)
def test_groups_that_cannot_be_pooled_are_refused(group, problem):
    with pytest.raises(InputError, match=problem):
        Pool()(group)


def test_the_generalised_mean_takes_no_negative_numbers():
    with pytest.raises(InputError, match="no negative numbers"):
        Pool(how="gem")([[1.0, -1.0]])


@pytest.mark.parametrize("verb", ["window_all", "reduce"])
def test_a_step_pools_the_vectors_of_each_scope(verb):
    def vectors(count):
        yield from VECTORS[:count]

    steps = pipe.input("count").flat_map("count", "vector", vectors)
    pooled = getattr(steps, verb)("vector", "pooled", ops.vector.pool()).output("pooled")
    found = pooled.batch([1, 3, 7])
    np.testing.assert_allclose(found, [VECTORS[:count].mean(axis=0) for count in (1, 3, 7)], atol=1e-6)


def test_pooled_vectors_live_in_a_space_of_their_own():
    spaces = {
        Pool(**how).space(SPACE)
        for how in ({}, {"how": "max"}, {"how": "gem"}, {"how": "gem", "power": 2}, {"normalize": True})
    }
    assert len(spaces | {SPACE}) == 6
    assert Pool().space(SPACE).parts["normalize"] is False
    assert Pool(normalize=True).space(SPACE).parts["normalize"] is True
    assert Pool().space(None) is Pool().space(PACKED) is None


# chains of them

MODEL = SPACE.but(normalize=False)
_STEPS = {
    "normalize": Normalize(),
    "truncate to 8": Truncate(dim=8, renormalize=False),
    "truncate to 5": Truncate(dim=5, renormalize=False),
    "truncate to 8 and scale": Truncate(dim=8),
    "mean": Pool(),
    "max": Pool(how="max"),
    "quantize": Quantize(),
}


def after(chain, vectors):
    """The space of what a chain makes of vectors, and what it makes: a pool one vector of two."""
    space = MODEL
    for step in chain:
        if isinstance(step, Pool):
            vectors = [step(list(vectors[start : start + 2])) for start in range(0, len(vectors) - 1, 2)]
        else:
            vectors = [step(vector) for vector in vectors]
        space = step.space(space)
    return space, np.stack(vectors).astype(np.float64)


def are_alike(one, other):
    """Up to rounding."""
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(one).max())


def fits(chain):
    """Whether every step is given as many numbers as it takes."""
    dim = 12
    for step in chain:
        takes = {Pca: dim == 12, Truncate: getattr(step, "dim", 0) <= dim}
        if not takes.get(type(step), True):
            return False
        dim = getattr(step, "dim", dim)
    return True


def test_chains_that_give_other_vectors_have_other_spaces(tmp_path):
    """Of all chains of up to four steps, in every order, those of one space give the same vectors."""
    numbers = np.abs(np.random.default_rng(8).normal(size=(600, 12))).astype(np.float32)
    one = ops.vector.pca(dim=12).fit(numbers[:300], tmp_path / "one.npy").create()
    other = ops.vector.pca(dim=12).fit(numbers[300:] ** 3, tmp_path / "other.npy").create()
    found: dict[Space, tuple[tuple[str, ...], np.ndarray]] = {}
    steps = {**_STEPS, "one": one, "other": other}
    for names in (names for length in range(1, 5) for names in permutations(steps, length)):
        chain = [steps[name] for name in names]
        if fits(chain):
            space, vectors = after(chain, numbers[:8])
            known = found.setdefault(space, (names, vectors))
            assert are_alike(known[1], vectors), f"{' → '.join(known[0])} and {' → '.join(names)} are one space"


def test_what_gives_the_same_vectors_in_another_order_is_one_space():
    normalize, truncate, mean = Normalize(), Truncate(dim=8, renormalize=False), Pool()
    for one, other in (
        ((truncate, mean), (mean, truncate)),
        ((normalize, mean, truncate), (normalize, truncate, mean)),
        ((normalize, truncate, normalize), (truncate, normalize)),
        ((mean, mean), (mean,)),
    ):
        assert after(one, VECTORS)[0] == after(other, VECTORS)[0]


def test_the_space_of_projected_vectors_tells_what_was_projected(fitted):
    pca = fitted()
    assert pca.space(MODEL).parts["of"] == MODEL.parts
    assert pca.space(MODEL).label == "Model"
    lost = Space(MODEL.parts, "Model", unknown="step 'map' (f)")
    for step, inputs in ((pca, [lost]), (Pool(), [lost]), (Concatenate(), [MODEL, lost]), (Quantize(), [lost])):
        assert step.space(*inputs).unknown == "step 'map' (f)"


# concatenate


def test_vectors_of_several_columns_stand_one_after_the_other():
    join = pipe.input("one", "other").map(("one", "other"), "both", ops.vector.concatenate()).output("both")
    assert join([1.0, 2], [3.0]).tolist() == [1, 2, 3]
    assert Concatenate()([1], [2], [3.5]).tolist() == [1, 2, 3.5]


def test_the_space_of_concatenated_vectors_has_both_in_it_in_their_order():
    other = Space({"operator": "sound", "dim": 4}, "Sound")
    both = Concatenate().space(SPACE, other)
    assert both.parts["dim"] == 16
    assert both.label == "Model + Sound"
    assert both.parts["of"] == [SPACE.parts, other.parts]
    assert both != Concatenate().space(other, SPACE)
    assert both != Concatenate().space(SPACE, other.but(dim=5))
    assert Concatenate().space(SPACE, None) is Concatenate().space(SPACE, PACKED) is None
    assert "dim" not in Concatenate().space(SPACE, Space({"operator": "x"})).parts


# pca


@pytest.mark.parametrize("whiten", [False, True])
def test_pca_gives_what_scikit_learn_gives(fitted, data, whiten):
    """Max difference ≤ 1e-5 of the largest number; seen: 2e-7."""
    from sklearn.decomposition import PCA

    reference = PCA(8, whiten=whiten, svd_solver="full").fit(data.astype(np.float64))
    signs = np.sign(reference.components_[np.arange(8), np.abs(reference.components_).argmax(axis=1)])
    expected = reference.transform(data.astype(np.float64)) * signs
    found = np.stack(fitted(whiten=whiten).batch(data))
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_whitened_data_vary_by_one_in_each_direction(fitted, data):
    found = np.stack(fitted(whiten=True).batch(data))
    np.testing.assert_allclose(np.cov(found.T), np.eye(8), atol=1e-3)


def test_a_fitted_file_is_read_back_and_takes_part_in_the_space(fitted, data, tmp_path):
    one, other = fitted("one.npy"), fitted("other.npy", whiten=True)
    again = fitted("again.npy")
    assert one.space(SPACE).parts["dim"] == 8
    assert one.space(SPACE) == again.space(SPACE)
    assert len({one.space(SPACE), other.space(SPACE), SPACE}) == 3
    assert one.space(None) is one.space(PACKED) is None
    steps = pipe.input("vector").map("vector", "vector", ops.vector.pca(file=str(tmp_path / "one.npy")))
    np.testing.assert_array_equal(steps.output("vector")(data[0]), one(data[0]))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_projected_does_not_depend_on_batches(fitted, data):
    pca = fitted()
    np.testing.assert_array_equal(pca.batch(data[:9]), [pca.batch([vector])[0] for vector in data[:9]])


def test_more_directions_than_the_data_have_are_refused(tmp_path):
    flat = np.outer(np.arange(5.0), np.ones(4))
    for vectors, dim in ((flat, 2), (VECTORS[:3], 3), (np.ones((4, 3)), 1)):
        with pytest.raises(ParameterError, match=f"dim={dim}, but"):
            ops.vector.pca(dim=dim).fit(vectors, tmp_path / "a.npy")
    assert not (tmp_path / "a.npy").exists()


def test_what_was_fitted_is_a_spec_that_a_file_of_yaml_can_name(data, tmp_path):
    spec = ops.vector.pca(dim=8).fit(data, tmp_path / "pca.npy")
    assert spec == ops.vector.pca(file=str(tmp_path / "pca.npy"), dim=8)
    steps = pipe.input("vector").map("vector", "vector", spec, name="reduce").output("vector")
    steps.save(tmp_path / "reduce.yaml")
    with pipeline(tmp_path / "reduce.yaml") as again:
        np.testing.assert_array_equal(again(data[0]), spec(data[0]))


def test_of_a_file_the_strongest_directions_can_be_kept(fitted, data, tmp_path):
    many = fitted("many.npy")
    few = Pca(file=str(tmp_path / "many.npy"), dim=3)
    np.testing.assert_allclose(few(data[0]), many(data[0])[:3], atol=1e-5)
    assert few.space(SPACE).parts["dim"] == 3
    with pytest.raises(ParameterError, match="dim=9 is more than the 8 directions in"):
        Pca(file=str(tmp_path / "many.npy"), dim=9)(data[0])
    assert len(ops.vector.pca().fit(data, tmp_path / "all.npy")(data[0])) == 24


@pytest.mark.parametrize(
    ("vectors", "problem"),
    [
        ([], "there are none"),
        (np.zeros((0, 4), np.float32), "there are none"),
        ("vectors", "is fitted on many vectors"),
        (3, "is fitted on many vectors"),
        (np.ones(4), "takes a vector"),
        ([[1.0, np.nan]], "not finite"),
        ([[1.0, 2.0], [1.0]], "some have 2 numbers, others 1"),
    ],
    ids=str,
)
def test_data_that_cannot_be_are_refused_and_no_file_is_written(vectors, problem, tmp_path):
    with pytest.raises(InputError, match=problem):
        ops.vector.pca(dim=1).fit(vectors, tmp_path / "a.npy")
    assert not list(tmp_path.iterdir())


def test_what_learns_nothing_from_data_says_so(tmp_path):
    with pytest.raises(ContractError, match=r"'vector.normalize' is not fitted on data"):
        ops.vector.normalize().fit(VECTORS, tmp_path / "a.npy")


def test_a_missing_file_another_file_and_another_length_are_refused(fitted, tmp_path):
    with pytest.raises(UnavailableError, match=r"no file of directions is named: fit\(\) writes it"):
        Pca()(VECTORS[0])
    with pytest.raises(UnavailableError, match=r"no file .*missing\.npy': fit\(\) writes it"):
        Pca(file=str(tmp_path / "missing.npy"))(VECTORS[0])
    (tmp_path / "text.npy").write_text("no array")
    np.save(tmp_path / "flat.npy", np.ones(4, np.float32))
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    for name in ("text.npy", "flat.npy", "objects.npy"):
        with pytest.raises(InputError, match="is no file that fit"):
            Pca(file=str(tmp_path / name))(VECTORS[0])
    with pytest.raises(InputError, match=r"a vector of 12 numbers, and .* was fitted on vectors of 24"):
        fitted()(VECTORS[0])


# quantize


@pytest.mark.parametrize("precision", ["float32", "float16", "int8", "ubinary"])
def test_a_quantised_vector_is_what_the_model_itself_would_give(precision):
    found = Quantize(precision=precision).batch(VECTORS)
    expected = Finish("model", precision=precision).rows(VECTORS)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert Quantize(precision=precision).space(SPACE) == Finish("model", precision=precision).in_space(SPACE)


def test_int8_keeps_directions():
    vector, found = VECTORS[0], Quantize()(VECTORS[0]).astype(float)
    assert np.abs(found).max() == 127
    assert vector @ found / np.linalg.norm(vector) / np.linalg.norm(found) > 0.9999


def test_what_was_quantised_before_is_told_by_the_space():
    assert Quantize().space(SPACE.but(precision="float16")) != Quantize().space(SPACE)
    assert Quantize().space(None) is Quantize().space(PACKED) is None


def test_numbers_too_large_for_half_precision_are_refused():
    with pytest.raises(InputError, match="too large for precision='float16'"):
        Quantize(precision="float16")([1e6, 1])
