"""When so many inputs fail that something else than the inputs is wrong, the job ends."""

from __future__ import annotations

import pytest

from junco import pipe
from junco.errors import InputError, JobError


def texts(*numbers):
    return [("bad" if n in numbers else "text") + f" {n}" for n in range(300)]


def test_a_job_of_which_the_first_hundred_inputs_failed_ends_with_the_reasons_and_the_cure(embed, tmp_path):
    with pytest.raises(JobError, match=r"the first 100 inputs all failed.*lengths: ValueError: cannot") as failure:
        embed.run(texts(*range(100)), tmp_path / "v.parquet", progress=False)
    assert "retry_rejects=True" in str(failure.value)
    assert "max_rejects=None" in str(failure.value)
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "v.parquet").exists()


def test_with_one_good_input_among_them_or_without_a_limit_it_goes_on(embed, tmp_path):
    report = embed.run(texts(*range(99), *range(100, 300)), tmp_path / "v.parquet", progress=False)
    assert report.num_done == 1
    report = embed.run(texts(*range(300)), tmp_path / "w.parquet", progress=False, max_rejects=None)
    assert report.num_done == 0


def test_what_was_done_stays_and_the_next_run_goes_on_from_there(tmp_path):
    mended, seen = tmp_path / "mended", []

    def fragile(text):
        seen.append(text)
        if not mended.exists():
            raise ValueError("not yet")
        return len(text)

    with pipe.input("text").map("text", "size", fragile).output("size") as p:
        with pytest.raises(JobError, match="the first 100"):
            p.run(texts(), tmp_path / "v.parquet", progress=False)
        mended.touch()
        seen.clear()
        report = p.run(texts(), tmp_path / "v.parquet", progress=False, retry_rejects=True)
    assert len(set(seen)) == len(seen) == 300
    assert (report.num_done, report.num_rejects) == (300, 0)


def test_new_inputs_that_all_fail_do_not_end_a_job_that_has_done_some(embed, tmp_path):
    embed.run(["fine"], tmp_path / "v.parquet", progress=False)
    assert embed.run(["fine", *texts(*range(300))], tmp_path / "v.parquet", progress=False).num_rejects == 300


@pytest.mark.parametrize("most", [0, 3])
def test_a_number_is_the_most_rejects_of_the_source(embed, tmp_path, most):
    bad = texts(*range(0, 300, 10)[: most + 1])
    with pytest.raises(JobError, match=f"more than {most} inputs were put aside"):
        embed.run(bad, tmp_path / "v.parquet", progress=False, max_rejects=most)
    assert embed.run(bad, tmp_path / "v.parquet", progress=False, max_rejects=most + 1).num_rejects == most + 1


@pytest.mark.parametrize("wrong", [-1, True, "many", 1.5])
def test_what_is_no_limit_is_refused(embed, tmp_path, wrong):
    with pytest.raises(InputError, match="max_rejects must be"):
        embed.run(["a"], tmp_path / "v.parquet", max_rejects=wrong)
