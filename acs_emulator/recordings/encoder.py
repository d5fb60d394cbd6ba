"""A program of its own: reads samples (signed 16-bit little-endian, 16 kHz, mono) and writes them as mp3 or mp4.

`python encoder.py mp3|mp4 < samples > file`. It runs beside the emulator, so that the codecs are loaded when a file is
wanted and neither starting nor serving waits for them. The picture of an mp4 is black.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream

RATE = 16_000
FRAME_RATE = 16
WIDTH, HEIGHT = 1920, 1080
BLACK = (16, 128, 128)
"""Of luma and both chromas."""
MP3_BIT_RATE = 48_000
MP4_BIT_RATE = 128_000


def mp3(samples: bytes) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        stream.layout, stream.bit_rate = "mono", MP3_BIT_RATE
        for frame in _frames(samples):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def mp4(samples: bytes) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=FRAME_RATE)
        video.width, video.height, video.pix_fmt, video.gop_size = WIDTH, HEIGHT, "yuv420p", 1
        audio = container.add_stream("aac", rate=RATE)
        audio.layout, audio.bit_rate = "mono", MP4_BIT_RATE
        black = _black_pictures(video)
        for frame in _frames(samples):
            container.mux(audio.encode(frame))
            start = frame.pts or 0
            for number in range(_pictures(start), _pictures(start + frame.samples)):
                container.mux(_shown(black[number % len(black)], number, video))
        container.mux(audio.encode(None))
    return out.getvalue()


def _frames(samples: bytes) -> Iterator[av.AudioFrame]:
    """A second each."""
    for start in range(0, len(samples), 2 * RATE):
        part = samples[start : start + 2 * RATE]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(part) // 2)
        plane = frame.planes[0]
        plane.update(part + bytes(plane.buffer_size - len(part)))
        frame.sample_rate, frame.pts = RATE, start // 2
        yield frame


def _pictures(samples: int) -> int:
    """How many pictures are shown up to that sample, rounded up: sound never lacks a picture."""
    return -(-samples * FRAME_RATE // RATE)


def _black_pictures(video: VideoStream) -> list[bytes]:
    """Two whole pictures, encoded once: shown in turn, they cost nothing to encode however long the recording is, and
    differ in the number by which a decoder tells neighbours apart."""
    picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, value in zip(picture.planes, BLACK, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    packets: list[Packet[Any]] = []
    for number in range(2):
        picture.pts, picture.time_base = number, Fraction(1, FRAME_RATE)
        packets += video.encode(picture)
    packets += video.encode(None)
    return [bytes(packet) for packet in packets]


def _shown(picture: bytes, number: int, video: VideoStream) -> Packet[Any]:
    packet = Packet(picture)
    packet.pts = packet.dts = number
    packet.time_base, packet.duration = Fraction(1, FRAME_RATE), 1
    packet.stream, packet.is_keyframe = video, True
    return packet


ENCODERS = {"mp3": mp3, "mp4": mp4}

if __name__ == "__main__":
    sys.stdout.buffer.write(ENCODERS[sys.argv[1]](sys.stdin.buffer.read()))
