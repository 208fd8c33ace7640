"""What crosses the border of a box: frames of plain values, with bounds. Never pickle.

A frame is two lengths, a message in JSON, and the bytes of its arrays, one after the other.
"""

import json
import select
import struct
import time

HEAD = struct.Struct("!II")
TEXT, BYTES, DEPTH = 8 * 2**20, 64 * 2**20, 24  # of one message; of its arrays; of its nesting
PAUSE = 0.25  # seconds between two looks around while an answer is awaited


def frame(message, buffers=()):
    """Return a message and the bytes of its arrays as one frame."""
    text = json.dumps(message).encode()
    body = b"".join(buffers)
    return HEAD.pack(len(text), len(body)) + text + body


def read_frame(stream):
    """Wait for the next frame of a stream; return its message and its bytes, None at the end."""
    head = _read(stream, HEAD.size)
    if head is None:
        return None
    parts = [_read(stream, size) for size in HEAD.unpack(head)]
    return None if None in parts else (json.loads(parts[0]), parts[1])


class Channel:
    """The judge's end of a socket: whoever is at the other may send anything, or nothing."""

    def __init__(self, socket):
        self.socket, self.waiting = socket, bytearray()
        socket.setblocking(False)

    def ask(self, data, seconds, answers, idle=lambda: None):
        """Send bytes and return the first frame that answers them, None if the other end closes.

        Parameters
        ----------
        data : bytes
        seconds : float
            Time for both.
        answers : callable
            Says of a message whether it is the answer; others are passed over.
        idle : callable
            Called about four times a second until it comes.

        Raises
        ------
        TimeoutError
        ValueError
            If what comes is not a frame, or larger or deeper than its bounds.
        """
        end, data = time.monotonic() + seconds, memoryview(data)
        look = time.monotonic() + PAUSE
        while True:
            found = self._take()
            if found and answers(found[0]):
                return found
            now = time.monotonic()
            if now > end:
                raise TimeoutError
            if now > look:
                idle()
                look = now + PAUSE
            try:
                data = data if found else self._move(data, min(end - now, PAUSE))
            except OSError:
                return None

    def _move(self, data, seconds):
        """Wait; send what can be sent, keep what comes; return what is left to send."""
        readable, writable, _ = select.select([self.socket], [self.socket] if data else [], [],
                                              seconds)
        if writable:
            data = data[self.socket.send(data[:2**16]):]
        if readable:
            part = self.socket.recv(2**18)
            if not part:
                raise ConnectionResetError
            self.waiting += part
        return data

    def _take(self):
        """Return the frame that has come, or None if it is not whole yet."""
        if len(self.waiting) < HEAD.size:
            return None
        text, body = HEAD.unpack_from(self.waiting)
        if text > TEXT or body > BYTES:
            raise ValueError("a frame larger than its bounds")
        middle, end = HEAD.size + text, HEAD.size + text + body
        if len(self.waiting) < end:
            return None
        found = bytes(self.waiting[HEAD.size:middle]), bytes(self.waiting[middle:end])
        del self.waiting[:end]
        return _parse(found[0]), found[1]


def _read(stream, size):
    """Read exactly so many bytes; None if the stream ends before."""
    data = bytearray()
    while len(data) < size:
        part = stream.read(min(size - len(data), 2**20))
        if not part:
            return None
        data += part
    return bytes(data)


def _parse(text):
    """Return the object in a JSON text; its strings can be written as UTF-8."""
    try:
        message = json.loads(text, parse_constant=str)
        if b"\\ud" in text.lower() or b"\xed" in text:  # perhaps half of a surrogate pair
            message = json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    except (RecursionError, MemoryError) as error:
        raise ValueError("a message that cannot be read") from error
    if not isinstance(message, dict) or _deep(message):
        raise ValueError("a message that is not an object, or deeper than its bound")
    return message


def _deep(message):
    """Return whether lists and dicts nest deeper than `DEPTH`."""
    level = [message]
    for _ in range(DEPTH):
        level = [part for node in level
                 for part in (node.values() if isinstance(node, dict) else node)
                 if isinstance(part, dict | list)]
        if not level:
            return False
    return True
