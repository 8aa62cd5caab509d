"""Encoders of the usual kinds, read from their folder: the vectors are those of sentence-transformers."""

from __future__ import annotations

import numpy as np
import pytest
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from junco.builtin.text_embedding import sentence_transformers as module
from junco.builtin.text_embedding.plain_folder import PlainFolder
from junco.builtin.text_embedding.sentence_transformers import SentenceTransformersEmbedding
from junco.errors import ParameterError
from junco.neural.weights import seeded

WORDS = ["a", "cat", "sits", "on", "the", "mat", "while", "rain", "falls", "softly", "over", "old", "town", "roofs"]
TEXTS = [" ".join(WORDS[:count]) for count in (1, 13, 4, 2)] + ["", " ".join(WORDS * 4), "words unknown here"]
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
KINDS = {
    "bert": (transformers.BertConfig, 0),
    "distilbert": (transformers.DistilBertConfig, 0),
    "electra": (transformers.ElectraConfig, 0),
    "roberta": (transformers.RobertaConfig, 1),
    "xlm-roberta": (transformers.XLMRobertaConfig, 1),
    "camembert": (transformers.CamembertConfig, 1),
    "mpnet": (transformers.MPNetConfig, 1),
}


def tokenizer_with_padding(pad_id):
    """Words, with a padding token where that kind of model has it."""
    special = list(SPECIAL)
    special.insert(pad_id, special.pop(SPECIAL.index("<pad>")))
    words = Tokenizer(WordLevel({word: i for i, word in enumerate([*special, *WORDS])}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    ends = [(token, words.token_to_id(token)) for token in ("<s>", "</s>")]
    words.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", cls_token="<s>", sep_token="</s>"
    )


@pytest.fixture(params=KINDS)
def folder(request, tmp_path):
    """A small model of one kind with random weights, as sentence-transformers saves it."""
    config_type, pad_id = KINDS[request.param]
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    if request.param == "distilbert":
        sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    if request.param == "electra":
        sizes["embedding_size"] = 16
    config = config_type(vocab_size=40, max_position_embeddings=64, pad_token_id=pad_id, **sizes)
    with seeded(3):
        network = transformers.AutoModel.from_config(config)
    network.save_pretrained(tmp_path / "network")
    tokenizer_with_padding(pad_id).save_pretrained(tmp_path / "network")
    encoder = Transformer(str(tmp_path / "network"), max_seq_length=32)
    modules = [encoder, Pooling(encoder.get_embedding_dimension(), "mean"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "model"))
    return tmp_path / "model"


@pytest.mark.filterwarnings("ignore:.*no tokens for:junco.errors.FidelityWarning")
@pytest.mark.parametrize("asked", [{"runtime": "openvino", "dtype": "float32"}, {"deterministic": True}], ids=str)
def test_the_vectors_are_the_librarys(folder, asked):
    operator = SentenceTransformersEmbedding(folder, **asked)
    operator.ensure_open()
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    cosines = (np.stack(operator.batch(TEXTS)) * expected).sum(axis=1)
    assert cosines.min() > (0.9999 if "deterministic" in asked else 0.999999)


def test_a_text_longer_than_the_model_reads_is_cut_as_the_library_cuts_it(folder):
    assert PlainFolder.of(folder).max_tokens == 32
    operator = SentenceTransformersEmbedding(folder, runtime="openvino", dtype="float32")
    long = " ".join(WORDS * 20)
    expected = SentenceTransformer(str(folder), device="cpu").encode(long)
    np.testing.assert_allclose(operator(long), expected, atol=1e-5)


def test_once_compared_with_the_library_a_model_starts_without_it(minilm_folder, monkeypatch):
    asked = {"model": minilm_folder, "runtime": "openvino", "prompt": "said once: "}
    first = SentenceTransformersEmbedding(**asked)("a cat")
    monkeypatch.setattr(module, "Library", None)
    np.testing.assert_array_equal(SentenceTransformersEmbedding(**asked)("a cat"), first)


def test_files_that_do_not_say_what_the_library_does_are_noticed(minilm_folder, monkeypatch):
    monkeypatch.setattr(PlainFolder, "prompt", lambda self, role, prompt: "something else")
    with pytest.raises(ParameterError, match=r"runtime='openvino' cannot run .*: worst cosine"):
        SentenceTransformersEmbedding(minilm_folder, runtime="openvino").ensure_open()
    by_library = SentenceTransformersEmbedding(minilm_folder)
    vector = by_library("a cat")
    np.testing.assert_allclose(vector, SentenceTransformer(str(minilm_folder)).encode("a cat"), atol=1e-5)
