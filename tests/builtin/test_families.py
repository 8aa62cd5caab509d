"""Members of a family stand for each other: each keeps its contract, and swapped by name it does the step's work."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from skimage import data

import junco.builtin.pipelines
from documents import docx, paragraph, pdf, written
from junco import ops, pipeline
from junco.builtin.families import FAMILIES
from junco.errors import ContractError
from junco.graph import yaml_file
from junco.graph.nodes import Graph, Node
from junco.operator import registry
from junco.operator.ports import Ports
from sounds import tone, wav

CONTRACTS = {family.name: family for family in FAMILIES if family.kind == "operator"}
MEMBERS = sorted(name for name in registry.installed() if name.partition(".")[0] in CONTRACTS)
OTHERS = {"vector.pool": 1}
"""Members that keep another contract of their family than the first, and which."""
PLAIN = {"runtime": "torch", "dtype": "float32"}
"""Neither converted nor measured first."""
NOT_TORCH = {"image-embedding.onnx", "text-embedding.model2vec", "text-embedding.onnx"}
GRAPHS = [yaml_file.read_file(path) for path in sorted(Path(junco.builtin.pipelines.__file__).parent.glob("*.yaml"))]
# those of timm by name have weights on a hub alone; their steps are those of the others
LOCAL = [graph for graph in GRAPHS if "timm" not in str(graph.node(graph.main or graph.nodes[-1].name).fn)]


def contract_of(node: Node) -> Ports:
    """The contract of its family by which a step uses its operator."""
    ports, count = registry.load(node.spec.name).ports(), 1 if node.verb == "reduce" else len(node.on or node.inputs)
    kept = CONTRACTS[node.spec.name.partition(".")[0]].kept_by(ports)
    return next(contract for contract in kept if contract.takes(count))


def swaps(graph: Graph) -> list[tuple[str, str, str, str]]:
    """Pipeline, step, member and contract, for every other member that keeps what the step uses its own by."""
    return [
        (graph.name, node.name, member, str(contract_of(node)))
        for node in graph.nodes
        for member in MEMBERS
        if member.partition(".")[0] == node.spec.name.partition(".")[0]
        and member != node.spec.name
        and registry.load(member).ports().fits(contract_of(node))
    ]


SWAPS = [swap for graph in LOCAL for swap in swaps(graph)]
RUN = {(member, contract): (name, step, member) for name, step, member, contract in reversed(SWAPS)}.values()
"""One for each member and contract: that of the first pipeline."""


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """A video of two photos with things in them, a cut and a tone."""
    path = tmp_path_factory.mktemp("street") / "street.mkv"
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("libx264", rate=4, width=450, height=300, pix_fmt="yuv420p")
        sound = file.add_stream("pcm_s16le", rate=16000, layout="mono")
        for photo in (data.chelsea(), data.coffee()[:300, 75:525]):
            for shift in range(5):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(photo[:300, :450], shift, 1)), "rgb24")
                file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray((tone(2.5, 16000) * 32767).astype(np.int16), "s16", "mono")
        frame.sample_rate = 16000
        file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return path


@pytest.fixture(scope="module")
def inputs(street):
    """For each family of pipelines an item."""
    text = b"# Cats\n\nA cat sits on the mat. Rain falls over the old town."
    sound = wav(tone(2.5, 16000), 16000)
    videos = ("video-embedding", "video-object-embedding", "video-audio-embedding", "video-deduplication")
    return {
        "document-decode.docx": docx(paragraph("A cat sits on the mat.")),
        "document-decode.ocr": np.asarray(written("A cat sits on the mat.").convert("RGB")),
        "document-decode.pdf": pdf([["A cat sits on the mat."]]),
        "audio-embedding": sound,
        "speaker-embedding": sound,
        "document-embedding": text,
        "text-embedding": "a cat",
        "face-embedding": data.astronaut(),
        **dict.fromkeys(("image-embedding", "image-object-embedding", "image-text-embedding"), data.chelsea()),
        **dict.fromkeys(videos, street),
    }


@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_keeps_a_contract_of_its_family_and_all_but_pools_the_first(name):
    family, member = CONTRACTS[name.partition(".")[0]], registry.load(name)
    family.check(name, member.ports(), member.parameters())
    assert member.ports().fits(family.contracts[OTHERS.get(name, 0)])


@pytest.mark.parametrize("name", [name for name in MEMBERS if name.startswith("video-decode.")])
def test_every_decoder_of_videos_takes_a_piece_of_one_too(name):
    assert CONTRACTS["video-decode"].kept_by(registry.load(name).ports()) == [*CONTRACTS["video-decode"].contracts]


@pytest.mark.parametrize("name", MEMBERS)
def test_ports_are_called_what_the_family_calls_them(name):
    family, ports = CONTRACTS[name.partition(".")[0]], registry.load(name).ports()
    contract = family.kept_by(ports)[0]
    assert [port.name for port in ports.outputs] == [port.name for port in contract.outputs]
    if ports.inputs is not None:
        named = [port.name for port in ports.inputs]
        assert named[: len(contract.inputs)] == [port.name for port in contract.inputs]


def test_there_are_swaps_for_the_families_of_most_steps():
    swapped = {member.partition(".")[0] for _, _, member, _ in SWAPS}
    assert {"video-decode", "image-crop", "image-embedding", "object-detection", "frame-dedup"} <= swapped
    assert {"text-embedding", "text-split", "shot-detection", "image-transform", "document-decode"} <= swapped
    assert {"video-deduplication-content"} <= {name for name, step, _, _ in SWAPS if step == "decode"}


def plain(member, params):
    """An operator with these parameters, whose model is run as it is."""
    has_model = "runtime" in registry.load(member).parameters() and member not in NOT_TORCH
    return ops[member](**{**(PLAIN if has_model else {}), **params})


@pytest.mark.parametrize(("name", "step", "member"), RUN, ids=[f"{name}-{member}" for name, _, member in RUN])
def test_a_member_swapped_by_name_does_the_work_of_its_step(name, step, member, parameters, inputs):
    swapped = pipeline(name)
    for node in swapped.graph.nodes:
        given = parameters.get(member, {}) if node.name == step else node.spec.params
        swapped = swapped.replace(node.name, plain(member if node.name == step else node.spec.name, given))
    with swapped:
        found = list(swapped.rows([inputs.get(member, inputs[swapped.graph.family])]))
    assert found
    for _, row in found:
        vectors = [value for value in (row if isinstance(row, tuple) else (row,)) if isinstance(value, np.ndarray)]
        assert vectors
        assert all(vector.ndim == 1 and np.isfinite(vector).all() for vector in vectors)


@pytest.mark.parametrize("graph", GRAPHS, ids=[graph.name for graph in GRAPHS])
def test_every_member_of_each_step_s_family_is_taken_in_its_place(graph, parameters):
    for name, step, member, _ in swaps(graph):
        swapped = pipeline(name).replace(step, ops[member](**parameters.get(member, {})))
        assert member in str(swapped.graph)


def test_what_keeps_another_contract_is_refused_in_its_place():
    with pytest.raises(ContractError, match="cannot stand in"):
        pipeline("video-embedding").replace("pool", ops.vector.normalize())
