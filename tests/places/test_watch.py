"""The end of what is read from a server, when its time is over."""

from __future__ import annotations

import socket

from junco.places.watch import Watch


def test_a_socket_that_is_connected_when_the_time_is_over_is_shut_at_once():
    ours, theirs = socket.socketpair()
    late, other = socket.socketpair()
    with ours, theirs, late, other, Watch(0.001) as watch:
        watch.add(ours)
        assert theirs.recv(1) == b""
        assert watch.is_over
        watch.add(late)
        late.settimeout(5)
        assert late.recv(1) == b""
        assert other.recv(1) == b""
