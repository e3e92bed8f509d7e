"""The proxy that cuts: tests of what tests stand on."""

import asyncio
import contextlib
import gc
import socket
import threading
import time

import pytest
from cluster.cutting import Cutting


@pytest.fixture
def echo():
    """A server that answers with what it hears; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection) -> None:
            with connection, contextlib.suppress(OSError):
                while data := connection.recv(65_536):
                    connection.sendall(data)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def net(echo):
    with Cutting(echo) as net:
        yield net


@pytest.fixture
def call(net):
    """Open connections through the proxy."""
    opened = []

    def connect() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", net.port), timeout=5))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def ask(connection, data: bytes = b"hello") -> float:
    """Say something and hear it again; how long that took, seconds."""
    began = time.monotonic()
    connection.sendall(data)
    heard = b""
    while len(heard) < len(data):
        part = connection.recv(65_536)
        assert part, "an orderly end"
        heard += part
    assert heard == data
    return time.monotonic() - began


def silent(connection, seconds: float = 0.2) -> bool:
    """Whether nothing comes."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b"never"
    except TimeoutError:
        return True
    finally:
        connection.settimeout(5)


def test_everything_passes_unchanged(call):
    assert ask(call()) < 0.5
    assert ask(call(), bytes(range(256)) * 4096) < 5


def test_a_delay_is_felt_both_ways_and_by_new_connections_too(net, call):
    before = call()
    ask(before)
    net.delay(0.1)
    assert ask(before) >= 0.2
    assert ask(call()) >= 0.2
    net.delay(0.1, ways="up")
    net.delay(0, ways="down")
    assert 0.1 <= ask(before) < 0.2
    net.heal()
    assert ask(before) < 0.1


def test_a_delay_takes_nothing_from_the_rate(net, call):
    net.delay(0.2)
    connection = call()
    began = time.monotonic()
    for _ in range(20):
        connection.sendall(b"x")
        time.sleep(0.005)
    heard = b""
    while len(heard) < 20:
        heard += connection.recv(100)
    assert time.monotonic() - began < 1.5


def test_a_throttle_lets_so_many_bytes_pass(net, call):
    net.throttle(50_000, ways="up")
    assert 0.3 < ask(call(), b"x" * 25_000) < 2


def test_what_is_held_goes_on_its_way_when_healed(net, call):
    connection = call()
    ask(connection)
    net.hold()
    connection.sendall(b"late")
    assert silent(connection)
    net.heal()
    assert connection.recv(100) == b"late"


def test_one_way_can_be_held(net, call):
    connection = call()
    ask(connection)
    net.hold(ways="down")
    connection.sendall(b"x")
    assert silent(connection)
    (link,) = net.links
    assert (link.up.passed, link.down.passed) == (6, 5)


def test_only_some_connections_can_be_meant(net, call):
    one, other = call(), call()
    ask(one, b"one")
    ask(other, b"other")
    net.hold(only=lambda link: link.opening.startswith(b"one"))
    one.sendall(b"x")
    assert silent(one)
    assert ask(other) < 0.5
    assert net.cut(only=lambda link: link.opening.startswith(b"other")) == 1
    with pytest.raises(ConnectionError):
        ask(other)
    net.heal()
    assert one.recv(10) == b"x"


def test_what_is_cut_is_reset_and_new_connections_pass(net, call):
    connection = call()
    ask(connection)
    assert net.cut() == 1
    with pytest.raises(ConnectionError):
        ask(connection)
    assert net.links == []
    assert ask(call()) < 0.5


def test_a_shut_door_refuses_and_opens_again_at_the_same_port(net, call):
    connection, port = call(), net.port
    ask(connection)
    net.shut()
    with pytest.raises(ConnectionError):
        ask(connection)
    with pytest.raises(ConnectionRefusedError):
        call()
    net.open()
    assert net.port == port
    assert ask(call()) < 0.5


def test_an_end_is_passed_on(call):
    connection = call()
    ask(connection)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b""


def test_a_server_that_is_not_there_looks_like_a_reset(call, net):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        net._server = gone.getsockname()
    with pytest.raises(ConnectionError):
        ask(call())


def test_who_comes_in_as_the_door_shuts_is_reset(net, call):
    busy, go_on = threading.Event(), threading.Event()

    def turn() -> None:
        busy.set()
        go_on.wait(5)

    net._loop.call_soon_threadsafe(turn)
    assert busy.wait(5)
    shut = asyncio.run_coroutine_threadsafe(net._shut(), net._loop)
    coming = [call() for _ in range(5)]
    go_on.set()
    shut.result(5)
    for connection in coming:
        with pytest.raises(ConnectionError):
            ask(connection)
    assert net.links == []
    gc.collect()  # a connection that nobody closes fails the test by its ResourceWarning
