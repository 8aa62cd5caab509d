"""The limits that a container or a batch system sets, read from files as Linux shows them."""

from __future__ import annotations

import os

import pytest

from junco.cgroups import core_quota, memory_limit
from scripts import run_script

GB = 2**30


def test_without_control_groups_there_is_no_limit(machine, tmp_path):
    for root in (machine(), tmp_path / "nowhere"):
        assert core_quota(root) is None
        assert memory_limit(root) is None


def test_the_limits_of_a_container_are_found_at_the_root_of_what_it_sees(machine):
    root = machine({"cpu.max": "150000 100000\n", "memory.max": f"{2 * GB}\n", "memory.high": "max\n"}, "0::/\n")
    assert core_quota(root) == 1.5
    assert memory_limit(root) == 2 * GB


def test_a_group_is_bound_by_every_group_above_it(machine):
    files = {
        "job.slice/cpu.max": "200000 100000",
        "job.slice/step/cpu.max": "max 100000",
        "job.slice/memory.max": str(4 * GB),
        "job.slice/step/memory.max": str(8 * GB),
        "job.slice/step/memory.high": str(3 * GB),
        "other.slice/cpu.max": "1000 100000",
        "other.slice/memory.max": "1",
    }
    root = machine(files, "0::/job.slice/step\n")
    assert core_quota(root) == 2
    assert memory_limit(root) == 3 * GB


def test_the_first_version_has_a_folder_for_each_controller(machine):
    files = {
        "cpu,cpuacct/docker/a1/cpu.cfs_quota_us": "50000",
        "cpu,cpuacct/docker/a1/cpu.cfs_period_us": "100000",
        "cpu,cpuacct/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/cpu.cfs_period_us": "100000",
        "memory/docker/a1/memory.limit_in_bytes": str(GB),
        "memory/memory.limit_in_bytes": "9223372036854771712",
    }
    root = machine(files, "12:memory:/docker/a1\n3:cpu,cpuacct:/docker/a1\n1:name=systemd:/docker/a1\n")
    assert core_quota(root) == 0.5
    assert memory_limit(root) == GB


def test_a_container_that_sees_the_hosts_path_finds_its_own_group_where_it_is_mounted(machine):
    files = {"memory/memory.limit_in_bytes": str(GB), "cpu/cpu.cfs_quota_us": "300000"}
    root = machine(files | {"cpu/cpu.cfs_period_us": "100000"}, "2:memory:/kubepods/pod1\n1:cpu:/kubepods/pod1\n")
    assert core_quota(root) == 3
    assert memory_limit(root) == GB


def test_both_versions_at_once_bind_both(machine):
    files = {"memory/a/memory.limit_in_bytes": str(2 * GB), "unified/b/memory.max": str(GB)}
    assert memory_limit(machine(files, "4:memory:/a\n0::/b\n")) == GB


@pytest.mark.parametrize(
    "text",
    ["", "max", "-1", "0", "1e9", "ten", "²", "9" * 5_000, "1 2 3", "\x00", b"\xff\xfe"],
    ids=lambda text: repr(text)[:9],
)
def test_what_is_malformed_sets_no_limit(machine, text):
    root = machine({"cpu.max": text, "memory.max": text, "memory.high": text})
    assert core_quota(root) is None
    assert memory_limit(root) is None


@pytest.mark.parametrize("text", ["", "nonsense", "0:/", "0::/../elsewhere", b"0::/\xff"], ids=repr)
def test_a_group_that_cannot_be_read_sets_no_limit(machine, text):
    assert memory_limit(machine({"elsewhere/memory.max": "1"}, text)) is None


@pytest.mark.parametrize("text", ["100000", "100000 0", "100000 none", "100000 100000 7"])
def test_a_quota_without_its_period_is_none(machine, text):
    assert core_quota(machine({"cpu.max": text})) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_limits_are_read_once_and_anew_after_a_fork(machine):
    status, out, err = run_script(
        f"""
        import os
        from pathlib import Path
        from junco.cgroups import memory_limit

        root = Path({str(machine({"memory.max": str(GB)}))!r})
        print(memory_limit(root))
        (root / "sys/fs/cgroup/memory.max").write_text("5")
        print(memory_limit(root), flush=True)
        child = os.fork()
        if not child:
            os._exit(0 if memory_limit(root) == 5 else 1)
        print(os.waitpid(child, 0)[1])
        """
    )
    assert (status, out.split(), err) == (0, [str(GB), str(GB), "0"], "")
