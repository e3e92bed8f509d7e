"""nginx as the target: it writes down who asked when, the independent count.

The second half of an answer comes an eighth of a second after the first, so at any time some answers are on the wire.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import requests
from benchmarks.nginx import MISSING, nginx_program
from cluster.harness import wait_until
from cluster.servers import free_port

from loadgen.children import start_child, stop_child

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    log_format arrival '$msec $request_time $status $request_uri $http_x_worker';
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /status {{ access_log off; stub_status; }}
        location / {{
            access_log {folder}/arrivals.log arrival;
            root {folder};
            sendfile_max_chunk {half};
            limit_rate {rate};
            rewrite ^ /answer break;
        }}
    }}
}}
"""


HALF_BYTES = 512
"""So much of an answer is sent at once; nginx waits afterwards until its rate allows the rest."""

ANSWER_BYTES = 600
"""With its head it takes two such parts."""


class Seen(NamedTuple):
    """One request as the server saw it.

    Attributes:
        at_s: when it came, seconds since the Unix epoch, by milliseconds.
        status: how it was answered.
        number: which arrival of the plan it said to be.
        worker: who it said had started it.
    """

    at_s: float
    status: int
    number: int
    worker: str


class Target:
    """A running nginx.

    Args:
        folder: for its files.
    """

    def __init__(self, folder: Path) -> None:
        program = nginx_program()
        if program is None:
            raise AssertionError(MISSING)
        folder.mkdir(exist_ok=True)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "arrivals.log"
        configuration = folder / "nginx.conf"
        (folder / "answer").write_bytes(b"x" * ANSWER_BYTES)
        port = self.url.rpartition(":")[2]
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, half=HALF_BYTES, rate=8 * HALF_BYTES))
        self._child = start_child([program, "-p", str(folder), "-c", str(configuration), "-e", "stderr"])
        self._read = 0
        wait_until(self._answers, "nginx answers", 10)

    def _answers(self) -> bool:
        try:
            return self.connections() >= 0
        except requests.ConnectionError:
            return False

    def connections(self) -> int:
        """Connections that are open, but for the one that asks."""
        words = requests.get(f"{self.url}/status", timeout=5).text.split()
        return int(words[2]) - 1

    def seen(self) -> list[Seen]:
        """What it saw since it was last asked this, in order. Fails where connections are left open."""
        wait_until(lambda: not self.connections(), "every connection to the target is closed", 5)
        with self._log.open("rb") as log:
            log.seek(self._read)
            lines = log.read().decode().splitlines(keepends=True)
        self._read += sum(len(line) for line in lines)
        return [_seen(line) for line in lines if "/arrivals/" in line]

    def stop(self) -> None:
        """End it."""
        stop_child(self._child)


def _seen(line: str) -> Seen:
    ended, took, status, path, worker = line.split()
    return Seen(float(ended) - float(took), int(status), int(path.rpartition("/")[2]), worker)
