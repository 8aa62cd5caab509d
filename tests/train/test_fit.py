"""Training, through `fit`, of small networks on digits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from junco.errors import TrainError
from junco.train.args import TrainingArgs
from junco.train.examples import ArrayRows, Examples
from junco.train.fitting import rows_that_fit
from junco.train.passes import Passes
from junco.train.scope import part_of
from training import (
    Attending,
    Convolutional,
    Onlooker,
    accuracy,
    digits,
    labelled,
    pairs,
    scored,
    seeded,
    task_of,
    taught,
    trained,
    triplets,
)

GOALS = [
    ("classify", labelled),
    ("arcface", labelled),
    ("triplet", labelled),
    ("contrastive", labelled),
    ("contrastive", pairs),
    ("contrastive", triplets),
    ("triplet", triplets),
    ("cosent", scored),
    ("distil", lambda: taught(16)),
    ("distil", lambda: taught(24)),
]


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(("goal", "examples"), GOALS)
def test_every_goal_makes_vectors_of_held_out_pictures_better(tmp_path, goal, examples):
    done = trained(task_of(seeded(Attending)), examples(), tmp_path, goal, epochs=6, lr=1e-2)
    before, best = done.history.epochs[0].measures["accuracy"], done.history.best.measures["accuracy"]
    assert best > before + 0.02
    assert done.history.ending == "done"
    assert done.tensors


def test_leading_numbers_are_trained_to_be_vectors_too(tmp_path):
    def of_two(embed):
        return accuracy(lambda rows, side: embed(rows, side)[:, :3])

    plain, nested = (
        trained(task_of(seeded(Attending)), labelled(), tmp_path, epochs=6, measure=of_two, lr=1e-2, matryoshka=lengths)
        for lengths in ((), (3,))
    )
    assert nested.history.best.measures["accuracy"] > plain.history.best.measures["accuracy"]
    with pytest.raises(TrainError, match="17 is no length within a vector of 16"):
        trained(task_of(seeded(Attending)), labelled(), tmp_path, matryoshka=(17,))


def test_one_seed_gives_equal_bits_and_another_others(tmp_path):
    first, again, other = (
        trained(task_of(seeded(Convolutional)), labelled(), tmp_path, seed=seed, lr=None, metric="")
        for seed in (1, 1, 2)
    )
    assert same(first.tensors, again.tensors)
    assert first.history.losses == again.history.losses
    assert not same(first.tensors, other.tensors)


def test_what_is_drawn_elsewhere_is_as_if_nothing_had_been_trained(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(task_of(seeded(Attending, drop=0.1)), labelled(), tmp_path, steps=2, epochs=None)
    assert torch.equal(torch.rand(3), expected)


def test_what_comes_out_makes_a_fresh_network_the_trained_one(tmp_path):
    task = task_of(seeded(Convolutional))
    done = trained(task, labelled(), tmp_path)
    fresh = seeded(Convolutional)
    state = fresh.state_dict()
    assert {name.removeprefix("network.") for name in done.tensors} <= state.keys()
    assert any("running_mean" in name for name in done.tensors)
    fresh.load_state_dict(
        {**state, **{k.removeprefix("network."): torch.as_tensor(v) for k, v in done.tensors.items()}}
    )
    pixels = torch.from_numpy(digits()[2])
    assert torch.equal(fresh.eval()(pixels), task.network(pixels))
    assert not task.network.training


def test_layers_by_name_are_trained_alone_with_their_statistics(tmp_path):
    done = trained(task_of(seeded(Convolutional)), labelled(), tmp_path, scope=("second", "out"), metric="")
    assert done.tensors
    assert all(name.startswith(("network.second.", "network.out.")) for name in done.tensors)
    assert any("running_var" in name for name in done.tensors)
    assert done.history.num_trained < done.history.num_weights


def test_statistics_of_a_network_that_was_trained_stay_and_those_of_a_fresh_one_are_learned(tmp_path):
    fresh, known = seeded(Convolutional), seeded(Convolutional)
    with torch.no_grad():
        known.train()(torch.from_numpy(digits()[0][:64]))
    names = {name for name, _ in fresh.named_buffers() if name.endswith("running_mean")}
    learned, kept = (
        trained(task_of(network), labelled(), tmp_path / str(at), epochs=1, metric="")
        for at, network in enumerate((fresh, known))
    )
    assert {f"network.{name}" for name in names} <= learned.tensors.keys()
    assert not {f"network.{name}" for name in names} & kept.tensors.keys()


def test_names_of_layers_begin_inside_of_what_wraps_the_network(tmp_path):
    wrapped = nn.ModuleDict({"network": seeded(Attending)})
    task = task_of(wrapped["network"])
    task.network, task.inside = wrapped, "network"
    done = trained(task, labelled(), tmp_path, scope=("blocks.1",), steps=3, epochs=None, metric="")
    assert done.tensors
    assert all(name.startswith("network.network.blocks.1.") for name in done.tensors)
    with pytest.raises(TrainError, match=r"no layer 'block\.1'.*blocks\.1"):
        trained(task, labelled(), tmp_path, scope=("block.1",))


def test_a_layer_without_weights_cannot_be_trained(tmp_path):
    with pytest.raises(TrainError, match="no weights that can be trained"):
        trained(task_of(seeded(Convolutional)), labelled(), tmp_path, scope=("drop",))


def test_the_best_epoch_is_kept_and_not_the_last(tmp_path):
    task, seen, values = task_of(seeded(Attending)), [], iter([0.1, 0.5, 0.9, 0.2])

    def measure(embed):
        seen.append(embed(ArrayRows((digits()[2],)), "left"))
        return {"mine": next(values)}

    done = trained(task, labelled(), tmp_path, epochs=3, measure=measure, metric="mine")
    assert done.history.best.number == 2
    with torch.no_grad():
        now = task.network(torch.from_numpy(digits()[2])).numpy()
    np.testing.assert_allclose(now, seen[2], atol=1e-6)
    assert np.abs(now - seen[3]).max() > 1e-3


def test_where_nothing_was_better_the_network_is_as_before(tmp_path):
    values = iter([0.9, 0.5])
    task = task_of(seeded(Convolutional))
    done = trained(task, labelled(), tmp_path, measure=lambda embed: {"mine": next(values)}, metric="mine")
    assert (done.history.best.number, done.tensors) == (0, {})
    assert same(_arrays(task.network), _arrays(seeded(Convolutional)))


def _arrays(network):
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def test_where_nothing_is_held_out_the_last_epoch_is_kept(tmp_path):
    done = trained(task_of(seeded(Attending)), labelled(), tmp_path, epochs=2, measure=lambda embed: {}, metric="")
    assert done.history.best.number == 2
    assert done.tensors


def test_it_ends_when_nothing_gets_better_for_a_while(tmp_path):
    values = iter([0.1, 0.5, 0.4, 0.5, 0.9])
    done = trained(
        task_of(seeded(Attending)),
        labelled(),
        tmp_path,
        epochs=9,
        patience=2,
        measure=lambda embed: {"mine": next(values)},
        metric="mine",
    )
    assert (done.history.ending, done.history.epochs[-1].number, done.history.best.number) == ("patience", 3, 1)


def test_steps_end_it_in_the_middle_of_an_epoch(tmp_path):
    watch = Onlooker()
    done = trained(task_of(seeded(Attending)), labelled(), tmp_path, epochs=None, steps=11, batch=30, watch=watch)
    assert (done.history.ending, [step for step, *_ in watch.steps]) == ("steps", list(range(1, 12)))
    assert [epoch.step for epoch in watch.epochs] == [0, 8, 11]


def test_gradients_of_several_batches_make_one_step(tmp_path):
    one = trained(task_of(seeded(Attending)), labelled(), tmp_path, batch=40, balance=False, metric="")
    two = trained(task_of(seeded(Attending)), labelled(), tmp_path, batch=20, accumulate=2, balance=False, metric="")
    assert [step for step, _ in two.history.losses] == [step for step, _ in one.history.losses]
    assert two.history.losses[0][1] == pytest.approx(one.history.losses[0][1], rel=1e-5)
    np.testing.assert_allclose(two.tensors["network.embed.weight"], one.tensors["network.embed.weight"], atol=1e-4)


def test_a_loss_that_is_no_number_ends_it_with_what_was_best(tmp_path):
    pixels = np.array(digits()[0])
    pixels[100] = np.nan
    broken = Examples((ArrayRows((pixels,)),), labels=digits()[1])
    watch = Onlooker()
    done = trained(task_of(seeded(Attending)), broken, tmp_path, epochs=2, batch=8, balance=False, watch=watch)
    assert done.history.ending == "not finite"
    assert all(math.isfinite(loss) for _, loss in done.history.losses)
    assert all(np.isfinite(tensor).all() for tensor in done.tensors.values())
    assert any(f"step {len(watch.steps) + 1}: the loss is nan at a rate of" in line for line in watch.lines)


def test_a_rate_far_too_high_leaves_no_weight_that_is_no_number(tmp_path):
    done = trained(task_of(seeded(Attending)), labelled(), tmp_path, epochs=3, lr=1000.0, schedule="constant", warmup=0)
    assert all(np.isfinite(tensor).all() for tensor in done.tensors.values())
    assert done.history.best.measures["accuracy"] >= done.history.epochs[0].measures["accuracy"]


def test_an_interrupt_keeps_the_best_so_far(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    task = task_of(seeded(Attending))
    done = trained(task, labelled(), tmp_path, epochs=5, metric="", watch=Onlooker(at=14, do=interrupt))
    assert (done.history.ending, len(done.history.epochs)) == ("interrupted", 2)
    whole = trained(task_of(seeded(Attending)), labelled(), tmp_path, epochs=5, metric="")
    assert done.history.losses == whole.history.losses[: len(done.history.losses)]
    assert done.tensors


class Crowded(Attending):
    """As much as a small memory holds."""

    def forward(self, pixels):
        if len(pixels) > 10 and self.training:
            raise MemoryError
        return super().forward(pixels)


@pytest.mark.parametrize(("goal", "examples"), [("classify", labelled), ("contrastive", pairs)])
def test_a_batch_that_memory_does_not_hold_goes_through_in_parts_and_learns_the_same(tmp_path, goal, examples):
    roomy, crowded = (
        trained(task_of(seeded(kind)), examples(), tmp_path, goal, steps=4, epochs=None, metric="")
        for kind in (Attending, Crowded)
    )
    assert [line for line in crowded.history.told if "parts of 8" in line]
    for (_, expected), (_, loss) in zip(roomy.history.losses, crowded.history.losses, strict=True):
        assert loss == pytest.approx(expected, rel=1e-4)


def test_memory_that_holds_nothing_is_an_error_that_says_what_to_take(tmp_path):
    class Full(Attending):
        def forward(self, pixels):
            if self.training:
                raise MemoryError
            return super().forward(pixels)

    with pytest.raises(TrainError, match="memory does not hold a pass of 2 examples: take"):
        trained(task_of(seeded(Full)), labelled(), tmp_path)


def test_bfloat16_learns_too(tmp_path):
    done = trained(task_of(seeded(Attending)), labelled(), tmp_path, precision="bfloat16", epochs=6, lr=1e-2)
    assert done.history.best.measures["accuracy"] > done.history.epochs[0].measures["accuracy"]
    assert all(tensor.dtype == np.float32 for tensor in done.tensors.values())


def test_examples_are_changed_at_random_in_training_and_not_when_they_are_measured(tmp_path):
    drawn = []

    def change(tensors, generator):
        drawn.append(float(torch.rand((), generator=generator)))
        return tensors

    for _ in range(2):
        trained(task_of(seeded(Attending), augment=change), labelled(), tmp_path, steps=3, epochs=None)
    half = len(drawn) // 2
    assert drawn[:half] == drawn[half:]
    assert len({*drawn[-3:]}) == 3
    drawn.clear()
    trained(task_of(seeded(Attending), augment=change), pairs(), tmp_path, "contrastive", steps=2, epochs=None)
    assert not drawn, "not of pairs, if nothing is said"
    with pytest.raises(TrainError, match="lends no way to change its examples"):
        trained(task_of(seeded(Attending)), labelled(), tmp_path, augment=True)


def test_the_rate_that_is_found_learns_and_leaves_no_trace(tmp_path):
    found = trained(task_of(seeded(Attending)), labelled(), tmp_path, lr=None, epochs=2)
    assert [line for line in found.history.told if line.startswith("lr: ")]
    given = trained(task_of(seeded(Attending)), labelled(), tmp_path, lr=found.history.lr, epochs=2)
    assert same(found.tensors, given.tensors)
    assert found.history.losses[-1][1] < found.history.losses[0][1]


def test_a_rate_at_which_examples_are_learned_by_heart_is_not_taken(tmp_path):
    pixels = np.random.default_rng(0).normal(size=(64, 1, 8, 8)).astype(np.float32)
    noise = Examples((ArrayRows((pixels,)),), labels=np.arange(64) % 2)
    found = trained(
        task_of(seeded(Attending)), noise, tmp_path, lr=None, steps=1, epochs=None, measure=lambda embed: {}
    )
    assert found.history.lr < 4e-4


class ListedRows(list):
    """Rows in memory, of whatever shapes."""

    def take(self, places):
        return [self[place] for place in places]


def test_rows_may_differ_in_shape(tmp_path):
    pixels, labels = digits()[:2]
    rows = [(pixels[i][:, : 8 - i % 3],) for i in range(len(pixels))]

    def padded(rows, side):
        return (
            torch.stack([torch.from_numpy(np.pad(row[0], ((0, 0), (0, 8 - row[0].shape[1]), (0, 0)))) for row in rows]),
        )

    task = task_of(seeded(Attending))
    task.collate = padded
    examples = Examples((ListedRows(rows),), labels=labels)
    done = trained(task, examples, tmp_path, epochs=4, lr=5e-3)
    assert done.history.losses[-1][1] < done.history.losses[0][1]


def test_how_many_rows_fit_is_seen_of_the_largest(tmp_path):
    seen = []
    rows = [(np.zeros((1, 1 + place % 7, 3), np.float32),) for place in range(40)]
    task = task_of(seeded(Attending))
    inner = task.forward

    def noted(rows, side):
        seen.append(sorted(row[0].shape[1] for row in rows))
        return (torch.zeros(len(rows), *digits()[0].shape[1:]),)

    task.collate, task.forward = noted, inner
    passes = Passes(task, part_of(task, TrainingArgs(scope="all")), torch.device("cpu"), False, False)
    rows_that_fit(passes, Examples((ListedRows(rows),), labels=np.arange(40) % 2), 32)
    assert seen == [[7, 7], [7, 7, 7, 7]]


def test_a_network_that_gives_no_vector_for_each_row_is_told(tmp_path):
    task = task_of(seeded(Attending))
    task.forward = lambda tensors, side: task.network(tensors[0])[0]
    with pytest.raises(TrainError, match=r"forward\(\) gave \(16,\) for 2 rows"):
        trained(task, labelled(), tmp_path)
