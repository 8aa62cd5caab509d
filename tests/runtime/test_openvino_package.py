"""OpenVINO is imported without its telemetry, and left as it is where somebody has imported it before."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from scripts import run_script

pytest.importorskip("openvino")


def test_nothing_of_its_telemetry_is_imported(tmp_path):
    told = tmp_path / "told"
    (tmp_path / "openvino_telemetry.py").write_text(
        f"import pathlib\npathlib.Path({str(told)!r}).write_text('imported')\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from junco.runtime import openvino_package, openvino_runtime\n"
        "openvino_runtime.core()\n"
        "assert 'openvino_telemetry' not in sys.modules\n"
        "print(openvino_package.imported() is sys.modules['openvino'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    assert not told.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_in_a_process_that_was_forked_after_its_use_it_is_refused_and_not_waited_for():
    status, out, err = run_script(
        """
        import os, signal, warnings
        from junco.errors import UnavailableError
        from junco.runtime.openvino_runtime import core
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads and forks

        core()
        child = os.fork()
        if not child:
            signal.alarm(20)
            try:
                core()
            except UnavailableError as error:
                print("spawn" in str(error), flush=True)
            os._exit(0)
        print(os.waitpid(child, 0)[1])
        """
    )
    assert (status, out.split()) == (0, ["True", "0"]), err
