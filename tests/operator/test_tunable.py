"""`train`, `save` and `load` of operators and specs, and what those who took one before keep."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from junco import NeuralOperator, Operator, Source, ops, pipe, pipeline
from junco.errors import ContractError, IntegrityError, TargetError
from junco.graph.yaml_file import read, write
from junco.operator import tunable
from junco.operator.identity import identity_of
from junco.operator.registry import names
from tuned_folders import ON_CPU, ROWS, Sums, Trainer, tuned_head, tuned_whole, vectors


@pytest.fixture(autouse=True)
def trainer(tmp_path, monkeypatch) -> Trainer:
    """Where ``junco.trainers`` leads in these tests."""
    monkeypatch.setenv("JUNCO_HOME", str(tmp_path / "home"))
    made = Trainer(tmp_path / "runs")

    class Entry:
        name, value, dist, group = "toy", "tests:Trainer", None, "junco.trainers"

        def load(self) -> Trainer:
            return made

    monkeypatch.setattr(tunable, "entries", lambda group: (Entry(),) if group == "junco.trainers" else ())
    return made


def spec(**more):
    return ops["number-embedding.test-sums"](**ON_CPU, **more)


def of(fn):
    return pipe.input("row").map("row", "vector", fn, name="embed").output("vector")


def test_a_spec_stands_for_the_tuned_operator_once_it_was_trained(trainer):
    op = spec()
    report = op.train("data", 0.2, {"scope": "head"}, column="text")
    assert op.params["tuned"] == str(report.folder)
    assert op(ROWS[0]).shape == (3,)
    operator, data, how = trainer.calls[0]
    assert (type(operator), data) == (Sums, ("data", 0.2, {"scope": "head"}))
    usual = {"to": None, "loader": None, "resume": True, "progress": None, "label": None, "on_error": "skip"}
    assert how == {**usual, "column": "text"}


def test_those_who_took_a_spec_before_keep_what_it_was(tmp_path):
    op = spec()
    before, called = of(op), op(ROWS[0])
    first, space = vectors(before), before.space
    table = {op: "still found"}
    copied = copy.copy(op)
    op.train("data")
    assert before.graph.node("embed").fn == copied == spec() != op
    np.testing.assert_array_equal(vectors(before), first)
    np.testing.assert_array_equal(vectors(of(before.graph.node("embed").fn)), first)
    assert before.space == space != of(op).space
    assert op(ROWS[0]).shape != called.shape
    assert table[op] == "still found"


def test_a_spec_that_a_step_or_an_operator_keeps_is_not_trained():
    with pytest.raises(ContractError, match="kept by an operator or a step, and stays what it is"):
        of(spec()).graph.node("embed").fn.train("data")
    with pytest.raises(ContractError, match="train the operator itself"):
        Sums().spec.train("data")


def test_a_live_operator_is_opened_anew_with_what_was_trained():
    op = Sums(**ON_CPU)
    before = vectors(op)
    report = op.train("data")
    assert op.is_open
    head = Operator.load(report.folder).tuned_weights.tensors()["head.weight"]
    np.testing.assert_allclose(vectors(op), before @ head.T, atol=1e-6)
    assert op.spec.params["tuned"] == str(report.folder)
    assert not Sums(**ON_CPU).train("data").folder.samefile(report.folder)


def test_training_goes_on_from_what_was_trained(trainer):
    op = spec()
    op.train("data")
    first = op(ROWS[0])
    op.train("data")
    assert trainer.calls[1][0].tuned_weights is not None
    second = Operator.load(op.params["tuned"])
    np.testing.assert_allclose(second(ROWS[0]).shape, first.shape)
    weights = second.tuned_weights.tensors()["head.weight"]
    np.testing.assert_allclose(second(ROWS[0]), weights @ Sums(**ON_CPU)(ROWS[0]), atol=1e-6)


def test_a_pipeline_that_holds_a_live_operator_refuses_to_go_on_once_that_was_trained():
    op = Sums(**ON_CPU)
    p = of(op)
    vectors(p)
    op.train("data")
    with pytest.raises(Exception, match="was trained after this pipeline had been made of it: make the pipeline anew"):
        p(ROWS[0])
    np.testing.assert_array_equal(vectors(of(op)), vectors(op))


def test_a_training_that_fails_leaves_the_operator_as_it_was(monkeypatch):
    def fails(*_, **__):
        raise KeyboardInterrupt

    op, live = spec(), Sums(**ON_CPU)
    before = vectors(live)
    monkeypatch.setattr(tunable, "trainer", lambda: fails)
    monkeypatch.setattr("junco.operator.spec.trainer", lambda: fails)
    for each in (op, live):
        with pytest.raises(KeyboardInterrupt):
            each.train("data")
    assert op == spec()
    np.testing.assert_array_equal(vectors(live), before)


def test_nothing_is_saved_before_it_was_trained(tmp_path):
    for op in (spec(), Sums()):
        with pytest.raises(ContractError, match=r"was not trained, so that there is nothing to save: op.train\(data\)"):
            op.save(tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("is_live", [False, True])
def test_what_was_trained_is_saved_and_loaded_again(tmp_path, monkeypatch, is_live):
    op = Sums(**ON_CPU) if is_live else spec()
    op.train("data")
    expected = vectors(op)
    monkeypatch.chdir(tmp_path)
    op.save("textile")
    assert sorted(each.name for each in Path("textile").iterdir()) == ["operator.json", "weights.safetensors"]
    loaded = Operator.load("textile")
    assert (loaded.is_open, type(loaded)) == (False, Sums)
    np.testing.assert_array_equal(vectors(loaded), expected)
    np.testing.assert_array_equal(vectors(op), expected)
    params = (op.spec if is_live else op).params
    assert params["tuned"] == str(tmp_path / "textile")


def test_saving_a_live_operator_keeps_it_open_and_its_pipelines_going(tmp_path):
    op = Sums(**ON_CPU)
    op.train("data")
    p = of(op)
    expected, passes = vectors(p), op._passes
    op.save(tmp_path / "kept")
    assert op._passes is passes
    np.testing.assert_array_equal(vectors(p), expected)
    op.check_files()


def test_a_folder_with_other_things_and_a_file_are_not_replaced(tmp_path):
    op = spec()
    op.train("data")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TargetError, match="is a file"):
        op.save(tmp_path / "file")
    (tmp_path / "file" / "deep").parent.unlink()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine").write_text("")
    with pytest.raises(TargetError, match="holds other things"):
        op.save(tmp_path / "other")


def test_load_of_a_class_takes_its_own_operators_alone(tmp_path):
    tuned_head(tmp_path / "t", Sums(**ON_CPU), 3)
    assert isinstance(Sums.load(tmp_path / "t"), Sums)
    assert isinstance(NeuralOperator.load(tmp_path / "t"), Sums)
    from junco.builtin.text_embedding.minilm import MiniLM

    with pytest.raises(ContractError, match=r"it holds a number-embedding.test-sums"):
        MiniLM.load(tmp_path / "t")


def test_every_operator_says_why_it_cannot_be_trained_and_what_can():
    refused = {}
    for name in ("image-decode.pil", "object-detection.ssd", "image-embedding.onnx", "text-embedding.model2vec"):
        given = {"model": "x.onnx"} if name.endswith(".onnx") else {}
        with pytest.raises(ContractError, match=r"cannot be tuned: .*What can: .*-embedding\.") as caught:
            ops[name](**given).train("data")
        refused[name] = str(caught.value)
    assert "holds no neural network" in refused["image-decode.pil"]
    assert "gives no vectors" in refused["object-detection.ssd"]
    assert "no gradient reaches" in refused["image-embedding.onnx"]
    assert set(refused) <= set(names())


def test_a_constructor_written_by_hand_is_told_what_it_lacks():
    class ByHand(NeuralOperator, family="number-embedding", name="test-by-hand"):
        def __init__(self, seed: int = 0) -> None:
            self.seed = seed

        def source(self) -> Source:
            return Sums().source()

        prepare = Sums.prepare

    with pytest.raises(ContractError, match=r"does not take tuned=.*declare its options in the class instead"):
        ByHand().train("data")


def test_maps_are_not_trained():
    with pytest.raises(ContractError, match="gives maps, pool='none', and vectors are trained"):
        Sums(layer="0", pool="none").train("data")


def test_it_is_told_where_nothing_trains(monkeypatch):
    monkeypatch.setattr(tunable, "entries", lambda group: ())
    with pytest.raises(ContractError, match="nothing is installed that trains operators"):
        spec().train("data")


def test_a_tuned_spec_goes_to_other_processes_and_has_an_identity_of_its_own(tmp_path):
    for name, factor in (("a", 1.5), ("b", 1.5), ("c", 2.0)):
        tuned_whole(tmp_path / name, Sums(**ON_CPU), factor)
    a, b, c = (spec(tuned=tmp_path / name) for name in "abc")
    assert pickle.loads(pickle.dumps(a)) == a
    assert identity_of(a).digest == identity_of(b).digest
    assert len({identity_of(each).digest for each in (a, c, spec())}) == 3


# --- in pipelines and files ---------------------------------------------------------------------------------------

STEP = """\
junco: 1
inputs: [row]
steps:
  - {map: ./t, in: row, out: vector, name: embed, with: {device: cpu, runtime: torch}}
