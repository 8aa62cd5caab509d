"""`Held`: a vector store that questions are put to, one at a time, and that stays open between them where it may."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from threading import RLock
from typing import Any, TypeVar

from junco.errors import JuncoError, UnavailableError
from junco.vector_store.contract import VectorStore
from junco.vector_store.installed import store_at
from junco.wording import brief

_T = TypeVar("_T")
_ONE_AT_A_TIME = RLock()
"""Of databases that are open once only: whoever comes second would be refused, or closed by the first."""


class Held:
    """A store of an address, for any number of threads.

    Args:
        address: where it is.
    """

    def __init__(self, address: str) -> None:
        self.address, self.is_kept = address, False
        self._store: VectorStore | None = None
        self._let_go: Callable[[], Any] | None = None
        store = store_at(address)
        self.kinds = store.kinds
        self._lock = _ONE_AT_A_TIME if store.is_exclusive else RLock()

    def ask(self, question: Callable[[VectorStore], _T]) -> _T:
        """The answer of the store. A connection that was lost meanwhile is made anew, once.

        Raises:
            UnavailableError: whatever its driver raises.
        """
        with self._lock:
            if self._store is not None:
                try:
                    return question(self._store)
                except JuncoError:
                    raise
                except Exception:  # it is asked again, and what it then raises is told
                    self.close()
            return self._ask_anew(question)

    def _ask_anew(self, question: Callable[[VectorStore], _T]) -> _T:
        self._store = store = store_at(self.address)
        self._let_go = weakref.finalize(self, store.close)
        is_answered = False
        try:
            answer = question(store)
            is_answered = True
        except JuncoError:
            raise
        except Exception as error:
            raise UnavailableError(f"{self.address}: {brief(error)}") from error
        finally:
            if not is_answered or (store.is_exclusive and not self.is_kept):
                self.close()
        return answer

    def close(self) -> None:
        """Let go of the store, if it is open."""
        with self._lock:
            let_go, self._let_go, self._store = self._let_go, None, None
            if let_go is not None:
                let_go()

    def __getstate__(self) -> dict[str, Any]:
        return {"address": self.address}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["address"])  # type: ignore[misc]  # a copy opens the store for itself
