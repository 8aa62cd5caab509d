"""Models of pictures and texts by their names: each is its own library's, number for number."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image
from skimage import data

import image_text_models
from junco import ops, pipeline
from junco.errors import IntegrityError, ParameterError, UnavailableError
from junco.operator import registry

MEMBERS = ("image-text-embedding.transformers", "image-text-embedding.open-clip")
PICTURES = [data.chelsea(), data.coffee(), data.astronaut()[:300, :100]]
TEXTS = ["a cat", "two dogs of red bicycle", "", "a photo of a cat . " * 60, "x y z"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a kind of model."""
    made = {}

    def of(kind):
        if kind not in made:
            place = tmp_path_factory.mktemp(kind)
            is_library = kind != "open_clip"
            made[kind] = image_text_models.save(kind, place) if is_library else image_text_models.save_open_clip(place)
        return made[kind]

    return of


def features(made):
    return (made if hasattr(made, "numpy") else made.pooler_output).numpy()


@pytest.mark.parametrize("kind", image_text_models.KINDS)
def test_vectors_are_those_of_transformers(kind, folder, loaded):
    """Max difference 1e-6, of numbers up to 3."""
    import torch
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder(kind)).eval()
    pictures = AutoImageProcessor.from_pretrained(folder(kind))(images=PICTURES, return_tensors="pt")
    tokenizer = AutoTokenizer.from_pretrained(folder(kind))
    length = min(tokenizer.model_max_length, model.config.text_config.max_position_embeddings)
    padding = "max_length" if kind.startswith("siglip") else True
    texts = tokenizer(TEXTS, padding=padding, truncation=True, max_length=length, return_tensors="pt")
    with torch.inference_mode():
        of_pictures = features(model.get_image_features(**pictures))
        of_texts = features(model.get_text_features(**{name: texts[name] for name in tokenizer.model_input_names}))
    told = {"model": str(folder(kind)), "runtime": "torch"}
    found = loaded("image-text-embedding.transformers", **told).batch(PICTURES)
    np.testing.assert_allclose(np.stack(found), of_pictures, atol=1e-6)
    found = loaded("image-text-embedding.transformers", modality="text", **told).batch(TEXTS)
    np.testing.assert_allclose(np.stack(found), of_texts, atol=1e-6)


def test_vectors_are_those_of_open_clip(folder, loaded):
    """Max difference 1e-6, of numbers up to 2."""
    import open_clip
    import torch

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder('open_clip')}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder('open_clip')}")
    with torch.inference_mode():
        model.eval()
        of_pictures = model.encode_image(torch.stack([transform(Image.fromarray(each)) for each in PICTURES]))
        of_texts = model.encode_text(tokenizer(TEXTS))
    told = {"model": str(folder("open_clip")), "runtime": "torch"}
    found = loaded("image-text-embedding.open-clip", **told).batch(PICTURES)
    np.testing.assert_allclose(np.stack(found), of_pictures.numpy(), atol=1e-6)
    found = loaded("image-text-embedding.open-clip", modality="text", **told).batch(TEXTS)
    np.testing.assert_allclose(np.stack(found), of_texts.numpy(), atol=1e-6)


@pytest.mark.parametrize(("member", "kind"), list(zip(MEMBERS, ("clip", "open_clip"), strict=True)))
def test_pictures_and_texts_live_in_one_space(member, kind, folder, loaded):
    of_pictures = loaded(member, model=str(folder(kind)))
    of_texts = loaded(member, model=str(folder(kind)), modality="text")
    assert of_pictures.space() == of_texts.space()
    assert of_pictures(PICTURES[0]).shape == of_texts("a cat").shape


def test_models_that_differ_have_spaces_that_differ(folder, loaded):
    spaces = {loaded(MEMBERS[0], model=str(folder(kind))).space() for kind in ("clip", "siglip", "chinese_clip")}
    assert len(spaces) == 3


