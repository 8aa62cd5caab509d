"""Pictures and texts in one space: conse, which nobody trained, and the pipeline that takes both."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from skimage import data

import media
from junco import ops, pipeline
from junco.errors import InputError, OperatorError
from junco.operator import registry

PHOTOS = {
    "cat": data.chelsea,
    "coffee": data.coffee,
    "rocket": data.rocket,
    "motorcycle": lambda: data.stereo_motorcycle()[0],
    "astronaut": data.astronaut,
}
WORDS = {
    "cat": ("a cat", "一只猫"),
    "coffee": ("a cup of coffee", "一杯咖啡"),
    "rocket": ("a rocket", "火箭"),
    "motorcycle": ("a motorcycle", "摩托车"),
}


def unit(block):
    return block / np.linalg.norm(block, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name, photo in PHOTOS.items():
        Image.fromarray(photo()).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def photos(folder):
    with pipeline("image-text-embedding") as embed:
        return unit(embed.batch([folder / f"{name}.png" for name in PHOTOS]))


@pytest.fixture(scope="module")
def said():
    with pipeline("image-text-embedding", modality="text") as embed:
        yield embed


@pytest.mark.parametrize("name", WORDS)
def test_english_and_chinese_words_find_the_photo_that_they_mean(name, photos, said):
    for words in WORDS[name]:
        assert list(PHOTOS)[(photos @ said(words)).argmax()] == name, words


def test_what_is_no_class_is_told_by_the_classes_that_it_resembles(photos, said):
    """There is no astronaut among the 1,000: an honest miss, which the documentation speaks of."""
    assert list(PHOTOS)[(photos @ said("an astronaut")).argmax()] == "rocket"


def test_photos_and_texts_live_in_the_space_of_the_image_model():
    spaces = {
        pipeline("image-text-embedding").space,
        pipeline("image-text-embedding", modality="text").space,
        pipeline("image-embedding-efficientnet-lite2").space,
    }
    assert len(spaces) == 1


def test_a_photos_vector_is_that_of_the_image_model(folder, loaded):
    photo = data.chelsea()
    np.testing.assert_array_equal(
        loaded("image-text-embedding.conse")(photo), loaded("image-embedding.efficientnet-lite", model="lite2")(photo)
    )


def test_a_texts_vector_is_the_mix_of_rows_that_the_method_says(loaded):
    """Against numpy on the vectors of the encoder's own operator: max difference 2e-6 of numbers up to 0.1."""
    import torch
    from torchvision.models import MobileNet_V2_Weights

    encode = registry.load("text-embedding.use-multilingual")(runtime="torch")
    encode.ensure_open()
    names = np.stack(encode.batch(MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"]))
    texts = ["a red bicycle", "一只猫", "two dogs on the beach"]
    exponent = 20 * np.stack(encode.batch(texts)) @ names.T
    shares = np.exp(exponent) / np.exp(exponent).sum(axis=1, keepdims=True)
    (file,) = registry.load("image-embedding.efficientnet-lite")("lite2").files()
    rows = torch.load(file, weights_only=True)["_fc.weight"].numpy()
    expected = shares @ unit(rows - rows.mean(axis=0))
    found = np.stack(loaded("image-text-embedding.conse", modality="text", runtime="torch").batch(texts))
    np.testing.assert_allclose(found, expected, atol=2e-6)
    faster = np.stack(loaded("image-text-embedding.conse", modality="text").batch(texts))
    assert (unit(faster) * unit(expected)).sum(axis=1).min() > 0.999


@pytest.mark.slow
@pytest.mark.parametrize(
    ("margin", "english", "chinese"),
    [(None, (0.16, 0.29, 0.35), (0.11, 0.22, 0.31)), (0.15, (0.19, 0.33, 0.40), (0.11, 0.25, 0.34))],
    ids=["as they are", "with a margin"],
)
def test_captions_find_their_pictures_as_often_as_was_measured(margin, english, chinese, loaded):
    """Tux Paint's 538 pictures by English, 468 by Chinese captions; at random one in 54 is among the first ten.

    The image model looks at the middle of a picture, and these fill theirs to the border: a margin lets it see all.
    """
    decode, embed = loaded("image-decode.pil"), loaded("image-text-embedding.conse")
    captioned = list(_captioned(media.debian("tuxpaint-stamps-default")))
    photos = [decode(path) for path, *_ in captioned]
    photos = photos if margin is None else [_in_a_square(photo, margin) for photo in photos]
    vectors = unit(np.stack(embed.batch(photos)))
    say = loaded("image-text-embedding.conse", modality="text")
    for language, expected in enumerate((english, chinese), 1):
        rows = [row for row, each in enumerate(captioned) if each[language]]
        scores = unit(np.stack(say.batch([captioned[row][language] for row in rows]))) @ vectors.T
        ranks = (scores > scores[np.arange(len(rows)), rows][:, None]).sum(axis=1)
        np.testing.assert_allclose([float((ranks < most).mean()) for most in (1, 5, 10)], expected, atol=0.02)


def _captioned(folder):
    """Each picture, without letters and signs, with its English and its Chinese caption."""
    chinese = "zh_CN.utf8="
    for path in sorted(folder.rglob("*.png")):
        captions = path.with_suffix(".txt")
        lines = captions.read_text("utf-8", "replace").splitlines() if captions.exists() else []
        if lines and lines[0].strip() and path.relative_to(folder).parts[0] != "symbols":
            told = (line.removeprefix(chinese).strip() for line in lines if line.startswith(chinese))
            yield path, lines[0].strip(), next(told, "")


def _in_a_square(pixels, margin):
    """In the middle of a white square, that much larger than the picture's longer side."""
    height, width = pixels.shape[:2]
    side = int(max(height, width) * (1 + margin))
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = pixels
    return square


def test_the_pipeline_says_what_a_text_needs_that_was_taken_for_a_path():
    with pytest.raises(OperatorError, match=r"'一只猫': no such file; what is meant as a text needs modality='text'"):
        pipeline("image-text-embedding")("一只猫")


def test_a_text_that_is_a_path_is_never_read(tmp_path, said):
    secret = tmp_path / "secret.png"
    Image.fromarray(data.chelsea()).save(secret)
    assert ops.image_text_decode.pil(modality="text")(str(secret)) == str(secret)
    assert said(str(secret)).shape == (1280,)


@pytest.mark.parametrize(
    ("modality", "item", "other"), [("image", "a cat", "text"), ("text", np.zeros((8, 8, 3), np.uint8), "image")]
)
def test_an_item_of_the_other_kind_is_refused_with_the_modality_that_takes_it(modality, item, other, loaded):
    with pytest.raises(InputError, match=f"modality='{other}' takes that"):
        loaded("image-text-embedding.conse", modality=modality)(item)


def test_a_long_text_is_noted_as_cut_and_an_empty_one_as_empty():
    with pipeline("image-text-embedding", modality="text") as embed:
        embed.batch(["a cat", "cat " * 300, ""])
        assert "cut" in str(embed.stats())


def test_texts_alone_load_no_image_model_and_pictures_no_text_model():
    """Once converted, which the first lines see to."""
    script = (
        "import sys\n"
        "from junco import pipeline\n"
        "pipeline('image-text-embedding', modality=sys.argv[1])(sys.argv[2])\n"
        "print(sorted({'torchvision', 'torch', 'sentencepiece'} & set(sys.modules)))\n"
    )
    for _ in range(2):
        told = [sys.executable, "-c", script, "text", "a cat"]
        done = subprocess.run(told, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['sentencepiece']"
