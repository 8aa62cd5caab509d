"""``image-embedding.junco``: networks out of junco's own blocks, on the weights that timm has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from junco.builtin.image_embedding.timm import TimmEmbedding
from junco.errors import ParameterError
from junco.models.by_name import NamedNetwork, names, network_named
from junco.models.renames import load
from junco.wording import did_you_mean, nearest

if TYPE_CHECKING:
    import torch


class JuncoEmbedding(TimmEmbedding, family="image-embedding", name="junco"):
    """Embeds images with a network out of junco's blocks (`junco.nn`), by timm's name of it and on its weights.

    The vectors are those of ``image-embedding.timm``, and so is their space. Its layers have junco's names,
    ``stages.2``, ``stages.2.blocks.5``, so that vectors of a layer have a space of their own. There are ConvNeXt, DeiT,
    EfficientNet, Inception-v4, ResNet and its kin, Swin, Swin-V2 and ViT.

    Args:
        model: as timm writes it: ``swin_base_patch4_window7_224``, ``resnet50.a1_in1k``.
        pretrained: weights from the Hugging Face cache, which fetches them once; otherwise random ones.
        seed: where random weights start: those that timm draws from there.
    """

    def check_options(self) -> None:
        super().check_options()
        self._network()

    def bare(self) -> torch.nn.Module:
        return self._network().build().eval()

    def built(self) -> torch.nn.Module:
        network = self.bare()
        theirs = super().built().state_dict()
        load(network, self._network().renames.here(theirs), self.name)
        return network

    @staticmethod
    def features(network: Any, levels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = network(levels)
        return features

    def _network(self) -> NamedNetwork:
        """The network that the model's name says.

        Raises:
            ParameterError: there is none out of blocks.
        """
        architecture = self.model.partition(".")[0]
        if (found := network_named(architecture)) is None:
            near = did_you_mean(nearest(architecture, names()))
            place = " It takes timm's names alone, no hub's and no folder's." if ":" in self.model else near
            raise ParameterError(
                f"{self.name!r}: no network {architecture!r} is built of junco's blocks.{place} 'image-embedding.timm' "
                "runs any model of timm"
            )
        return found
