"""Which tests go to one worker together, so that what they share is made once: a loaded model, a demo that ran."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

EACH_BY_ITSELF = ("tests/test_bench.py", "tests/test_docs.py")
"""Files whose tests are processes of their own and share nothing."""
BY_PARAMETER = ("tests/builtin/test_conformance.py", "tests/nn/test_blocks.py")
"""Files that run over many members: what they share is the member."""


class Sharing(LoadScopeScheduling):
    """The tests of a file go to one worker, the longest lists first."""

    def _split_scope(self, nodeid: str) -> str:
        """The tests with the same answer stay together."""
        file, _, test = nodeid.partition("::")
        if file.endswith(EACH_BY_ITSELF):
            return nodeid
        if file.endswith(BY_PARAMETER):
            return f"{file}[{test.partition('[')[2]}"
        return file
