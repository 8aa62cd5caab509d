"""Models through which an item goes in several patches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from junco import NeuralOperator, Source, option
from junco.errors import ContractError
from junco.neural.patches import PatchEmbedding, PatchModel

ITEMS = [[1.0, 2.0, 3.0, 4.0], [5.0], [6.0, 7.0, 8.0], [9.0, 0.5]]


def network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())


class Pairs(PatchEmbedding, family="course-embedding", name="test-pairs"):
    """Courses by their pairs of neighbours, the last filled up with 0."""

    dim = 3

    def source(self) -> Source:
        return Source(build=network, seed=3)

    def patches(self, item: list[float]) -> list[np.ndarray]:
        filled = [*item, 0.0] if len(item) % 2 else item
        return list(np.array(filled, np.float32).reshape(-1, 2))

    def golden(self) -> list[list[float]]:
        return ITEMS


class Weighted(Pairs, family="course-embedding", name="test-weighted"):
    """The same, where a patch that is half empty counts half."""

    def shares(self, item: list[float], num_patches: int) -> np.ndarray:
        return np.minimum(2, len(item) - 2 * np.arange(num_patches))


class Peaks(PatchModel, family="course-peaks", name="test-peaks"):
    """For each patch the place of its largest number."""

    def source(self) -> Source:
        return Source(build=network, seed=3)

    def patches(self, item: list[float]) -> list[np.ndarray]:
        return Pairs.patches(self, item)

    def read_patches(self, numbers: list[np.ndarray], items: list[list[float]]) -> list[list[int]]:
        return [each.argmax(axis=1).tolist() for each in numbers]

    def golden(self) -> list[list[float]]:
        return ITEMS


@pytest.fixture(scope="module")
def numbers_of():
    """The network's numbers for an item's patches (k, 3), by torch alone."""
    generator = torch.random.get_rng_state()
    torch.manual_seed(3)
    made = network().eval()
    torch.random.set_rng_state(generator)

    def numbers(item):
        filled = [*item, 0.0] if len(item) % 2 else item
        with torch.inference_mode():
            return made(torch.tensor(filled).reshape(-1, 2)).numpy()

    return numbers


@pytest.mark.parametrize("pool", ["mean", "max"])
def test_a_vector_is_the_mean_or_the_most_of_the_patches(pool, numbers_of):
    expected = [getattr(numbers_of(item), pool)(axis=0) for item in ITEMS]
    found = Pairs(pool=pool)
    found.ensure_open()
    np.testing.assert_allclose(found.batch(ITEMS), expected, atol=1e-5)
    np.testing.assert_allclose([found(item) for item in ITEMS], expected, atol=1e-5)


def test_patches_may_count_differently(numbers_of):
    found = Weighted()([6.0, 7.0, 8.0])
    np.testing.assert_allclose(found, np.average(numbers_of(ITEMS[2]), axis=0, weights=[2, 1]), atol=1e-5)


def test_numbers_are_read_item_by_item(numbers_of):
    expected = [numbers_of(item).argmax(axis=1).tolist() for item in ITEMS]
    found = Peaks()
    found.ensure_open()
    assert found.batch(ITEMS) == expected
    assert [found(item) for item in ITEMS] == expected


def test_passes_are_filled_across_items():
    found = Pairs()
    found.ensure_open()
    passes = []
    found.numbers = lambda columns: passes.append(len(columns[0])) or np.zeros((len(columns[0]), 3), np.float32)
    found.batch(ITEMS)
    assert passes == [2 + 1 + 2 + 1]


def test_how_patches_are_pooled_is_part_of_the_space():
    assert Pairs().space() != Pairs(pool="max").space()


def test_ports_are_those_of_the_methods_that_the_author_wrote():
    assert str(Peaks.ports().inputs[0].type) == str(list[float])
    assert Pairs.ports().outputs == NeuralOperator._outputs()


def test_an_item_without_a_patch_is_the_authors_fault():
    class Nothing(Pairs, family="course-embedding", name="test-nothing"):
        """Gives no patch."""

        def patches(self, item: list[float]) -> list[np.ndarray]:
            return Pairs.patches(self, item) if item else []

    with pytest.raises(ContractError, match="an item has at least one"):
        Nothing()([])


def test_a_class_without_patches_is_refused_when_it_is_defined():
    with pytest.raises(ContractError, match=r"must define patches\(\)"):

        class Without(PatchEmbedding, family="course-embedding", name="test-without"):
            """Says not how an item is cut."""

            def source(self) -> Source:
                return Source(build=network, seed=3)


def test_an_option_that_is_said_to_be_outside_of_it_is_no_part_of_the_space():
    class Loud(Pairs):
        least: float = option(0.5, in_space=False)
        scale: float = 1.0

    assert Loud(least=0.1).space() == Loud().space()
    assert Loud(scale=2.0).space() != Loud().space()
