"""Targets at addresses: made whole on this machine as any other file, then sent; what is there is one or the other.

The copy here and the job's journal stay in JUNCO_HOME, so that the next run goes on from them. Publishing is done again
after a kill until all of it is there: what was sent is known by what the store called it, and is not sent twice.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from junco.errors import TargetError
from junco.settings import settings
from junco.store.addresses import Address
from junco.store.durable import replacing, sums_of
from junco.store.files import FileSink
from junco.store.rejects import ENDING


class Uploaded(FileSink):
    """What a target of files does besides where it is at an address; it stands before the target's own class.

    Args:
        address: of the target; of a folder without the ``/`` at its end.
    """

    def __init__(self, address: str) -> None:
        self.address = Address(address)
        told = hashlib.sha256(address.encode()).hexdigest()[:16]
        super().__init__(settings().home / "targets" / told / Path(self.address.path).name)
        self.target = self.address.shown
        self.folder = None

    @property
    def rejects_place(self) -> str:
        """The address of what says why inputs were put aside."""
        return f"{self.target.rstrip('/')}{ENDING}"

    def publish(self, num_rejects: int) -> None:
        """Put what was staged in its place here, then there, the target itself last."""
        super().publish(num_rejects)
        self._send()

    def check(self, *, is_ours: bool) -> None:
        """Refuse what somebody else has written there since."""
        assert self.work is not None
        self.work.mkdir(0o700, parents=True, exist_ok=True)
        super().check(is_ours=is_ours)
        if not is_ours:
            self._check_others()
        elif self.stamp() is None:
            self._note({})  # all of it was removed there, and is made anew
        elif any(told != self._heard(path) for path, (_, *told) in self._sent().items()):
            raise TargetError(
                f"{self.target} was changed by something else: give another target, "
                "or replace it with resume=False (--no-resume)"
            )

    def stamp(self) -> str | None:
        """Of the copy here; without one, of what is there; ``None`` where that is not there any more."""
        found = self.address.head(self.address.path) or next(iter(self.address.listed().values()), None)
        if found is None:
            return None
        return super().stamp() or f"{found.num_bytes} {found.e_tag}"

    def _heard(self, path: str) -> list[Any]:
        """What the store says of an object."""
        return [*(self.address.head(path) or ())]

    def _check_others(self) -> None:
        """Never replace a folder with other things in it."""
        other = next((name for name in self.address.listed() if not Path(name).match("part-*.parquet")), None)
        if other is not None:
            raise TargetError(f"{self.target} holds other things ({other}): give another target")

    def _send(self) -> None:
        """Send what is not there yet, and remove what is there no longer."""
        sent = self._sent()
        wanted = {
            self._there(name): (path.parent / name, content)
            for path in (self.rejects, *self.sides(), self.path)
            for name, content in sums_of(path).items()
        }
        for there, (file, content) in wanted.items():
            if there not in sent or sent[there][0] != content:
                sent[there] = [content, *self.address.put(there, file)]
                self._note(sent)
        for there in [there for there in sent if there not in wanted]:
            self.address.delete(there)
            del sent[there]
            self._note(sent)

    def _there(self, name: str) -> str:
        """The path in the bucket of a file beside or in the target."""
        return f"{self.address.path.removesuffix(self.path.name)}{name}"

    @property
    def _notes(self) -> Path:
        assert self.work is not None
        return self.work / "sent.json"

    def _sent(self) -> dict[str, list[Any]]:
        """What was sent, by its path there: a hash of it, its size, what the store calls it."""
        try:
            said = json.loads(self._notes.read_text("utf-8"))
        except (OSError, ValueError):  # nothing yet; or damaged, and all is sent again
            return {}
        is_right = isinstance(said, dict) and all(isinstance(each, list) and len(each) == 3 for each in said.values())
        return said if is_right else {}

    def _note(self, known: dict[str, list[Any]]) -> None:
        with replacing(self._notes) as file:
            file.write(json.dumps(known).encode())