outputs: [vector]
"""


def test_a_step_in_a_file_names_a_folder_beside_it(tmp_path):
    tuned_head(tmp_path / "t", Sums(**ON_CPU), 3)
    (tmp_path / "p.yaml").write_text(STEP)
    p = pipeline(tmp_path / "p.yaml")
    assert p.graph.node("embed").fn == spec(tuned=str(tmp_path / "t"))
    np.testing.assert_array_equal(vectors(p), vectors(spec(tuned=tmp_path / "t").create()))
    assert read(write(p.graph)) == p.graph


def test_a_saved_pipeline_and_its_folder_can_be_moved_together(tmp_path):
    (tmp_path / "one").mkdir()
    tuned_head(tmp_path / "one" / "t", Sums(**ON_CPU), 3)
    p = of(Operator.load(tmp_path / "one" / "t").spec)
    expected, space = vectors(p), p.space
    p.save(tmp_path / "one" / "p.yaml")
    assert "tuned: ./t" in (tmp_path / "one" / "p.yaml").read_text()
    (tmp_path / "one").rename(tmp_path / "two")
    moved = pipeline(tmp_path / "two" / "p.yaml")
    np.testing.assert_allclose(vectors(moved), expected, atol=1e-4)
    assert moved.space == space


def test_reading_a_file_reads_no_weights_and_says_where_a_folder_is_wrong(tmp_path):
    tuned_head(tmp_path / "t", Sums(**ON_CPU), 3)
    (tmp_path / "t" / "weights.safetensors").write_bytes(b"")
    (tmp_path / "p.yaml").write_text(STEP)
    p = pipeline(tmp_path / "p.yaml")
    with pytest.raises(IntegrityError, match="0 bytes"):
        p.prepare()
    (tmp_path / "t" / "operator.json").write_text("{")
    from junco.errors import YamlError

    with pytest.raises(YamlError, match=r"p.yaml:4:11: .*holds no JSON"):
        pipeline(tmp_path / "p.yaml").prepare()
    (tmp_path / "p.yaml").write_text(STEP.replace("device: cpu", "tuned: ./t"))
    with pytest.raises(YamlError, match="is a folder already"):
        pipeline(tmp_path / "p.yaml")


def test_a_pipeline_of_the_users_folder_is_found_by_its_name(tmp_path):
    tuned_head(tmp_path / "t", Sums(**ON_CPU), 3)
    home = tmp_path / "home" / "pipelines"
    home.mkdir(parents=True)
    p = of(Operator.load(tmp_path / "t").spec)
    p.save(home / "number-better.yaml")
    from junco import pipelines

    assert "number-better" in pipelines()
    assert pipeline("number-better").space == p.space


def test_folders_name_operators_wherever_operators_are_named(tmp_path, monkeypatch):
    tuned_head(tmp_path / "t", Sums(**ON_CPU), 3)
    monkeypatch.chdir(tmp_path)
    p = of(spec())
    for given in ("./t", tmp_path / "t", str(tmp_path / "t"), Operator.load("t").spec):
        assert p.replace("embed", given).space == of(spec(tuned="./t")).space
    assert ops["./t"](**ON_CPU) == spec(tuned=str(tmp_path / "t"))


def test_a_lock_tells_the_digest_of_the_tuned_file(tmp_path):
    tuned = tuned_head(tmp_path / "t", Sums(**ON_CPU), 3)
    (step,) = of(spec(tuned=tmp_path / "t")).lock().steps
    assert step.files[str(tuned.told.weights)] == tuned.sha256
