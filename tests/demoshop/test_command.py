"""The shop as a process: its one line, its end, its errors."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from click.testing import CliRunner

from loadgen.cli.demo_shop import demo_shop
from loadgen.demoshop import ShopConfig, serve
from loadgen.errors import PortError

COMMAND = [sys.executable, "-c", "from loadgen.cli.demo_shop import demo_shop; demo_shop()"]
DEADLINE_S = 20.0

Start = Callable[..., tuple["subprocess.Popen[str]", str, str]]


@pytest.fixture
def start() -> Iterator[Start]:
    processes = []

    def start_it(*options: str) -> tuple[subprocess.Popen[str], str, str]:
        process = subprocess.Popen(
            [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout
        line = process.stdout.readline()
        match = re.fullmatch(r"demo shop on (http://127\.0\.0\.1:\d+) \((.+)\)\n", line)
        assert match, line or process.communicate()[1]
        return process, match[1], match[2]

    yield start_it
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_one_line_and_closes_cleanly(start: Start, number: signal.Signals) -> None:
    process, url, capacity = start("--knee", "150/s", "--products", "20")
    assert capacity == "knee 150/s"
    with requests.Session() as visitor:  # its connection is open when the signal comes
        assert visitor.get(url, timeout=5).status_code == 200
        process.send_signal(number)
        assert process.communicate(timeout=DEADLINE_S) == ("", "")
    assert process.returncode == 0


def test_an_answer_under_way_is_still_written_when_the_shop_closes(start: Start) -> None:
    process, url, capacity = start()
    assert capacity == "unlimited"
    requests.post(f"{url}/_shop/faults", json={"kind": "slow", "ms": 1500}, timeout=5)
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connection:
        connection.sendall(b"GET /cart HTTP/1.1\r\nHost: shop\r\n\r\n")
        deadline = time.monotonic() + DEADLINE_S
        while requests.get(f"{url}/_shop/stats", timeout=5).json()["in_progress"] == 0:
            assert time.monotonic() < deadline
        process.terminate()
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close\r\n" in answer
    assert process.communicate(timeout=DEADLINE_S) == ("", "")


def test_a_stalled_visitor_does_not_keep_the_shop_open(start: Start) -> None:
    process, url, _ = start("--fault", "stall")
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        deadline = time.monotonic() + DEADLINE_S
        while requests.get(f"{url}/_shop/stats", timeout=5).json()["in_progress"] == 0:
            assert time.monotonic() < deadline
        process.terminate()
        assert process.communicate(timeout=DEADLINE_S) == ("", "")


def test_the_shop_ends_with_its_parent() -> None:
    script = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen({[*COMMAND, '--port', '0', '--exit-with-parent']!r}, stdout=subprocess.PIPE)\n"
        "print(child.pid, child.stdout.readline().decode(), flush=True)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=DEADLINE_S
    )
    pid = int(ended.stdout.split()[0])
    deadline = time.monotonic() + DEADLINE_S
    while alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - procfs
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_taken_port_is_an_error_with_a_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"cannot listen on 127.0.0.1:{port}: address already in use") as error:
            serve(ShopConfig(port=port))
    assert "--port 0" in error.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a..b", "x" * 300])
def test_an_address_of_another_machine_is_an_error_with_a_hint(host: str) -> None:
    with pytest.raises(PortError, match="cannot listen on") as error:
        serve(ShopConfig(host=host, port=0))
    assert "--host" in error.value.hint


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--knee", "fast"], "expected a rate"),
        (["--knee", "0/s"], "could serve nobody"),
        (["--fault", "slwo"], "no fault 'slwo'; there are refuse, stall"),
        (["--fault", "slow:till"], "no step 'till'"),
        (["--products", "0"], "not in the range"),
        (["--port", "70000"], "not in the range"),
        (["--stock", "-1"], "not in the range"),
        (["--fault", "oversell@2"], "no share '2'"),
        (["--fault", "oversell:cart"], "oversell belongs to no step"),
        (["--coupon", "WINTER10"], "expected a coupon such as"),
        (["--coupon", "WINTER10:101%"], "expected a coupon such as"),
        (["--waiting-room", "0/s"], "would let nobody in"),
    ],
)
def test_a_wrong_option_is_a_usage_error(options: list[str], sentence: str) -> None:
    result = CliRunner().invoke(demo_shop, options)
    assert result.exit_code == 2
    assert sentence in result.output


def test_the_examples_of_the_help_make_sense() -> None:
    text = CliRunner().invoke(demo_shop, ["--help"]).output
    examples = re.findall(r"^ +loadgen demo-shop(.*)$", text.partition("Examples:")[2], re.MULTILINE)
    assert len(examples) == 4
    for example in examples:
        assert demo_shop.make_context("demo-shop", example.split())
