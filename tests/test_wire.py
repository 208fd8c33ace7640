"""Frames between the judge and a box: whatever the other end sends, or does not."""

import io
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.wire import BYTES, DEPTH, HEAD, TEXT, Channel, frame, read_frame


@pytest.fixture
def ends():
    """A judge's channel, and the socket of whoever is at the other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours), theirs


def ask(channel, data=b"", seconds=2.0, answers=lambda message: True, **options):
    return channel.ask(data, seconds, answers, **options)


def raw(text, body=b""):
    return HEAD.pack(len(text), len(body)) + text + body


@contextmanager
def meanwhile(act):
    """Let `act`, the other end, go on in a thread until it has ended."""
    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
        assert not thread.is_alive()


def flood(theirs, data):
    """Return a function that sends `data` again and again until nobody listens."""
    def send():
        try:
            while True:
                theirs.sendall(data)
        except OSError:
            pass
    return send


MESSAGES = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.recursive(
    st.none() | st.booleans() | st.integers(-2**60, 2**60) | st.text(st.characters(
        exclude_categories=["Cs"])), lambda inner: st.lists(inner, max_size=3), max_leaves=9))


@given(MESSAGES, st.lists(st.binary(max_size=50), max_size=3))
def test_a_frame_is_read_as_it_was_written(message, buffers):
    data = frame(message, buffers)
    assert read_frame(io.BytesIO(data)) == (message, b"".join(buffers))
    channel = Channel(socket.socket())
    with channel.socket:
        channel.waiting += data
        assert ask(channel) == (message, b"".join(buffers))


@pytest.mark.parametrize("size", [0, 3, 8, 12, 20])
def test_a_stream_that_ends_within_a_frame_is_at_its_end(size):
    stream = io.BytesIO(frame({"id": 0}) + frame({"id": 1}, [b"1234"])[:size])
    assert read_frame(stream) == ({"id": 0}, b"") and read_frame(stream) is None


# What comes in order


def test_a_frame_in_many_parts_is_put_together(ends):
    channel, theirs = ends

    def drip():
        for byte in frame({"id": 7}, [b"ab", b"c"]):
            theirs.sendall(bytes([byte]))
            time.sleep(0.001)

    with meanwhile(drip):
        assert ask(channel) == ({"id": 7}, b"abc")


def test_frames_that_come_at_once_are_taken_one_by_one(ends):
    channel, theirs = ends
    theirs.sendall(frame({"id": 1}, [b"x"]) + frame({"id": 2}) + frame({"id": 3}, [b"y"]))
    assert [ask(channel) for _ in range(3)] == [
        ({"id": 1}, b"x"), ({"id": 2}, b""), ({"id": 3}, b"y")]


def test_frames_that_answer_something_else_are_passed_over(ends):
    channel, theirs = ends
    theirs.sendall(b"".join(frame({"id": n}, [b"late"]) for n in range(1000)) + frame({"id": "me"}))
    assert ask(channel, answers=lambda message: message["id"] == "me")[0] == {"id": "me"}


def test_a_large_question_and_a_large_answer_cross_at_the_same_time(ends):
    channel, theirs = ends
    question, answer = frame({}, [bytes(5 * 2**20)]), frame({"id": 1}, [b"a" * 5 * 2**20])

    def reply_before_listening():
        theirs.sendall(answer[:2**20])
        with theirs.makefile("rb") as stream:
            assert len(read_frame(stream)[1]) == 5 * 2**20
        theirs.sendall(answer[2**20:])

    with meanwhile(reply_before_listening):
        assert ask(channel, question, 10)[1] == b"a" * 5 * 2**20


def test_the_bounds_themselves_are_allowed(ends):
    channel, theirs = ends
    nested = json.loads("[" * (DEPTH - 1) + "]" * (DEPTH - 1))
    text = json.dumps({"x": nested}).encode().ljust(TEXT)

    with meanwhile(lambda: theirs.sendall(raw(text, bytes(2**20)))):
        found, body = ask(channel, seconds=10)
    assert found == {"x": nested} and len(body) == 2**20


# What is refused


@pytest.mark.parametrize("data", [
    HEAD.pack(TEXT + 1, 0), HEAD.pack(0, BYTES + 1), HEAD.pack(2**32 - 1, 2**32 - 1),
    b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 8,
], ids=["text", "bytes", "both", "another protocol", "all ones"])
def test_a_frame_beyond_its_bounds_is_refused_before_it_comes(ends, data):
    channel, theirs = ends
    theirs.sendall(data)
    start = time.monotonic()
    with pytest.raises(ValueError, match="larger than its bounds"):
        ask(channel, seconds=5)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("text", [
    b"", b"garbage", b"5", b"[1, 2]", b"null", b'"text"', b"{", b'{"a": 1} 2', b"\xff\xfe", b"\x00",
    b"[" * 10**5, b'{"a":' * 10**5, b'{"n": ' + b"9" * 5000 + b"}",
    json.dumps({"x": json.loads("[" * DEPTH + "]" * DEPTH)}).encode(),
    b'{"a":' * DEPTH + b"{}" + b"}" * DEPTH,
], ids=["nothing", "garbage", "a number", "a list", "null", "text", "half", "more", "utf-16", "nul",
        "deep lists", "deep objects", "a long number", "a list too deep", "an object too deep"])
def test_what_is_no_object_within_the_bounds_is_refused(ends, text):
    channel, theirs = ends
    with meanwhile(lambda: theirs.sendall(raw(text))), pytest.raises(ValueError):
        ask(channel)


@pytest.mark.parametrize("text", [
    b'{"text": "\\ud800"}', b'{"text": "\\uDFFF"}', b'{"text": "\xed\xa0\x80"}', b'{"\\ud83d": 1}',
    b'{"deep": [{"text": ["\\uDBFF"]}]}',
])
def test_half_characters_are_mended_or_refused(ends, text):
    channel, theirs = ends
    theirs.sendall(raw(text))
    try:
        message, _ = ask(channel)
    except ValueError:  # bytes that are no UTF-8 at all
        assert b"\xed" in text
    else:
        assert json.dumps(message, ensure_ascii=False).encode()


def test_whole_characters_come_through(ends):
    channel, theirs = ends
    said = {"text": "σ(x) ≤ 1 😀", "escaped": "\ud7ff"}
    theirs.sendall(raw(b'{"text": "\xcf\x83(x) \\u2264 1 \\ud83d\\ude00", "escaped": "\\ud7ff"}'))
    assert ask(channel)[0] == said


def test_numbers_that_json_does_not_know_come_as_text(ends):
    channel, theirs = ends
    theirs.sendall(raw(b'{"a": NaN, "b": -Infinity}'))
    assert ask(channel)[0] == {"a": "NaN", "b": "-Infinity"}


# Who ends, is silent, talks too much, or does not listen


@pytest.mark.parametrize("data", [
    b"", frame({"id": 1}, [b"x"])[:5], frame({"id": 1}, [b"x"])[:-1],
], ids=["at once", "in the head", "in the bytes"])
def test_who_hangs_up_is_seen_at_once(ends, data):
    channel, theirs = ends
    theirs.sendall(data)
    theirs.close()
    start = time.monotonic()
    assert ask(channel, seconds=5) is None
    assert time.monotonic() - start < 1


def test_the_last_words_of_who_hangs_up_still_count(ends):
    channel, theirs = ends
    theirs.sendall(frame({"id": 1}))
    theirs.close()
    assert ask(channel) == ({"id": 1}, b"") and ask(channel) is None


def test_who_hangs_up_while_being_asked_is_seen(ends):
    channel, theirs = ends

    def leave():
        theirs.recv(2**16)
        theirs.close()

    with meanwhile(leave):
        assert ask(channel, bytes(2**24), 5) is None


@pytest.mark.parametrize("data", [b"", frame({"id": 1}, [b"body"])[:-1]], ids=["silent", "half"])
def test_who_says_too_little_runs_out_of_time(ends, data):
    channel, theirs = ends
    theirs.sendall(data)
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        ask(channel, seconds=0.5)
    assert 0.5 <= time.monotonic() - start < 1.5


def test_who_does_not_listen_runs_out_of_time(ends):
    channel, _ = ends
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        ask(channel, bytes(2**24), 0.5)
    assert time.monotonic() - start < 1.5


@pytest.mark.parametrize("data", [
    frame({"id": -1}), raw(b'{"id": -1}', bytes(2**20)),
    raw(b'{"x": "' + b"\\u00e9" * 2**18 + b'"}'),
], ids=["small", "large", "costly"])
def test_a_flood_of_frames_nobody_asked_for_runs_out_of_time_and_is_not_kept(ends, data):
    channel, theirs = ends
    with meanwhile(flood(theirs, data * 10)):
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(channel, seconds=1, answers=lambda message: message.get("id") == 1)
        took = time.monotonic() - start
        channel.socket.close()
    assert took < 3 and len(channel.waiting) < TEXT + BYTES


def test_whoever_waits_looks_around_about_four_times_a_second(ends):
    channel, _ = ends
    looks = []
    with pytest.raises(TimeoutError):
        ask(channel, seconds=1.1, idle=lambda: looks.append(1))
    assert 2 <= len(looks) <= 6


def test_what_whoever_looks_around_sees_ends_the_waiting(ends):
    def look():
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        ask(ends[0], seconds=5, idle=look)


def test_chatter_does_not_keep_the_judge_from_looking_around(ends):
    channel, theirs = ends
    looks = []
    with meanwhile(flood(theirs, frame({"id": -1}))):
        with pytest.raises(TimeoutError):
            ask(channel, seconds=1.1, answers=lambda message: message["id"] == 1,
                idle=lambda: looks.append(1))
        channel.socket.close()
    assert len(looks) >= 2
