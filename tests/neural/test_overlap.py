"""Of boxes that lie over each other the best."""

from __future__ import annotations

import numpy as np

from junco.neural.overlap import best_of_all, best_of_each_class


def test_of_boxes_that_overlap_the_surer_is_kept():
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30], [0, 0, 10, 4]], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    assert best_of_all(boxes, scores, 0.3).tolist() == [0, 2]
    assert best_of_all(boxes, scores, 0.9).tolist() == [0, 1, 2, 3]
    assert best_of_all(boxes, scores[::-1], 0.3).tolist() == [3, 2, 1]
    assert best_of_all(boxes[:0], scores[:0], 0.3).tolist() == []


def test_overlapping_boxes_are_chosen_as_torchvision_chooses_them():
    import torch
    from torchvision.ops import batched_nms, nms

    rng = np.random.default_rng(0)
    for _ in range(20):
        corners = rng.random((200, 2), np.float32)
        edges = np.concatenate([corners, corners + rng.random((200, 2), np.float32) / 2], axis=1)
        scores, classes = rng.random(200, np.float32), rng.integers(0, 4, 200)
        expected = batched_nms(*map(torch.from_numpy, (edges, scores, classes)), 0.4).numpy()
        np.testing.assert_array_equal(
            best_of_all(edges, scores, 0.4), nms(torch.from_numpy(edges), torch.from_numpy(scores), 0.4).numpy()
        )
        np.testing.assert_array_equal(best_of_each_class(edges, scores, classes, 0.4, 200), expected)
        np.testing.assert_array_equal(best_of_each_class(edges, scores, classes, 0.4, 7), expected[:7])
    nothing = np.zeros((0, 4), np.float32)
    assert len(best_of_each_class(nothing, np.zeros(0, np.float32), np.zeros(0, int), 0.4, 7)) == 0
