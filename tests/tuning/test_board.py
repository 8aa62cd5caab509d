"""Files of TensorBoard, read back by TensorBoard itself."""

from __future__ import annotations

import sys

import pytest

from junco.tuning.board import Board, board_for


@pytest.fixture
def read():
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def scalars(folder):
        found = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
        found.Reload()
        return found

    return scalars


def watched(board, report, steps=3):
    with board:
        for step in range(1, steps + 1):
            board.step(step, steps, 1.0 / step, 1e-3 * step)
        for epoch in report.history.epochs:
            board.epoch(epoch)
        board.finish(report)


def test_loss_rate_measures_and_before_and_after_are_read_back(report, tmp_path, read):
    told = []
    watched(board_for(tmp_path / "board", told.append), report)
    found = read(tmp_path / "board")
    assert [event.value for event in found.Scalars("train/loss")] == pytest.approx([1, 1 / 2, 1 / 3])
    assert [event.value for event in found.Scalars("train/rate")] == pytest.approx([1e-3, 2e-3, 3e-3])
    measures = found.Scalars("measures/map")
    assert [event.step for event in measures] == [epoch.step for epoch in report.history.epochs]
    assert [event.value for event in measures] == pytest.approx([e.measures["map"] for e in report.history.epochs])
    before, after = (way.estimates["map"].mean for way in report.evaluation.ways)
    assert [event.value for event in found.Scalars("before and after/map")] == pytest.approx([before, after])
    (verdict,) = found.Tensors("verdict/text_summary")
    assert report.verdict.sentences[0] in verdict.tensor_proto.string_val[0].decode()
    assert told == []


def test_a_run_that_goes_on_hides_what_it_does_again(report, tmp_path, read):
    for first, steps in ((0, range(1, 6)), (3, range(3, 8))):
        with board_for(tmp_path, lambda line: None) as board:
            for step in steps:
                board.step(step, 7, float(first or 1), 1e-3)
    found = [(event.step, event.value) for event in read(tmp_path).Scalars("train/loss")]
    assert found == [(1, 1), (2, 1), (3, 3), (4, 3), (5, 3), (6, 3), (7, 3)]


def test_without_the_package_one_line_is_told_and_nothing_fails(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    told = []
    assert board_for(tmp_path, told.append) is None
    assert told == ["no files of TensorBoard: it is not installed (pip install 'junco[train]')"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    told = []
    assert board_for(tmp_path / "file" / "board", told.append) is None
    assert "cannot be written: Not a directory" in told[0]


def test_a_full_disk_ends_the_files_and_not_the_run(report):
    class Full:
        def add_scalar(self, *values):
            raise OSError(28, "No space left on device")

    told = []
    watched(Board(Full(), told.append), report)
    assert told == ["files of TensorBoard are no longer written: No space left on device"]
