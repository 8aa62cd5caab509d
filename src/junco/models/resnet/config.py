"""The ResNet family: one network, whose blocks differ in what they do in their middle."""

from __future__ import annotations

from dataclasses import dataclass, replace

from junco.errors import ParameterError
from junco.models.widths import rounded


@dataclass(frozen=True, slots=True)
class Selection:
    """How blocks select between two kernels.

    Attributes:
        share: of how many channels one is squeezed out, from which the choice is made.
        step: of which that number of channels is a multiple.
        is_split: whether each kernel sees half of the channels instead of all.
    """

    share: int = 16
    step: int = 8
    is_split: bool = True

    def inner_width(self, width: int) -> int:
        """Channels from which the choice is made."""
        return rounded(width / self.share, self.step)


@dataclass(frozen=True, slots=True)
class ResNetConfig:
    """One member of the family.

    Attributes:
        depths: blocks of each stage.
        widths: of each stage; a bottleneck gives four times as many channels.
        is_basic: whether blocks are two 3×3 convolutions, as in the small ones, and not bottlenecks.
        groups: into how many parts the middle of a bottleneck is cut (ResNeXt).
        group_width: channels of the middle, for each group and 64 of the stage's width.
        is_deep: whether it begins with three 3×3 convolutions for one of 7×7, and shortcuts take means (ResNet-D).
        is_squeezed: whether channels are scaled by squeeze-and-excitation, to a sixteenth of them (SE-ResNet).
        selection: how the middle selects between two kernels; ``None``: it has one (SK-Net).
        is_antialiased: whether what has stride 2 is blurred.
        num_classes: of the classifier; 0: there is none.
    """

    depths: tuple[int, ...]
    widths: tuple[int, ...] = (64, 128, 256, 512)
    is_basic: bool = False
    groups: int = 1
    group_width: int = 64
    is_deep: bool = False
    is_squeezed: bool = False
    selection: Selection | None = None
    is_antialiased: bool = False
    num_classes: int = 1000

    def __post_init__(self) -> None:
        if self.selection is not None and self.is_antialiased:
            raise ParameterError("ResNetConfig: kernels that are selected are not blurred: leave one of both out")

    @property
    def out_widths(self) -> tuple[int, ...]:
        """Channels that the stages give."""
        return tuple(width if self.is_basic else 4 * width for width in self.widths)

    @property
    def dim(self) -> int:
        """How many features there are."""
        return self.out_widths[-1]

    @staticmethod
    def squeezed_width(width: int) -> int:
        """Of squeeze-and-excitation over so many channels."""
        return rounded(width / 16, least=0)

    def middle_width(self, width: int) -> int:
        """Channels of the middle of a bottleneck, in a stage of that width."""
        return width * self.group_width // 64 * self.groups


_50 = (3, 4, 6, 3)
_DEPTHS = {18: (2, 2, 2, 2), 34: _50, 50: _50, 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_PLAIN = {depth: ResNetConfig(depths, is_basic=depth < 50) for depth, depths in _DEPTHS.items()}
_RESNEXT = {
    f"{depth}_{groups}x{width}d": replace(_PLAIN[depth], groups=groups, group_width=width)
    for depth, groups, width in ((50, 32, 4), (101, 32, 4), (101, 32, 8), (101, 64, 4))
}
VARIANTS = {
    **{f"resnet{depth}": config for depth, config in _PLAIN.items()},
    **{f"resnet{depth}d": replace(config, is_deep=True) for depth, config in _PLAIN.items()},
    **{f"wide_resnet{depth}_2": replace(_PLAIN[depth], group_width=128) for depth in (50, 101)},
    "resnetblur50": replace(_PLAIN[50], is_antialiased=True),
    **{f"resnext{name}": config for name, config in _RESNEXT.items()},
    "resnext50d_32x4d": replace(_RESNEXT["50_32x4d"], is_deep=True),
    **{f"seresnet{depth}": replace(config, is_squeezed=True) for depth, config in _PLAIN.items()},
    **{f"seresnext{name}": replace(_RESNEXT[name], is_squeezed=True) for name in ("50_32x4d", "101_32x8d")},
    "skresnet18": ResNetConfig((2, 2, 2, 2), is_basic=True, selection=Selection(8, 16)),
    "skresnet34": ResNetConfig(_50, is_basic=True, selection=Selection(8, 16)),
    "skresnet50": ResNetConfig(_50, selection=Selection()),
    "skresnet50d": ResNetConfig(_50, selection=Selection(), is_deep=True),
    "skresnext50_32x4d": ResNetConfig(_50, groups=32, group_width=4, selection=Selection(step=32, is_split=False)),
}
"""By timm's names."""
