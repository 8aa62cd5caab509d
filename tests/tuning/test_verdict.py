"""Numbers of a run → words: each verdict, and where one begins and the other ends."""

from __future__ import annotations

import pytest

from junco.metrics.interval import Estimate
from junco.train.history import Epoch, History
from junco.tuning.advice import Circumstances, advice
from junco.tuning.verdict import FAR, USEFUL, Readings, items_to_tell, verdict

NAN = float("nan")


def epochs(*measures, ending="done", losses=()):
    """A run whose measure was these numbers, the first before it began."""
    history = History("map", ending=ending)
    for number, measure in enumerate(measures):
        loss = losses[number] if losses else 1.0
        history.epochs.append(Epoch(number, 10 * number, loss if number else NAN, 1e-3, 1.0, {"map": measure}))
    return history


def readings(gain, width, *, before=0.6, count=600, history=None, **more):
    after = before + gain
    return Readings(
        measure="map",
        before=Estimate(before, before - 0.03, before + 0.03, count),
        after=Estimate(after, after - 0.03, after + 0.03, count),
        gain=Estimate(gain, gain - width, gain + width, count),
        history=history or epochs(before, after),
        **more,
    )


def test_a_gain_whose_interval_is_above_zero_is_better():
    found = verdict(readings(0.055, 0.02))
    assert found.kind == "better"
    assert str(found) == ("Better: map rose from 0.600 to 0.655, by +0.055 [+0.035, +0.075], on 600 held-out items.")


def test_a_gain_on_a_handful_of_items_is_too_little_to_say():
    found = verdict(readings(0.2, 0.05, count=15))
    assert found.kind == "too little data"
    assert str(found).endswith("but only 15 held-out items told so. Hold out 20 at least, and rather hundreds.")
    assert verdict(readings(0.2, 0.05, count=20)).kind == "better"


def test_a_better_run_that_lost_again_says_which_epoch_is_kept():
    found = verdict(readings(0.05, 0.02, history=epochs(0.6, 0.65, 0.62, 0.61, 0.6)))
    assert found.kind == "better"
    assert found.sentences[1].startswith("It was best after epoch 1 of 4 and then lost again")


def test_a_loss_whose_interval_is_below_zero_is_worse():
    found = verdict(readings(-0.05, 0.02))
    assert found.kind == "worse"
    assert str(found).startswith("Worse: map fell from 0.600 to 0.550, by -0.050 [-0.070, -0.030], on 600")
    assert found.sentences[1] == "Go on with what was there before."


def test_where_it_is_worse_and_the_weights_of_before_are_kept_that_is_said():
    assert verdict(readings(-0.05, 0.02, is_parent_kept=True)).sentences[1] == (
        "The weights that were there before are kept."
    )


def test_where_no_epoch_was_better_than_what_was_there_it_is_worse_though_nothing_was_lost():
    found = verdict(readings(0.0, 0.0, history=epochs(0.6, 0.57, 0.58), is_parent_kept=True))
    assert found.kind == "worse"
    assert "no epoch was better than what was there: map 0.600 before, 0.580 at best in 2" in str(found)


def test_where_all_was_right_already_and_no_epoch_was_better_nothing_is_worse():
    found = verdict(readings(0.0, 0.0, before=1.0, history=epochs(1.0, 1.0, 1.0), is_parent_kept=True))
    assert found.kind == "not better"
    assert found.sentences[1] == (
        "There was little to gain: map was 1.000 of 1 already. The weights that were there before are kept."
    )


def test_a_gain_that_is_none_by_chance_and_still_useless_is_said_to_be_little():
    assert verdict(readings(0.004, 0.003)).sentences[1] == "That is little: it is hardly more than 0.007."
    assert len(verdict(readings(0.04, 0.003)).sentences) == 1


def test_a_run_that_was_over_before_its_first_epoch_was_says_so():
    found = verdict(readings(0.0, 0.0, history=epochs(0.6, ending="not finite"), is_parent_kept=True))
    assert found.sentences[0] == "Worse: no epoch came to its end; map was 0.600 before."


@pytest.mark.parametrize(("on_examples", "kind"), [(0.61 + FAR - 0.001, "not better"), (0.62 + FAR, "over-fitted")])
def test_examples_far_above_what_was_held_out_are_over_fitted(on_examples, kind):
    assert verdict(readings(0.01, 0.015, on_examples=on_examples)).kind == kind


@pytest.mark.parametrize(
    ("measures", "kind"),
    [
        ((0.6, 0.61, 0.6, 0.59, 0.58), "over-fitted"),
        ((0.6, 0.6, 0.6, 0.61, 0.58), "not better"),  # the last but one
        ((0.6, 0.61, 0.61, 0.605, 0.605), "not better"),  # hardly fallen
    ],
)
def test_a_best_epoch_long_before_the_last_is_over_fitted(measures, kind):
    assert verdict(readings(0.01, 0.015, history=epochs(*measures))).kind == kind


