"""A target belongs to one pipeline: which changes count, and what is said of those that do."""

from __future__ import annotations

import importlib
import sys
import zlib
from typing import Literal

import pytest

from junco import Operator, pipe, pipeline
from junco.errors import JobError


class Scale(Operator, family="job-probe", name="scale"):
    def __init__(
        self, factor: float = 1.0, mode: Literal["up", "down"] = "up", workers: int = 1, device: str = "auto"
    ) -> None:
        self.factor, self.mode = factor, mode

    neutral = frozenset({"workers"})

    def batch(self, values: list[float]) -> list[float]:
        return [value * self.factor for value in values]


def scaling(**params):
    return pipe.input("x").map("x", "y", Scale(**params).spec, name="scale").output("y")


def refused(p, target):
    with p, pytest.raises(JobError) as failure:
        p.run([1.0, 2.0], target, progress=False)
    assert "\n" not in str(failure.value)
    assert "resume=False (--no-resume)" in str(failure.value)
    return str(failure.value)


def test_another_parameter_is_named_with_both_values(tmp_path):
    scaling(factor=2.0).run([1.0], tmp_path / "v.parquet", progress=False)
    said = refused(scaling(factor=3.0, mode="down"), tmp_path / "v.parquet")
    assert "step 'scale': factor 2.0 ≠ 3.0; step 'scale': mode 'up' ≠ 'down'" in said


def test_other_code_another_operator_more_steps_and_other_outputs_are_named(tmp_path):
    def plain(fn):
        return pipe.input("x").map("x", "y", fn, name="step").output("y")

    plain(lambda x: x + 1).run([1.0], tmp_path / "v.parquet", progress=False)
    assert "step 'step': other code" in refused(plain(lambda x: x - 1), tmp_path / "v.parquet")
    two = pipe.input("x").map("x", "y", abs).map("y", "y", abs).output("y")
    assert "1 steps ≠ 2" in refused(two, tmp_path / "v.parquet")
    other = pipe.input("x").map("x", "y", lambda x: x + 1, name="step").output("x", "y")
    assert "outputs y ≠ x, y" in refused(other, tmp_path / "v.parquet")
    assert "step 'step': " in refused(plain(Scale().spec), tmp_path / "v.parquet")


def test_device_workers_and_names_are_no_difference(tmp_path):
    scaling(factor=2.0, workers=2).run([1.0], tmp_path / "v.parquet", progress=False)
    graph = pipe.input("x").map("x", "y", Scale(2.0).spec, name="times", workers=3).output("y").graph
    report = pipeline(graph, device="cpu").run([1.0, 2.0], tmp_path / "v.parquet", progress=False)
    assert (report.num_new, report.num_skipped) == (1, 1)


def edited(tmp_path, monkeypatch, table, clean):
    """A pipeline of a module, and a module that this one imports, as they stand on the disk now."""
    (tmp_path / "job_helpers.py").write_text(f"def clean(x): return {clean}\n")
    (tmp_path / "job_program.py").write_text(
        f"import job_helpers\nTABLE = {table}\n"
        "def f(x):\n    out = []\n    out.append(job_helpers.clean(TABLE[x]))\n    return out[0]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("job_helpers", "job_program"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return pipe.input("x").map("x", "y", importlib.import_module("job_program").f, name="step").output("y")


def test_an_edited_table_and_an_edited_helper_are_named(tmp_path, monkeypatch):
    target, table = tmp_path / "v.parquet", {1.0: 1, 2.0: 2}
    edited(tmp_path, monkeypatch, table, "x + 1").run([1.0], target, progress=False)
    assert edited(tmp_path, monkeypatch, table, "x + 1").run([1.0], target, progress=False).is_unchanged
    said = refused(edited(tmp_path, monkeypatch, {1.0: 9, 2.0: 2}, "x + 1"), target)
    assert "step 'step': another content of TABLE" in said
    said = refused(edited(tmp_path, monkeypatch, table, "x - 1"), target)
    assert "step 'step': other code of job_helpers.clean" in said


class Opaque:
    """Holds something whose content nobody can tell."""

    __slots__ = ("handle",)

    def __init__(self):
        self.handle = iter(())

    def __call__(self, x):
        return x


def test_a_pipeline_that_cannot_be_identified_is_said_to_be_and_is_never_taken_for_the_same(tmp_path):
    with pipe.input("x").map("x", "y", Opaque(), name="odd").output("y") as p:
        report = p.run([1.0], tmp_path / "v.parquet", progress=False)
        assert "this job cannot be resumed, for it cannot be identified: step 'odd': " in str(report)
        with pytest.raises(JobError, match=r"cannot be identified \(step 'odd': .*resume=False"):
            p.run([1.0], tmp_path / "v.parquet", progress=False)
        assert p.run([1.0], tmp_path / "v.parquet", progress=False, resume=False).num_new == 1


def test_an_input_whose_content_has_no_hash_is_worked_on_each_time_and_that_is_said(tmp_path):
    with pipe.input("x").map("x", "y", lambda x: 1).output("y") as p:
        for _ in range(2):
            report = p.run([Opaque(), 2], tmp_path / "v.parquet", progress=False)
            assert "1 input whose content has no hash" in str(report)
        assert (report.num_new, report.num_skipped) == (1, 1)


OLD = """\
5eba15aa {"junco":1,"job":"ca8725016b501f1826130222310cf14e583cc840b1ee0fafe34bbef6977c8002","pipeline":"text \\u2192 lengths","space":null,"replaces":null}
83539b58 {"shard":0,"keys":["one","three"],"digests":"NPLdqot2FcnkpqBXdHmytDK10K76tkOe5KagV3R5srQ=","counts":[1,1],"rejects":[]}
a6ca741b {"published":"661ad291a98a824c8f63112580cff88b0bbed50c1d0b5e499a130a1e666b4897","num_rejects":0}
"""  # noqa: E501  # as junco 0.1.0 wrote it


def test_a_target_that_version_0_1_0_began_is_refused_and_left_as_it_is(embed, tmp_path):
    assert all(line[:8] == f"{zlib.crc32(line[9:].encode()):08x}" for line in OLD.splitlines())
    work = tmp_path / ".v.parquet.junco"
    work.mkdir()
    for name in ("journal", "journal.next"):
        (work / name).write_text(OLD)
    (tmp_path / "v.parquet").write_text("what 0.1.0 wrote")
    with pytest.raises(JobError, match=r"made by another version of junco: .* resume=False"):
        embed.run(["one", "three"], tmp_path / "v.parquet", progress=False)
    assert (tmp_path / "v.parquet").read_text() == "what 0.1.0 wrote"
    assert (work / "journal").read_text() == (work / "journal.next").read_text() == OLD
    assert embed.run(["one"], tmp_path / "v.parquet", progress=False, resume=False).num_new == 1
    assert embed.run(["one"], tmp_path / "v.parquet", progress=False).is_unchanged