@pytest.mark.parametrize(("member", "kind"), list(zip(MEMBERS, ("clip", "open_clip"), strict=True)))
def test_texts_that_are_longer_than_the_model_reads_are_noted(member, kind, folder, loaded):
    tokens = loaded(member, model=str(folder(kind)), modality="text").tokens(TEXTS)
    assert tokens.cut == [3]
    assert tokens.empty == [2]


@pytest.mark.parametrize(("member", "kind"), list(zip(MEMBERS, ("clip", "open_clip"), strict=True)))
@pytest.mark.parametrize("name", ["vocab.json", "merges.txt", "spiece.model", "added_tokens.json"])
def test_folders_whose_tokenizers_differ_in_a_file_differ_in_space_and_recipe(name, member, kind, folder, tmp_path):
    copies = [shutil.copytree(folder(kind), tmp_path / copy) for copy in ("one", "other")]
    for number, copy in enumerate(copies):
        (copy / name).write_text(f'{{"cat": {number}}}')
    one, other = (registry.load(member)(model=str(copy)) for copy in copies)
    assert one.space() != other.space()
    assert one.source().recipe != other.source().recipe
    assert copies[0] / name in one.files()


def test_words_that_a_model_does_not_know_are_noted(folder, loaded):
    tokens = loaded(MEMBERS[0], model=str(folder("clip")), modality="text").tokens(TEXTS)
    assert tokens.unknown == [4]


def test_the_network_of_the_other_kind_is_left_out(folder):
    for member, kind in zip(MEMBERS, ("clip", "open_clip"), strict=True):
        sizes = []
        for modality in ("image", "text"):
            network = registry.load(member)(str(folder(kind)), modality=modality).source().build()
            sizes.append(sum(tensor.numel() for tensor in network.state_dict().values()))
        whole = image_text_models.num_weights(folder(kind))
        assert max(sizes) < whole, member


def test_a_member_goes_into_the_pipeline_by_its_name(folder, tmp_path):
    Image.fromarray(data.chelsea()).save(tmp_path / "cat.png")
    clip = ops.image_text_embedding.transformers(str(folder("clip")))
    assert pipeline("image-text-embedding").replace("embed", clip)(tmp_path / "cat.png").shape == (24,)


def test_a_model_that_keeps_the_shape_of_pictures_runs_in_torch_alone(folder, loaded):
    assert loaded(MEMBERS[0], model=str(folder("siglip2")))(PICTURES[0]).shape == (32,)
    with pytest.raises(ParameterError, match="keep their shape"):
        loaded(MEMBERS[0], model=str(folder("siglip2")), runtime="openvino")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "ViT-B-99"}, "none of open_clip's"),
        ({"model": "ViT-B-32", "pretrained": "nope"}, "no tag of ViT-B-32, which has openai"),
        ({"model": "ViT-B-32", "pretrained": "openai"}, "model='ViT-B-32-quickgelu'"),
        ({"model": "ViT-B-16-SigLIP", "pretrained": "webli"}, "model='timm/ViT-B-16-SigLIP'"),
        ({"model": "/nowhere"}, "there is no such folder"),
    ],
)
def test_a_model_that_open_clip_does_not_have_is_refused_with_what_to_do(options, says):
    with pytest.raises(ParameterError, match=says):
        ops.image_text_embedding.open_clip(**options)(PICTURES[0])


def test_weights_in_pickled_form_are_read_only_with_their_sha256(tmp_path):
    file = tmp_path / "weights.pt"
    file.write_bytes(b"whatever it is")
    with pytest.raises(ParameterError, match="sha256= of a file that you trust"):
        ops.image_text_embedding.open_clip(pretrained=str(file))(PICTURES[0])
    with pytest.raises(IntegrityError, match="not the pinned"):
        ops.image_text_embedding.open_clip(pretrained=str(file), sha256="0" * 64)(PICTURES[0])


@pytest.mark.parametrize("member", MEMBERS)
def test_a_model_that_cannot_be_fetched_is_refused_at_once(member, monkeypatch):
    monkeypatch.setenv("JUNCO_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="is not in the Hugging Face cache"):
        registry.load(member)(model="nobody/nothing").ensure_open()
