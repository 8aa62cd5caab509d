"""Where a model of open_clip lies, what is said of it, and how that library reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from junco.builtin.hub_model.files import check_safetensors, damaged, read_json
from junco.builtin.hub_model.model import HubModel, is_path
from junco.errors import ParameterError
from junco.neural.weights import check_sha256

CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
_FOLDER = "local-dir:"
_OTHER_FORMS = "'.pt', '.pth' and '.bin' are read by pretrained= with the sha256= of a file that you trust"
_INSTEAD = "give the path of a file or folder that holds a model"


@dataclass(frozen=True, slots=True)
class OpenClipFiles:
    """What makes a model.

    Attributes:
        name: as the library takes it: ``ViT-B-32``, ``local-dir:/models/mine``.
        files: the weights, and what else decides vectors.
        model: the library's configuration of its networks.
        pictures: how pictures are prepared, in the library's words.
    """

    name: str
    files: tuple[Path, ...]
    model: Mapping[str, Any]
    pictures: Mapping[str, Any]

    @classmethod
    def of(cls, model: str | Path, pretrained: str | Path, sha256: str, owner: str) -> Self:
        """Find a model's files; what the cache does not have is fetched into it.

        Raises:
            ParameterError: there is no such model, tag or file, or a file is damaged.
            IntegrityError: the file is another one than ``sha256`` says.
            UnavailableError: not in the cache, and cannot be fetched.
        """
        name = str(model)
        is_place = isinstance(model, Path) or is_path(name) or Path(name).is_dir()
        if not is_place and "/" not in name:
            return cls._by_name(name, pretrained, sha256, owner)
        found = HubModel.of(model, owner, instead=_INSTEAD)
        config = found.needed(CONFIG, "model of open_clip")
        weights = found.needed(WEIGHTS, f"model whose weights are safetensors: {_OTHER_FORMS}")
        return cls._of_files(config, weights, [path for name in _TOKENIZER if (path := found.file(name)) is not None])

    @classmethod
    def _of_files(cls, config: Path, weights: Path, beside: Sequence[Path]) -> Self:
        told = read_json(config)
        if "model_cfg" not in told:
            raise damaged(config, "it has no 'model_cfg'")
        check_safetensors(weights)
        return cls(f"{_FOLDER}{config.parent}", (weights, *beside), told["model_cfg"], told.get("preprocess_cfg", {}))

    @classmethod
    def _by_name(cls, name: str, pretrained: str | Path, sha256: str, owner: str) -> Self:
        import open_clip

        told = open_clip.get_model_config(name)
        if told is None:
            raise ParameterError(
                f"{owner!r}: model={name!r} is none of open_clip's: open_clip.list_models() tells them"
            )
        if Path(pretrained).is_file():
            return cls(name, (_checked_file(Path(pretrained), sha256, owner),), told, {})
        tag = open_clip.get_pretrained_cfg(name, str(pretrained))
        if not tag:
            tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
            raise ParameterError(
                f"{owner!r}: pretrained={str(pretrained)!r} is no file, and no tag of {name}, which has {tags}"
            )
        repository, _, file = tag["hf_hub"].rpartition("/")
        if "hf_tokenizer_name" in told["text_cfg"] or "siglip" in name.lower():
            raise ParameterError(f"{owner!r}: the tokenizer of {name} lies beside its weights: model={repository!r}")
        if tag.get("quick_gelu", False) != told.get("quick_gelu", False):
            raise ParameterError(
                f"{owner!r}: the weights {str(pretrained)!r} were trained with another activation than {name} has: "
                f"model={_other_activation(name)!r} has it"
            )
        weights = HubModel(repository, owner, repository, "weights", _INSTEAD).file(WEIGHTS) if not file else None
        if weights is None:
            raise ParameterError(f"{owner!r}: {repository} has no weights as safetensors: {_OTHER_FORMS}")
        keys = ("mean", "std", "interpolation", "resize_mode")
        return cls(name, (weights,), told, {key: tag[key] for key in keys if key in tag})

    @property
    def weights(self) -> Path:
        """The file with them."""
        return self.files[0]

    def sha256(self) -> str:
        """Of all that is said of the model, besides its weights."""
        told = json.dumps([self.model, self.pictures], sort_keys=True).encode()
        return hashlib.sha256(b"".join([told, *(path.read_bytes() for path in self.files[1:])])).hexdigest()

    def network(self) -> Any:
        """The whole model with its weights, in float32 on the CPU."""
        import open_clip

        given = None if self.name.startswith(_FOLDER) else str(self.weights)  # which it finds in a folder
        try:
            return open_clip.create_model(self.name, given, weights_only=True, require_pretrained=True).eval()
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise damaged(self.weights, error) from error

    def transform(self) -> Any:
        """A picture of Pillow's → a tensor (3, side, side)."""
        from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

        size = {"size": self.model["vision_cfg"]["image_size"]}
        return image_transform_v2(PreprocessCfg(**merge_preprocess_dict(dict(self.pictures), size)), is_train=False)

    def tokenizer(self) -> Any:
        """Texts → ids."""
        import open_clip

        return open_clip.get_tokenizer(self.name)


def _checked_file(path: Path, sha256: str, owner: str) -> Path:
    """A file of weights that may be read.

    Raises:
        ParameterError: it is damaged, or in another form than safetensors without a sha256.
        IntegrityError: it is another one.
    """
    if sha256:
        check_sha256(path, sha256)
    if path.suffix == ".safetensors":
        check_safetensors(path)
    elif path.suffix not in (".pt", ".pth", ".bin") or not sha256:
        raise ParameterError(f"{owner!r}: pretrained={str(path)!r} is no safetensors: {_OTHER_FORMS}")
    return path


def _other_activation(name: str) -> str:
    suffix = "-quickgelu"
    return name.removesuffix(suffix) if name.endswith(suffix) else name + suffix