def test_over_fitting_is_told_with_its_numbers():
    found = verdict(readings(0.01, 0.03, on_examples=0.99))
    assert "of them map is 0.990, of what it has not seen 0.610" in found.sentences[1]


@pytest.mark.parametrize(("width", "kind"), [(USEFUL - 0.001, "not better"), (USEFUL + 0.001, "too little data")])
def test_an_interval_wider_than_a_useful_gain_is_too_little_data(width, kind):
    assert verdict(readings(0.005, width)).kind == kind


def test_too_little_data_says_how_much_would_be_enough():
    found = verdict(readings(0.0, 0.08, count=100))
    assert "by 100 held-out items the difference may be anything from -0.080 to +0.080" in found.sentences[0]
    assert found.sentences[1] == "About 1,600 held-out items would show a gain of 0.020."


def test_four_times_the_items_halve_an_interval():
    assert items_to_tell(Estimate(0.05, -0.05, 0.15, 100)) == (400, 0.05)


def test_not_better_says_what_a_gain_is_at_most():
    assert verdict(readings(0.004, 0.01)).sentences[1] == "If there is a gain, it is hardly above 0.014."


def test_where_all_was_right_before_there_was_little_to_gain():
    found = verdict(readings(0.002, 0.05, before=0.99))
    assert found.kind == "not better"
    assert "map was 0.990 of 1 already" in found.sentences[1]


def test_where_nothing_is_held_out_nobody_knows():
    found = verdict(Readings(measure="map", before=None, after=None, gain=None, history=epochs(0.5, 0.97)))
    assert found.kind == "nothing held out"
    assert found.sentences[1] == "Of the examples themselves map is 0.970, which says nothing of others."


def test_measures_of_no_item_are_none():
    none = Estimate(NAN, NAN, NAN, 0)
    assert verdict(Readings(measure="map", before=none, after=none, gain=none, history=epochs(NAN))).kind == (
        "nothing held out"
    )


def told(read, **seen):
    return " ".join(advice(verdict(read).kind, read, Circumstances(**seen)))


def test_a_head_that_is_no_better_may_need_more_than_a_head():
    assert "scope='lora' or scope='all'" in told(readings(0.0, 0.01), scope="head")
    assert "scope='all'" in told(readings(0.0, 0.01), scope="lora")
    assert "scope=" not in told(readings(0.05, 0.01), scope="head")


def test_more_epochs_are_advised_where_the_last_was_the_best_and_nothing_else_ended_it():
    assert "epochs=4" in told(readings(0.05, 0.01, history=epochs(0.6, 0.62, 0.65)))
    assert "epochs=" not in told(readings(0.05, 0.01, history=epochs(0.6, 0.65, 0.64)))
    assert "epochs=" not in told(readings(0.05, 0.01, history=epochs(0.6, 0.65, ending="interrupted")))


def test_a_better_run_that_knows_its_examples_by_heart_needs_more_of_them():
    assert "more examples help more than more epochs" in told(readings(0.05, 0.01, on_examples=0.99))
    assert "more examples" not in told(readings(0.05, 0.01, on_examples=0.7))


def test_two_labels_that_are_confused_are_named_with_what_helps_pictures_and_texts():
    seen = {"confused": (("local", "nominal", 9),), "num_mistakes": 10, "counts": {"local": 9, "nominal": 9, "x": 9}}
    assert "9 of 10 mistakes are between local and nominal" in told(readings(0.05, 0.01), **seen)
    assert "higher resolution or crops" in told(readings(0.05, 0.01), **seen, is_pictured=True)
    assert "resolution" not in told(readings(0.05, 0.01), **seen)
    assert "between" not in told(readings(0.05, 0.01), **seen | {"num_mistakes": 40})


def test_labels_out_of_balance_and_labels_that_may_be_wrong_are_told():
    counts = {"often": 100, "rare": 3}
    assert "often with 100 held-out items beside rare with 3" in told(readings(0.05, 0.01), counts=counts)
    assert "balance=True" in told(readings(0.05, 0.01), counts=counts, balance=False)
    assert "1 item has neighbours of one other label alone; its label may be wrong" in told(
        readings(0.05, 0.01), suspects=("a.jpg",)
    )


def test_what_ended_it_comes_first():
    read = readings(0.0, 0.01, history=epochs(0.6, 0.6, ending="not finite"))
    assert advice("not better", read, Circumstances())[0].startswith("The loss was no number")
    assert "resume=True" in told(readings(0.0, 0.01, history=epochs(0.6, 0.6, ending="interrupted")))


def test_where_nothing_was_held_out_holding_out_is_advised():
    read = Readings(measure="map", before=None, after=None, gain=None, history=epochs(0.5, 0.6))
    assert "eval_data=0.2" in told(read)
    assert "epochs=" not in told(read), "nobody knows which epoch is the best"
