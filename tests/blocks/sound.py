"""Blocks of sound."""

from __future__ import annotations

import torch
from torch import nn
from transformers.audio_utils import mel_filter_bank
from transformers.models.qwen2_5_omni import modeling_qwen2_5_omni as omni

from block_checks import draw_constants
from blocks import Case, Equality
from junco.models.renames import Renames, load
from junco.nn import (
    AttentiveStatisticsPool,
    EcapaBlock,
    LogMel,
    MelBands,
    Res2Net1d,
    Residual1d,
    Spectrogram,
    SqueezeExcite1d,
    StatisticsPool,
    TimeDelay,
)

_SOUND = (2, 8, 12)

CASES = [
    Case("TimeDelay", lambda: TimeDelay(8, 6, 3, 2, norm=nn.BatchNorm1d), (_SOUND,), (2, 6, 12)),
    Case("Residual1d", lambda: Residual1d(8, 3, 2), (_SOUND,), _SOUND),
    Case("Res2Net1d", lambda: Res2Net1d(8, 4, lambda width: TimeDelay(width, width)), (_SOUND,), _SOUND),
    Case("SqueezeExcite1d", lambda: SqueezeExcite1d(8, 8), (_SOUND,), _SOUND),
    Case("EcapaBlock", lambda: EcapaBlock(8, 8, 3, 2, num_groups=4, inner=4), (_SOUND,), _SOUND),
    Case(
        "EcapaBlock to other channels",
        lambda: EcapaBlock(8, 12, num_groups=4, inner=4, norm=nn.BatchNorm1d),
        (_SOUND,),
        (2, 12, 12),
    ),
    Case("StatisticsPool", StatisticsPool, (_SOUND,), (2, 16)),
    Case("AttentiveStatisticsPool", lambda: AttentiveStatisticsPool(8, 4), (_SOUND,), (2, 16)),
    Case("Spectrogram", lambda: Spectrogram(40, 16, 64), ((2, 320),), (2, 33, 21)),
    Case("Spectrogram of whole frames", lambda: Spectrogram(40, 16, 64, centred=False), ((2, 320),), (2, 33, 18)),
    Case("MelBands", lambda: MelBands(10, 1600, 64, lowest_hz=20, highest_hz=700), ((2, 33, 4),), (2, 10, 4)),
    Case("LogMel", lambda: LogMel(Spectrogram(40, 16, 64), MelBands(10, 1600, 64), 1e-2), ((2, 320),), (2, 10, 21)),
]

_THEIRS = Renames(
    ("before", "tdnn1"),
    ("after", "tdnn2"),
    ("groups.convs.{}", "res2net_block.blocks.{}"),
    ("convs.{}", "blocks.{}"),
    ("scale.squeeze", "se_block.conv1"),
    ("scale.excite", "se_block.conv2"),
    ("squeeze", "conv1"),
    ("excite", "conv2"),
    ("look", "tdnn"),
)
_POOL = Renames(("look", "tdnn"), ("weigh", "conv"))


def _omni(theirs, ours, renames=_THEIRS):
    def pair():
        reference = theirs()
        draw_constants(reference)
        own = ours()
        load(own, renames.here(reference.state_dict()), type(own).__name__)
        return own.eval(), reference.eval()

    return pair


def _attentive():
    ours, theirs = _omni(lambda: omni.AttentiveStatisticsPooling(8, 4), lambda: AttentiveStatisticsPool(8, 4), _POOL)()
    return ours, lambda sound: theirs(sound).squeeze(2)


def _spectrogram():
    ours = Spectrogram(512, 160, 512)
    window = torch.hann_window(512)
    return ours, lambda samples: torch.stft(samples, 512, 160, 512, window, return_complex=True).abs().square()


def _scaled(*both):
    """On quiet sound, whose energies are at most about 1."""
    return [lambda samples, each=each: each(samples / 64) for each in both]


def _bands():
    filters = mel_filter_bank(257, 40, 20.0, 7600.0, 16000, mel_scale="htk")
    return MelBands(40, lowest_hz=20, highest_hz=7600), lambda energies: torch.from_numpy(filters).float().T @ energies


_OMNI = "transformers.models.qwen2_5_omni"
EQUALITIES = [
    Equality(
        "StatisticsPool",
        "torch.std",
        lambda: (StatisticsPool(), lambda x: torch.cat([x.mean(dim=2), x.std(dim=2, correction=0)], dim=1)),
        (_SOUND,),
        note="and torch.mean",
    ),
    Equality(
        "TimeDelay",
        f"{_OMNI}.TimeDelayNetBlock",
        _omni(lambda: omni.TimeDelayNetBlock(8, 6, 3, 2), lambda: TimeDelay(8, 6, 3, 2)),
        (_SOUND,),
    ),
    Equality(
        "Res2Net1d",
        f"{_OMNI}.Res2NetBlock",
        _omni(
            lambda: omni.Res2NetBlock(8, 8, 4, 3, 2),
            lambda: Res2Net1d(8, 4, lambda width: TimeDelay(width, width, 3, 2)),
        ),
        (_SOUND,),
    ),
    Equality(
        "SqueezeExcite1d",
        f"{_OMNI}.SqueezeExcitationBlock",
        _omni(lambda: omni.SqueezeExcitationBlock(8, 4, 8), lambda: SqueezeExcite1d(8, 4)),
        (_SOUND,),
    ),
    Equality(
        "EcapaBlock",
        f"{_OMNI}.SqueezeExcitationRes2NetBlock",
        _omni(
            lambda: omni.SqueezeExcitationRes2NetBlock(8, 8, 4, 4, 3, 2),
            lambda: EcapaBlock(8, 8, 3, 2, num_groups=4, inner=4),
        ),
        (_SOUND,),
    ),
    Equality("AttentiveStatisticsPool", f"{_OMNI}.AttentiveStatisticsPooling", _attentive, (_SOUND,)),
    Equality("Spectrogram", "torch.stft", lambda: _scaled(*_spectrogram()), ((2, 4000),), note="of quiet sound"),
    Equality("MelBands", "transformers.audio_utils.mel_filter_bank", _bands, ((2, 257, 3),)),
]
