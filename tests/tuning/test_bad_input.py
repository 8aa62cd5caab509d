"""What training does with bad input, full disks and other people's folders."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from junco import Operator, TrainingArgs, ops
from junco.errors import DataError, InputError, NoHubError, ParameterError, TargetError, TrainError
from junco.labelled.reading import read_data
from junco.neural.bridge import Bridge
from junco.train.history import History
from junco.tuning.advice import Circumstances, advice
from junco.tuning.split import SplitOptions, split
from junco.tuning.verdict import Readings
from tuned_folders import ON_CPU, Sums, tuned_head

ROWS = [{"text": f"{word} number {number}", "label": word} for number in range(8) for word in ("cat", "car")]
TEXTS = SplitOptions(("text",))


def trained(data=ROWS, eval_data=0.25, training_args=None, **how):
    args = {"epochs": 2, "lr": 1e-3, "device": "cpu"} if training_args is None else training_args
    return ops.text_embedding.minilm().train(data, eval_data, args, progress=False, **how)


@contextmanager
def largest_file(num_bytes):
    """Files cannot grow beyond so many bytes: what a full disk looks like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def folder(tmp_path):
    """Texts in a folder for each class."""
    for row, each in enumerate(ROWS):
        (tmp_path / "data" / each["label"]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / each["label"] / f"{row}.txt").write_text(each["text"])
    return tmp_path / "data"


@pytest.mark.parametrize("args", [{"dim": 10**9}, {"seed": 2**80}])
def test_numbers_that_no_memory_or_generator_holds_are_refused(args):
    with pytest.raises(ParameterError, match=next(iter(args))):
        TrainingArgs(**args)


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"on_error": "ignore"}, ParameterError, "'skip', 'raise'"),
        ({"loader": 5}, InputError, "not int"),
        ({"to": 5}, ParameterError, "a text or a Path, not 5"),
        ({"eval_data": [{"text": "dog", "label": "dog"}]}, DataError, "^eval_data: the data: all 1 items"),
    ],
)
def test_it_is_said_which_argument_is_wrong(how, error, said):
    with pytest.raises(error, match=said):
        trained(**how)


@pytest.mark.parametrize(
    ("args", "held_out", "error", "said"),
    [
        ({"metric": "mapp"}, 0.4, DataError, r"'mapp' is not measured of such data: .* are\. Did you mean 'map'"),
        ({"metric": "mrr"}, 0.4, DataError, "recall@1, recall@10"),
        ({"metric": "map"}, None, DataError, "nothing is held out to measure by"),
        ({"matryoshka": (4, 700)}, 0.4, TrainError, "700 is no length within a vector of 384 numbers"),
    ],
)
def test_what_cannot_be_measured_or_cut_is_told_before_anything_is_decoded(args, held_out, error, said, monkeypatch):
    monkeypatch.setattr("junco.tuning.loading.Loader.load", None)
    with pytest.raises(error, match=said):
        trained(eval_data=held_out, training_args={"scope": "head", **args})


def test_a_hidden_folder_of_a_class_is_told(folder, tmp_path):
    (folder / "cat").rename(folder / ".cat")
    (folder / "bus").mkdir()
    (folder / "bus" / "1.txt").write_text("a bus")
    assert "left out, as all whose names begin with a dot: .cat" in "".join(read_data(folder, ("text",)).told)


