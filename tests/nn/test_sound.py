"""Blocks of sound: the front end is the one that operators compute without torch, and strange sounds are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from junco.errors import ParameterError
from junco.neural.spectrogram import MelSpectrogram
from junco.nn import (
    ClassificationHead,
    CosineHead,
    EcapaBlock,
    GeMPool,
    LogMel,
    MarginHead,
    MelBands,
    Spectrogram,
    StatisticsPool,
)


@pytest.mark.parametrize("centred", [True, False])
def test_the_front_end_gives_what_operators_compute_in_numpy(centred):
    samples = np.random.default_rng(0).normal(size=8000).astype(np.float32)
    edges = "reflect" if centred else "none"
    wanted = MelSpectrogram(num_mels=64, power=2.0, log_offset=1e-3, edges=edges)(samples)
    front = LogMel(Spectrogram(centred=centred), MelBands(64), 1e-3)
    found = front(torch.from_numpy(samples)[None])[0].T.numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-4


def test_statistics_are_mean_and_standard_deviation():
    sound = torch.randn(2, 3, 50)
    wanted = torch.cat([sound.mean(dim=2), sound.std(dim=2, correction=0)], dim=1)
    assert torch.allclose(StatisticsPool()(sound), wanted, atol=1e-6)


def test_a_margin_makes_only_the_own_class_harder_and_never_easier():
    torch.manual_seed(0)
    head, vectors, labels = MarginHead(4, 3, 1.0, 0.5), torch.randn(200, 4), torch.randint(3, (200,))
    plain, harder = head(vectors), head(vectors, labels)
    own = torch.nn.functional.one_hot(labels, 3).bool()
    assert torch.equal(plain[~own], harder[~own])
    assert (harder[own] < plain[own]).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EcapaBlock(8, 10, num_groups=4), "num_groups=4 does not divide width=10"),
        (lambda: Spectrogram(512, fft=400), "window=512 is longer than fft=400"),
        (lambda: MelBands(highest_hz=9000), "from 0 to 9000 Hz"),
        (lambda: MelBands(lowest_hz=300, highest_hz=200), "bands go upwards"),
        (lambda: LogMel(Spectrogram(), MelBands(), 0), "silence has no logarithm"),
        (lambda: CosineHead(4, 3, -1), "CosineHead: scale=-1 must be"),
        (lambda: MarginHead(4, 3, 0), "MarginHead: scale=0 must be"),
        (lambda: MarginHead(4, 3, margin=2), "a right angle"),
        (lambda: ClassificationHead(4, 3, dropout=1.0), "dropout=1.0 must be"),
        (lambda: GeMPool(0), "exponent=0"),
    ],
)
def test_blocks_that_make_no_sense_are_refused(make, said):
    with pytest.raises(ParameterError, match=said):
        make()
