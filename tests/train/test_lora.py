"""LoRA: what comes out, put beside the untouched weights, is the trained network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from junco.errors import TrainError
from training import Attending, Convolutional, digits, labelled, seeded, task_of, trained


def with_products(network, done):
    """The untouched network, its weights with the products added."""
    layers = {name[len("lora.") : -2] for name in done.tensors}
    for name in layers:
        weight = network.get_submodule(name).weight
        a, b = (torch.from_numpy(done.tensors[f"lora.{name}.{which}"]) for which in "ab")
        assert a.shape[1:] == weight.shape[1:]
        assert len(b) == len(weight)
        with torch.no_grad():
            weight += done.lora_scale * (b.flatten(1) @ a.flatten(1)).reshape(weight.shape)
    return network.eval()


@pytest.mark.parametrize("kind", [Attending, Convolutional])
def test_products_beside_the_untouched_weights_are_the_trained_network(tmp_path, kind):
    task = task_of(seeded(kind))
    done = trained(task, labelled(), tmp_path, scope="lora", rank=4, epochs=8, lr=2e-2, metric="")
    assert done.history.best.number > 0
    assert {name.partition(".")[0] for name in done.tensors} == {"lora"}
    pixels = torch.from_numpy(digits()[2])
    with torch.no_grad():
        expected = with_products(seeded(kind), done)(pixels)
        now = task.network(pixels)
    np.testing.assert_allclose(now.numpy(), expected.numpy(), atol=1e-5)
    assert task.network.state_dict().keys() == seeded(kind).state_dict().keys(), "no adapter is left in it"


def test_statistics_of_a_network_with_adapters_stay(tmp_path):
    task = task_of(seeded(Convolutional))
    trained(task, labelled(), tmp_path, scope="lora", epochs=1)
    untouched = seeded(Convolutional).state_dict()
    for name, tensor in task.network.state_dict().items():
        if "running" in name:
            assert torch.equal(tensor, untouched[name])


def test_convolutions_a_channel_have_no_product(tmp_path):
    done = trained(
        task_of(seeded(Convolutional)), labelled(), tmp_path, scope="lora", rank=8, epochs=2, lr=1e-2, metric=""
    )
    assert done.tensors
    assert not [name for name in done.tensors if "grouped" in name]
    assert [name for name in done.tensors if "out" in name]


def test_adapters_are_not_read_past_by_torchs_own_transformer(tmp_path):
    class Torchs(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(8, 16)
            self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.0)

        def forward(self, pixels):
            return self.layer(self.embed(pixels[:, 0])).mean(dim=1)

    task = task_of(seeded(Torchs))
    done = trained(task, labelled(), tmp_path, scope="lora", epochs=3, lr=1e-2, metric="")
    assert "lora.layer.linear1.a" in done.tensors
    pixels = torch.from_numpy(digits()[2])
    with torch.no_grad():
        np.testing.assert_allclose(
            task.network(pixels).numpy(), with_products(seeded(Torchs), done)(pixels).numpy(), atol=1e-5
        )


def test_a_network_that_is_too_small_for_it_says_what_to_take_instead(tmp_path):
    class Grouped(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 8, 3)

        def forward(self, pixels):
            return self.conv(pixels).mean(dim=(2, 3))

    with pytest.raises(TrainError, match="and its network has none: take a lower rank, scope='all'"):
        trained(task_of(seeded(Grouped)), labelled(), tmp_path, scope="lora")


def test_half_a_run_with_adapters_goes_on_to_the_bits_of_a_whole_one(tmp_path):
    from training import Onlooker

    def interrupt():
        raise KeyboardInterrupt

    def run(name, **more):
        (tmp_path / name).mkdir(exist_ok=True)
        task = task_of(seeded(Attending, drop=0.1))
        return trained(task, labelled(), tmp_path / name, scope="lora", epochs=3, checkpoint_s=0, **more)

    whole = run("whole")
    run("half", watch=Onlooker(at=13, do=interrupt))
    done = run("half", resume=True)
    assert done.history.resumed_at == [13] or done.history.resumed_at == [12]
    assert all(np.array_equal(done.tensors[name], whole.tensors[name]) for name in whole.tensors)
