"""What the generators are aimed at: nginx with a page of 1 KB, or the demo shop where there is no nginx.

Both count what they answer, so that nobody's own figures need be trusted.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import requests
from benchmarks.nginx import Nginx, nginx, nginx_program
from benchmarks.site import PAGE_BYTES

from loadgen.children import loadgen_command, start_child, stop_child


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
    if nginx_program():
        (folder / "page.html").write_text("x" * PAGE_BYTES)
        with nginx(folder, f"root {folder};", ["page"]) as server:
            yield _Page(server)
    else:
        shop = _DemoShop()
        try:
            yield shop
        finally:
            stop_child(shop.child)


class _Page:
    """nginx with one page."""

    name = "nginx, a static page of 1 KB"
    path = "/page.html"

    def __init__(self, server: Nginx) -> None:
        self.url, self.pid, self.answered = server.url("page"), server.pid, server.answered


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
