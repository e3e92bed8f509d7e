"""What the generators are aimed at: nginx with a page of 1 KB, or the demo shop where there is no nginx.

Both count what they answer, so that nobody's own figures need be trusted.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import requests

from loadgen.children import loadgen_command, start_child, stop_child

PAGE_BYTES = 1024
START_S = 5.0

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    open_file_cache max=10;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
        root {folder}/pages;
        location = /status {{ stub_status; }}
    }}
}}
"""


class WebServer(Protocol):
    """A server under load."""

    name: str
    path: str
    url: str
    pid: int

    def answered(self) -> int:
        """Requests answered since it started, those of this method left out."""


@contextmanager
def web_server(folder: Path) -> Iterator[WebServer]:
    """nginx if it is installed, the demo shop otherwise; stopped at the end of the block.

    Args:
        folder: empty, for nginx's configuration and page.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    server = _Nginx(program, folder) if program else _DemoShop()
    try:
        yield server
    finally:
        stop_child(server.child)


class _Nginx:
    """One process, nothing written, connections kept for ever."""

    name = "nginx, a static page of 1 KB"
    path = "/page.html"

    def __init__(self, program: str, folder: Path) -> None:
        (folder / "pages").mkdir()
        (folder / "pages" / "page.html").write_text("x" * PAGE_BYTES)
        port = _free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
        self.url = f"http://127.0.0.1:{port}"
        self.child = start_child([program, "-p", str(folder), "-c", str(configuration), "-e", "stderr"])
        self.pid = self.child.pid
        self._asked = 0
        self._await()

    def answered(self) -> int:
        text = requests.get(f"{self.url}/status", timeout=5).text
        self._asked += 1
        found = re.search(r"^ \d+ \d+ (\d+)", text, re.MULTILINE)
        if found is None:
            raise AssertionError(f"no count of requests in {text!r}")
        return int(found[1]) - self._asked

    def _await(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.answered()
            except requests.ConnectionError:
                if time.monotonic() > deadline or self.child.poll() is not None:
                    stop_child(self.child)
                    raise
                time.sleep(0.01)
            else:
                return


class _DemoShop:
    """The demo shop without limits, which is several times faster than a worker."""

    name = "the demo shop, its script (nginx is not installed: apt-get install nginx)"
    path = "/static/app.js"

    def __init__(self) -> None:
        self.child = start_child(loadgen_command("demo-shop", "--port", "0"), stdout=subprocess.PIPE)
        self.pid = self.child.pid
        with self.child.stdout as output:
            self.url = output.readline().decode().split(" on ")[1].split()[0]

    def answered(self) -> int:
        stats = requests.get(f"{self.url}/_shop/stats", timeout=5).json()
        return int(stats["requests_total"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
