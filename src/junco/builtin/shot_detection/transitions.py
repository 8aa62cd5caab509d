"""`Transitions`: shots by how sure it is, of each frame, that it is part of a transition."""

from __future__ import annotations

from junco.types import Shot


class Transitions:
    """Makes shots of frames that come one by one.

    The first frame of a transition is its shot's last; the next shot begins with the first frame that is part of none.
    Where the video begins or ends within a transition, its first or last shot takes that in.

    Args:
        threshold: a frame is part of a transition where its certainty is more.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._shot = Shot(0.0, 0.0)
        """The one that the next frame belongs to; its end is that of the last frame so far."""
        self._ended_s: float | None = None
        """When it ended, if a transition goes on that did not begin with the video."""
        self._certainty = 0.0
        """The most in the transition that goes on."""

    def add(self, time_s: float, end_s: float, certainty: float) -> Shot | None:
        """Take the next frame: from when to when it is seen, and the certainty; a shot whose end is now known.

        Args:
            time_s: when it begins.
            end_s: when the next one does.
            certainty: that it is part of a transition, 0..1.
        """
        before = self._shot
        self._shot = Shot(before.start_s, end_s, before.score)
        if certainty > self.threshold:
            if not self._certainty and before.end_s:
                self._ended_s = end_s
            self._certainty = max(self._certainty, certainty)
            return None
        found = None
        if self._ended_s is not None:
            found = Shot(before.start_s, self._ended_s, before.score)
            self._shot = Shot(time_s, end_s, self._certainty)
        self._ended_s, self._certainty = None, 0.0
        return found

    def end(self) -> Shot:
        """The last shot, which goes on to the end of the video."""
        return self._shot
