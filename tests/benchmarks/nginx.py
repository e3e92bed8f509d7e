"""Debian's nginx as one process on a core: what the generators are aimed at, and who counts them.

Nobody's own figures need be trusted: nginx counts what it answers, and it notes a tenth of all connections from their
first to their last request (see :mod:`benchmarks.noted`). Each generator has a port of its own, so its requests can be
told from those of the others.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests
import trustme

from loadgen.children import start_child, stop_child

START_S = 5.0

STATUS = "status"
"""The port that is asked how many requests were answered."""

MISSING = "it needs nginx (apt-get install nginx)"

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; }}
http {{
    types {{ }}
    default_type "text/html; charset=utf-8";
    map $connection $is_noted {{ default 0; "~7$" 1; }}
    log_format exchange '$connection $server_port $request_method $request_uri $status $request_length $bytes_sent';
    log_format instant '$msec $http_x_worker';
    log_format time '$server_port $request_time $upstream_response_time';
    access_log {folder}/noted.log exchange buffer=64k flush=1s if=$is_noted;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    open_file_cache max=100;
    sendfile on;
    tcp_nopush on;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        {listens}
        {locations}
        location = /{status} {{ access_log off; stub_status; }}
    }}
}}
"""
"""One cipher for all, so that nobody's is cheaper."""


class Nginx:
    """A running nginx.

    Attributes:
        pid: its only process.
        noted: the file with every exchange of each tenth connection.
        ports: by name, as they were asked for.
    """

    def __init__(
        self,
        folder: Path,
        locations: str,
        plain: Sequence[str],
        tls: Sequence[str] = (),
        connections: int = 1024,
        http2: Sequence[str] = (),
    ) -> None:
        program = nginx_program()
        if program is None:
            raise AssertionError(MISSING)
        self.noted = folder / "noted.log"
        self.ports: Mapping[str, int] = _free_ports([STATUS, *plain, *tls, *http2])
        kinds = {**dict.fromkeys(tls, " ssl"), **dict.fromkeys(http2, " ssl http2")}
        listens = [f"listen 127.0.0.1:{port}{kinds.get(name, '')};" for name, port in self.ports.items()]
        _certify(folder / "server.pem")
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder,
                connections=connections,
                listens="\n        ".join(listens),
                locations=locations,
                status=STATUS,
            )
        )
        self.child = start_child([program, "-p", str(folder), "-c", str(configuration), "-e", "stderr"])
        self.pid = self.child.pid
        self._tls = frozenset([*tls, *http2])
        self._asked = 0
        self._await()

    def url(self, name: str) -> str:
        """Base URL of one of its ports."""
        return f"http{'s' * (name in self._tls)}://127.0.0.1:{self.ports[name]}"

    def answered(self) -> int:
        """Requests answered since it started, those of this method left out."""
        text = requests.get(f"{self.url(STATUS)}/{STATUS}", timeout=5).text
        self._asked += 1
        found = re.search(r"^ \d+ \d+ (\d+)", text, re.MULTILINE)
        if found is None:
            raise AssertionError(f"no count of requests in {text!r}")
        return int(found[1]) - self._asked

    def stop(self) -> None:
        """End it; what it has noted is in its file then."""
        stop_child(self.child)

    def _await(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.answered()
            except requests.ConnectionError:
                if time.monotonic() > deadline or self.child.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.01)
            else:
                return


def nginx_program() -> str | None:
    """Where nginx is; it need not be on a user's PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx(
    folder: Path,
    locations: str,
    plain: Sequence[str],
    tls: Sequence[str] = (),
    connections: int = 1024,
    http2: Sequence[str] = (),
) -> Iterator[Nginx]:
    """A running nginx, stopped at the end of the block.

    Args:
        folder: for its configuration, its certificate and what it notes.
        locations: its part of the configuration.
        plain: names of ports without TLS.
        tls: names of ports with TLS.
        connections: how many it can hold.
        http2: names of ports with TLS that speak HTTP/2, too.
    """
    server = Nginx(folder, locations, plain, tls, connections, http2)
    try:
        yield server
    finally:
        server.stop()


def _certify(file: Path) -> None:
    issued = trustme.CA().issue_cert("127.0.0.1")
    file.write_bytes(issued.private_key_and_cert_chain_pem.bytes())


def _free_ports(names: Sequence[str]) -> dict[str, int]:
    """All of them are held until all are found, so that none is found twice."""
    probes = [socket.socket() for _ in names]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return {name: int(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)}
    finally:
        for probe in probes:
            probe.close()