def test_the_tuned_operator_does_not_go_among_the_data(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    for to in (folder / "tuned", tmp_path / "link" / "cat" / "tuned", f"{folder}/../data/tuned"):
        with pytest.raises(TargetError, match="lies in the data"):
            trained(str(folder), to=to)
    assert sorted(each.name for each in folder.iterdir()) == ["car", "cat"]


def test_a_place_where_nothing_can_be_written_is_told_before_anything_is_trained(tmp_path):
    (tmp_path / "file").write_text("")
    for to in (tmp_path / "file" / "tuned", "/proc/tuned"):
        with pytest.raises(TargetError, match="cannot be written to"):
            trained(to=to)


def test_a_disk_that_is_full_in_the_end_is_told_and_leaves_what_was_there(tmp_path):
    operator = Sums(width=40, **ON_CPU)
    before = tuned_head(tmp_path / "tuned", operator, 3, seed=1).sha256
    with largest_file(20), pytest.raises(TargetError, match="cannot be written"):
        tuned_head(tmp_path / "tuned", operator, 3, seed=2)
    assert Operator.load(tmp_path / "tuned").tuned_weights.sha256 == before
    assert [each.name for each in tmp_path.iterdir()] == ["tuned"]
    bridge = Bridge.of(tmp_path / "tuned")
    with largest_file(20), pytest.raises(TargetError, match=os.strerror(errno.EFBIG)):
        bridge.save(tmp_path / "bridge.safetensors")


def test_a_tuned_folder_in_which_somebody_keeps_other_things_is_not_replaced(tmp_path):
    operator = Sums(**ON_CPU)
    tuned_head(tmp_path / "tuned", operator, 3)
    (tmp_path / "tuned" / "notes.txt").write_text("of mine")
    with pytest.raises(TargetError, match=r"notes\.txt"):
        tuned_head(tmp_path / "tuned", operator, 3, seed=4)
    assert (tmp_path / "tuned" / "notes.txt").read_text() == "of mine"


def test_a_tuned_folder_named_as_on_a_hub_is_told_how_to_be_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    tuned_head(tmp_path / "runs" / "first", Sums(**ON_CPU), 3)
    with pytest.raises(NoHubError, match=r"write '\./runs/first'"):
        ops["runs/first"]
    assert ops["./runs/first"]().params


def test_nothing_that_cannot_be_read_is_passed_over_where_that_is_to_be_an_error(folder, tmp_path):
    strict = SplitOptions(("text",), on_error="raise")
    (folder / "cat" / "gone.txt").symlink_to(tmp_path / "nowhere")
    for data, name in (
        (str(folder), "gone.txt"),
        ([*ROWS, {"text": " ", "label": "cat"}, {"text": None, "label": "car"}], "row 18"),
    ):
        assert any(name in line for line in split(data, 0.25, 0, TEXTS).told)
        with pytest.raises(DataError, match=f"{name}.*on_error='skip'"):
            split(data, 0.25, 0, strict)


def test_a_column_of_numbers_with_a_fraction_is_no_column_of_labels_in_a_csv_either(tmp_path):
    table = tmp_path / "prices.csv"
    table.write_text("text,label\n" + "".join(f"thing {n},{n % 4 / 4}\n" for n in range(20)))
    with pytest.raises(DataError, match=r"item 2 is 0\.25, a number with a fraction"):
        split(str(table), 0.25, 0, TEXTS)
    table.write_text("text,label\n" + "".join(f"thing {n},v{n % 4}.5\n" for n in range(20)))
    assert split(str(table), 0.25, 0, TEXTS).train.labels


class Interrupted(Sums, family="number-embedding", name="test-interrupted"):
    """Of which somebody has enough at a step of its first run."""

    left = 12

    def network(self) -> torch.nn.Module:
        module = super().network()
        module.register_forward_hook(self.count)
        return module

    def count(self, module, given, made):
        Interrupted.left -= module.training
        if module.training and Interrupted.left == 0:
            raise KeyboardInterrupt


def numbers(*more):
    rng = np.random.default_rng(0)
    return [(rng.normal(size=4).tolist(), f"kind {number % 3}") for number in range(48)] + list(more)


def test_the_same_call_goes_on_after_an_interruption_and_ends_at_the_same_weights(tmp_path, monkeypatch):
    args = {"scope": "all", "epochs": 3, "lr": 1e-3, "batch": 8, "checkpoint_s": 0, "device": "cpu"}
    digests = []
    for name in ("whole", "stopped"):
        monkeypatch.setenv("JUNCO_HOME", str(tmp_path / name))
        monkeypatch.setattr(Interrupted, "left", -1 if name == "whole" else 12)
        reports = [
            Interrupted().train(numbers(), 0.25, args, to=tmp_path / "to", progress=False)
            for _ in range(1 if name == "whole" else 2)
        ]
        digests.append(reports[-1].operator.tuned_weights.sha256)
    assert reports[0].history.ending == "interrupted"
    assert "goes on from there" in str(reports[0])
    assert reports[1].history.resumed_at
    assert digests[0] == digests[1]


def test_files_of_tensorboard_that_cannot_be_written_are_told_in_the_report(tmp_path):
    (tmp_path / "file").write_text("")
    args = {"epochs": 1, "lr": 1e-3, "device": "cpu", "logs": str(tmp_path / "file" / "logs")}
    assert any("TensorBoard" in line for line in trained(training_args=args).told)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_an_item_whose_numbers_are_not_finite_is_left_out_and_ends_no_run(number, tmp_path, monkeypatch):
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path))
    args = {"scope": "all", "epochs": 1, "lr": 1e-3, "device": "cpu"}
    report = Sums().train(numbers(([number, 0.0, 0.0, 0.0], "kind 0")), None, args, progress=False)
    assert report.history.ending == "done"
    assert "finite" in str(report.rejects)
    with pytest.raises(DataError, match="finite"):
        Sums().train(numbers(([number, 0.0, 0.0, 0.0], "kind 0")), None, args, progress=False, on_error="raise")


def test_names_of_labels_move_no_cursor_in_advice():
    read = Readings(measure="map", before=None, after=None, gain=None, history=History())
    seen = Circumstances(counts={"a\x1b[31m": 9, "b\n": 9, "c": 9}, confused=(("a\x1b[31m", "b\n", 9),), num_mistakes=9)
    lines = advice("not better", read, seen)
    assert any("\\x1b" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_the_command_looks_at_the_place_of_its_page_before_it_trains(folder, tmp_path):
    command = [
        sys.executable,
        "-m",
        "junco",
        "train",
        "text-embedding.minilm",
        str(folder),
        "--to",
        str(tmp_path / "to"),
    ]
    done = subprocess.run(
        [*command, "--html", str(tmp_path / "none" / "r.html")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no folder" in done.stderr
    assert not (tmp_path / "to").exists()
    assert "epoch" not in done.stderr
