"""Which frame is which: packets numbered in the order in which their frames are shown, also where decoding begins late.

A frame's number is how many frames are shown before it. Packets tell that without being decoded: they come in the
order of decoding, each with the time at which it is shown, and none that follows is shown before its own time of
decoding.
"""

from __future__ import annotations

import contextlib
import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from junco.builtin.av.video import Video
from junco.errors import InputError

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

Packets: TypeAlias = "Iterator[Packet[VideoStream]]"
"""As they come out of a container."""

NOT_SHOWN = -1
"""The number of a packet whose frame is not shown."""


@dataclass(eq=False, slots=True)
class Number:
    """A packet's number on its way through the decoder: an object of its own, since PyAV knows it by its place."""

    value: int


_MAX_AHEAD = 64
"""Packets that wait for their numbers: four times as many as any codec puts between decoding and showing."""
_STEPS_BACK_S = (0, 2, 10, 60)
_LEAST_JUMP_S = 0.5
"""Times of decoding rise, but for the small errors of those who write them."""


def numbered(packets: Packets, codec: str, first: int = 0) -> Packets:
    """The same packets in the same order, each with its frame's `Number` as its ``opaque``.

    Packets without times, of bare streams, are numbered as they come.

    Args:
        codec: FFmpeg's name of it.
        first: how many frames are shown whose packets came before these.
    """
    from_here, num_shown, passed, last = 0, first, float("-inf"), float("-inf")
    waiting: deque[tuple[int, Packet[VideoStream]]] = deque()
    times: list[tuple[float, int]] = []
    numbers: dict[int, int] = {}
    for packet in packets:
        order, from_here = from_here, from_here + 1
        waiting.append((order, packet))
        if is_hidden(packet, codec):
            numbers[order] = NOT_SHOWN
        else:
            last = packet.pts if packet.pts is not None else packet.dts if packet.dts is not None else last
            heapq.heappush(times, (last, order))
        if packet.dts is not None or packet.pts is None:
            passed = max(passed, packet.dts if packet.dts is not None else last)
        while times and (times[0][0] <= passed or (len(waiting) > _MAX_AHEAD and waiting[0][0] not in numbers)):
            numbers[heapq.heappop(times)[1]] = num_shown
            num_shown += 1
        while waiting and waiting[0][0] in numbers:
            yield _marked(waiting.popleft(), numbers)
    while times:
        numbers[heapq.heappop(times)[1]] = num_shown
        num_shown += 1
    for each in waiting:
        yield _marked(each, numbers)


def _marked(each: tuple[int, Packet[VideoStream]], numbers: dict[int, int]) -> Packet[VideoStream]:
    order, packet = each
    packet.opaque = Number(numbers.pop(order))
    return packet


def is_hidden(packet: Packet[VideoStream], codec: str) -> bool:
    """Whether its frame only serves to decode others: cut away by the container's edit list, or marked so in VP8."""
    return packet.is_discard or (codec == "vp8" and not bytes(packet)[0] & 0x10)


def begins_anew(last: Packet[VideoStream] | None, packet: Packet[VideoStream]) -> bool:
    """Whether times of decoding go back from one packet to the next, as where two videos were joined as they are."""
    if last is None or last.dts is None or packet.dts is None or packet.time_base is None:
        return False
    return (last.dts - packet.dts) * packet.time_base > _LEAST_JUMP_S


def packets_of(video: Video) -> Packets:
    """The packets with something in them, from where the container stands."""
    return (packet for packet in video.container.demux(video.stream) if packet.size)


def packets_from(video: Video, start_s: float) -> tuple[Packets, int, int]:
    """Packets from a key frame shown at ``start_s`` or before; how many before them are shown; and how many there are.

    Where the container has an index of all packets it is asked; in others the packets before are read and counted, not
    decoded. An untimed video is read from its beginning.
    """
    if start_s <= 0 or video.is_untimed or (beginning := next(packets_of(video), None)) is None:
        return packets_of(video), 0, 0
    if (key := _key_before(video, video.start + round(start_s / video.time_base))) is None:
        return _from(beginning, video), 0, 0
    first, rest = key
    if (number := _number_by_index(video, first)) is not None:
        return chain((first,), rest), number, number
    return _counted(video, beginning, first)


def _key_before(video: Video, wanted: int) -> tuple[Packet[VideoStream], Packets] | None:
    """The packet of a key frame shown at that time or before, and those that follow; ``None``: begin at the start.

    Containers look for times of decoding, which may lie before those of showing: then further back.
    """
    from av.error import FFmpegError

    for back_s in _STEPS_BACK_S:
        try:
            video.container.seek(max(video.start, wanted - round(back_s / video.time_base)), stream=video.stream)
            packets = packets_of(video)
            first = next((packet for packet in packets if packet.is_keyframe), None)
        except FFmpegError:
            return None
        if first is not None and first.pts is not None and first.pts <= wanted:
            return first, packets
    return None


def _from(beginning: Packet[VideoStream], video: Video) -> Packets:
    """All packets once more, of which that one is the first.

    Raises:
        InputError: the container does not find it again.
    """
    from av.error import FFmpegError

    at = beginning.dts if beginning.dts is not None else beginning.pts or 0
    for back_s in _STEPS_BACK_S:
        with contextlib.suppress(FFmpegError):
            video.container.seek(at - round(back_s / video.time_base), stream=video.stream)
            packets = packets_of(video)
            first = next(packets, None)
            if first is not None and _mark(first) == _mark(beginning):
                return chain((first,), packets)
    raise InputError(
        f"{video.name}: cannot be read from its beginning again, so that frames have no numbers: take start_s=0"
    )


def _number_by_index(video: Video, packet: Packet[VideoStream]) -> int | None:
    """How many packets come before that one, where the container's index names all and tells."""
    entries = video.stream.index_entries
    if not video.stream.frames or len(entries) != video.stream.frames or entries[0].is_discard or packet.dts is None:
        return None
    at = entries.search_timestamp(packet.dts, any_frame=True)
    if at < 0 or entries[at].timestamp != packet.dts or entries[at].pos != packet.pos:
        return None
    return int(at)


def _counted(video: Video, beginning: Packet[VideoStream], wanted: Packet[VideoStream]) -> tuple[Packets, int, int]:
    """That packet and those that follow, read from the start on, and how many shown ones and others came before."""
    mark, num_shown, codec = _mark(wanted), 0, video.stream.codec_context.name
    packets, last = _from(beginning, video), None
    for num_read, packet in enumerate(packets):
        if begins_anew(last, packet):
            break
        if _mark(packet) == mark:
            return chain((packet,), packets), num_shown, num_read
        last, num_shown = packet, num_shown + (not is_hidden(packet, codec))
    return _from(beginning, video), 0, 0


def _mark(packet: Packet[VideoStream]) -> tuple[int | None, int | None, int]:
    return packet.pts, packet.pos, packet.size
