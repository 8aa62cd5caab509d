"""The five lines: an operator is trained, measured before and after, saved, loaded and put back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from junco import Operator, TrainingArgs, ops, pipeline
from junco.errors import ContractError, DataError, ParameterError, TrainError

WORDS = {
    "access": ["cannot log in", "password refused", "login is blank"],
    "money": ["refund me", "charged twice", "pay"],
}
PAIRS = [
    {"query": f"what is number {number}", "document": f"the page about {number} times {number + 1}"}
    for number in range(24)
]


@pytest.fixture(scope="module")
def tickets():
    """Labelled texts of two kinds, each another one."""
    rows = [
        (f"{text}, order {number}", label) for label, texts in WORDS.items() for number in range(6) for text in texts
    ]
    return {"text": [text for text, _ in rows], "label": [label for _, label in rows]}


@pytest.fixture(scope="module")
def trained(tickets, tmp_path_factory):
    """MiniLM with a head, and what was said of it."""
    op = ops.text_embedding.minilm()
    folder = tmp_path_factory.mktemp("trained") / "tuned"
    report = op.train(tickets, 0.3, {"epochs": 4}, to=folder, progress=False)
    return op, report, folder


def test_five_lines_give_an_operator_that_stands_for_the_tuned_one(trained):
    op, report, folder = trained
    assert report.evaluation is not None
    assert [way.name for way in report.evaluation.ways] == ["before", "after"]
    assert report.verdict.sentences[0] in str(report)
    embed = pipeline("text-embedding")
    better = embed.replace("embed", op)
    assert better.space != embed.space
    assert np.allclose(op("refund"), better("refund"), atol=0.01)
    assert (folder / "operator.json").is_file()


def test_it_is_the_same_from_a_folder_in_yaml_and_by_a_parameter(trained, tmp_path):
    op, _, folder = trained
    op.save(tmp_path / "mine")
    loaded = Operator.load(tmp_path / "mine")
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        "junco: 1\nname: flow\ninputs: [text]\nsteps:\n  - {map: ./mine, in: text, out: vector}\noutputs: [vector]\n"
    )
    found = [loaded("refund"), pipeline(flow)("refund"), pipeline("text-embedding", tuned=str(folder))("refund")]
    assert all(np.allclose(each, op("refund"), atol=0.01) for each in found)


def test_stored_vectors_cross_the_bridge(trained):
    op, report, _ = trained
    texts = ["refund", "log in", "where is my order"]
    moved = report.bridge(pipeline("text-embedding").batch(texts))
    assert np.allclose(moved, pipeline("text-embedding").replace("embed", op).batch(texts), atol=0.01)


def test_the_same_again_has_the_same_weights(trained, tickets, tmp_path):
    _, report, folder = trained
    op = ops.text_embedding.minilm()
    again = op.train(tickets, 0.3, TrainingArgs(epochs=4), to=tmp_path / "again", progress=False)
    first, second = (json.loads((each / "operator.json").read_text()) for each in (folder, tmp_path / "again"))
    assert first["weights"]["sha256"] == second["weights"]["sha256"]
    assert again.split["train"]["fingerprint"] == report.split["train"]["fingerprint"]


@pytest.mark.parametrize("scope", ["all", "lora", "blocks.5"])
def test_a_network_is_trained_and_found_again_in_its_folder(scope, tmp_path):
    op = ops.text_embedding.minilm(runtime="torch")
    before = op("what is number 7")
    report = op.train(PAIRS, None, {"scope": scope, "steps": 3, "lr": 1e-3}, to=tmp_path / "tuned", progress=False)
    after = Operator.load(tmp_path / "tuned")
    assert report.verdict.kind == "nothing held out"
    assert not np.allclose(before, op("what is number 7"), atol=1e-3)
    assert np.allclose(after("what is number 7"), op("what is number 7"), atol=0.01)
    assert "no matrix" in report.no_bridge


def test_where_nothing_is_better_the_weights_are_those_of_before(tmp_path):
    op = ops.text_embedding.minilm(runtime="torch")
    before = op("what is number 7")
    report = op.train(PAIRS, 0.4, {"scope": "all", "steps": 2, "lr": 10.0}, to=tmp_path / "tuned", progress=False)
    assert report.history.best.number == 0
    assert report.readings.is_parent_kept
    assert np.allclose(before, op("what is number 7"), atol=1e-3)


def test_another_models_vectors_are_learned_of_items_of_which_nothing_is_known(tmp_path, tickets):
    op = ops.text_embedding.minilm(normalize=False)
    args = {"goal": "distil", "teacher": "text-embedding", "epochs": 2}
    report = op.train(tickets["text"], 0.3, args, to=tmp_path / "tuned", progress=False)
    assert report.evaluation is not None
    assert report.evaluation.main == "spearman"


def test_rows_of_a_loader_have_the_label_of_their_item(tmp_path):
    from junco import pipe

    halves = pipe.input("text").flat_map("text", "half", lambda text: text.split(", ")).output("half")
    data = [(f"log in, {n}", "access") for n in range(6)] + [(f"refund, {n}", "money") for n in range(6)]
    op = ops.text_embedding.minilm()
    report = op.train(data, None, {"epochs": 1}, loader=halves, to=tmp_path / "tuned", progress=False)
    assert report.num_examples == 24


@pytest.mark.parametrize(
    ("args", "error", "said"),
    [
        ({"epohcs": 3}, ParameterError, "Did you mean 'epochs'"),
        ({"scope": "blocks.99"}, TrainError, "blocks"),
        ({"goal": "cosent"}, TrainError, "needs pairs with scores"),
        ({"metric": "bleu"}, DataError, "'bleu' is not measured"),
        ({"scope": "all", "dim": 3}, ParameterError, "dim=3 is of a head"),
    ],
)
def test_what_cannot_be_trained_so_is_refused_and_the_operator_stays(args, error, said, tickets):
    op = ops.text_embedding.minilm()
    with pytest.raises(error, match=said):
        op.train(tickets, 0.3, args, progress=False)
    assert "tuned" not in op.params


def test_operators_without_a_network_say_what_can_be_trained():
    with pytest.raises(ContractError, match=r"cannot be tuned: .*What can"):
        ops.sparse_text_embedding.bm25().train({"text": ["a", "b"], "label": [1, 2]})


def test_the_same_text_in_train_and_eval_is_refused_with_its_name(tickets):
    with pytest.raises(DataError, match="log in"):
        ops.text_embedding.minilm().train(tickets, tickets, progress=False)


def test_a_run_that_is_killed_goes_on_to_the_same_weights(tmp_path):
    table = tmp_path / "pairs.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in PAIRS))
    args = ("--scope", "blocks.5", "--eval", "none", "--arg", "steps=16", "--arg", "lr=1e-3", "--arg", "batch=4")
    line = [
        sys.executable,
        "-m",
        "junco",
        "train",
        "text-embedding.minilm",
        str(table),
        *args,
        "--arg",
        "checkpoint_s=0",
    ]
    whole = subprocess.run([*line, "--to", str(tmp_path / "whole")], capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stderr
    to = tmp_path / "killed"
    killed = subprocess.Popen([*line, "--to", str(to)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    runs = _runs()
    deadline = time.monotonic() + 120
    while killed.poll() is None and time.monotonic() < deadline and not _has_checkpoint(runs):
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not to.exists()
    again = subprocess.run([*line, "--to", str(to)], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    weights = [read_weights(folder) for folder in (tmp_path / "whole", to)]
    assert weights[0] == weights[1]


def _runs():
    from pathlib import Path

    return Path(os.environ["JUNCO_HOME"]) / "training" / "runs"


def _has_checkpoint(runs):
    return any(runs.glob("*/checkpoint*"))


def read_weights(folder):
    return (folder / "weights.safetensors").read_bytes()
