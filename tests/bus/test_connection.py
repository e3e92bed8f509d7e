"""Opening Redis: whatever is wrong is said clearly, with a hint, within five seconds and without the password."""

from __future__ import annotations

import re
import time

import pytest
import redis
from bus.refusing import PASSWORD, refused

from loadgen.bus import connect, connection
from loadgen.bus.connection import speaking_to
from loadgen.errors import BusError

# -- nobody there, or somebody else


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:{password}@127.0.0.1:{port}/0",
        "rediss://user:{password}@127.0.0.1:{port}/0",
        "valkey://127.0.0.1:{port}",
        "redis://127.0.0.1:{port}/0?password={password}",
        "redis+cluster://user:{password}@127.0.0.1:{port}",
        "redis+sentinel://user:{password}@127.0.0.1:{port}/m",
        "redis://user:{password}@nowhere.invalid:{port}",
        "unix:///nonexistent/{port}.sock",
    ],
)
def test_a_server_that_cannot_be_reached(closed_port, url):
    error = refused(url.format(password=PASSWORD, port=closed_port))

    assert isinstance(error, BusError)
    assert f"{closed_port}" in error.message


def silent(connection):
    while connection.recv(4096):
        pass


def slow_drip(connection):
    """Every answer comes just before the patience for one command is over."""
    while connection.recv(4096):
        time.sleep(3)
        connection.sendall(b"+OK\r\n")


def test_a_server_that_does_not_answer(impostor):
    error = refused(f"redis://user:{PASSWORD}@127.0.0.1:{impostor(slow_drip)}/0")

    assert "does not answer in time" in error.message


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+cluster", "redis+sentinel"])
def test_no_kind_of_server_is_waited_for_longer(impostor, scheme, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER_S", 0.3)
    began = time.monotonic()
    error = refused(f"{scheme}://user:{PASSWORD}@127.0.0.1:{impostor(silent)}/{'m' if 'sent' in scheme else ''}")

    assert "does not answer in time" in error.message
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\x00\xff\x13",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail\r\n",
    ],
)
@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_a_server_that_is_no_redis(impostor, answer, scheme):
    def treat(connection):
        connection.recv(4096)
        connection.sendall(answer)
        silent(connection)

    error = refused(f"{scheme}://user:{PASSWORD}@127.0.0.1:{impostor(treat)}")
    assert "is no Redis" in error.message or "Redis Cluster" in error.message


def test_a_server_that_hangs_up(impostor):
    error = refused(f"redis://127.0.0.1:{impostor(lambda connection: connection.close())}")
    assert "cannot reach Redis" in error.message
    assert "protected mode" in error.hint


@pytest.mark.parametrize("hears", [True, False])
def test_a_server_in_protected_mode(impostor, hears):
    """Redis says so and hangs up, but redis-py has asked before it reads that."""

    def treat(connection):
        if hears:
            connection.recv(4096)
        connection.sendall(b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
        connection.close()

    error = refused(f"redis://127.0.0.1:{impostor(treat)}")
    assert "cannot reach Redis" in error.message
    assert "protected mode" in error.hint


def test_a_port_without_tls_is_told_from_one_that_is_closed(impostor):
    def treat(connection):
        connection.recv(4096)
        connection.sendall(b"-ERR unknown command\r\n")

    assert "TLS" in refused(f"rediss://127.0.0.1:{impostor(treat)}").hint


def answers_info(version: bytes):
    """A tiny server that only says its version, whatever it is asked."""
    info = b"# Server\r\nredis_version:" + version + b"\r\n" if version else b"# Server\r\n"

    def treat(connection):
        waiting = b""
        while data := connection.recv(4096):
            waiting += data
            while found := re.match(rb"\*(\d+)\r\n", waiting):
                words = re.match(rb"\*\d+\r\n" + rb"\$\d+\r\n([^\r]*)\r\n" * int(found[1]), waiting)
                if words is None:
                    break
                waiting = waiting[words.end() :]
                asked = words[1].upper() == b"INFO"
                connection.sendall(b"$%d\r\n%s\r\n" % (len(info), info) if asked else b"-ERR unknown command\r\n")

    return treat


@pytest.mark.parametrize("version", ["5.0.3", "6.0.16", "2.8"])
def test_a_server_that_is_too_old(impostor, version):
    error = refused(f"redis://127.0.0.1:{impostor(answers_info(version.encode()))}")

    assert f"is version {version}, loadgen needs 6.2 or newer" in error.message
    assert "upgrade" in error.hint


@pytest.mark.parametrize("version", ["6.2.0", "7.0.15", "8.4.2", "10.0"])
def test_a_server_that_is_new_enough(impostor, version):
    connect(f"redis://127.0.0.1:{impostor(answers_info(version.encode()))}").close()


@pytest.mark.parametrize("version", [b"", b"unknown"])
def test_a_server_that_does_not_say_its_version(impostor, version):
    assert "does not say which version" in refused(f"redis://127.0.0.1:{impostor(answers_info(version))}").message


# -- errors later on


def test_an_error_of_the_network_is_a_bus_error():
    with pytest.raises(BusError, match="cannot speak to Redis at redis://h"), speaking_to("redis://h"):
        raise ConnectionResetError("gone")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"-LOADING Redis is loading\r\n", "still loading"),
        (b"-READONLY You can't write\r\n", "read-only replica"),
        (b"-OOM command not allowed\r\n", "out of memory"),
        (b"-NOPERM this user has no permissions\r\n", "may not do"),
        (b"-NOAUTH Authentication required.\r\n", "refuses the user or password"),
        (b"-MISCONF errors writing to disk\r\n", "cannot write to its disk"),
        (b"-TIREDOUT of it all\r\n", "answered with an error"),
    ],
)
def test_errors_of_the_server_are_told_apart(impostor, answer, words):
    def treat(connection):
        while connection.recv(4096):
            connection.sendall(answer)

    error = refused(f"redis://127.0.0.1:{impostor(treat)}/0")
    assert words in error.message


# -- while it is used


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("MISCONF Redis is configured to save RDB snapshots, but …", "takes nothing, as it cannot write to its disk"),
        ("BUSY Redis is busy running a script. You can only …", "is busy with somebody's script"),
        ("NOREPLICAS Not enough good replicas to write.", "takes nothing without its replicas"),
        ("UNBLOCKED force unblock from blocking operation, …", "has just become a replica"),
        ("ERR something else", "answered with an error: ERR something else"),
    ],
)
@pytest.mark.parametrize("before", ["", "Command # 1 (XADD {run:x}:frames f \x93(\n\xa7) of pipeline caused error: "])
def test_a_refusal_is_said_in_a_sentence_without_the_bytes_that_were_refused(error, says, before):
    with pytest.raises(BusError) as caught, speaking_to("redis://x"):
        raise redis.ResponseError(before + error)
    assert says in caught.value.message
    assert "XADD" not in caught.value.message
    assert caught.value.hint


def test_a_long_error_is_cut():
    with pytest.raises(BusError) as caught, speaking_to("redis://x"):
        raise redis.ResponseError("x" * 10_000)
    assert len(caught.value.message) < 400
