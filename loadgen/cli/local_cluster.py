"""A whole cluster on this machine, for one run: the same parts as anywhere, each a process of its own.

::

    loadgen run ─┬─ valkey-server          loopback, random password, nothing on disk
                 ├─ loadgen coordinator
                 ├─ loadgen worker ─┬─ process 1
                 │                  └─ process …
                 ├─ loadgen page           unless it is not wanted
                 └─ loadgen demo-shop      only if asked for

Whatever happens, leaving the context stops all of them; the kernel sees to it should this process be killed.
"""

from __future__ import annotations

import secrets
import select
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final

import click

from loadgen.bus import EmbeddedServer
from loadgen.children import loadgen_command, module_command, start_child, stop_child
from loadgen.cli.options import REDIS_VARIABLE
from loadgen.cli.page import TOKEN_VARIABLE
from loadgen.cli.pushing import OTLP_VARIABLE, REMOTE_WRITE_VARIABLE, WARNING
from loadgen.errors import LoadgenError, PortError, WorkersError
from loadgen.metrics.push.pusher import EVERY_S
from loadgen.worker.settings import KEY_VARIABLE
from loadgen.worker.simulated.settings import CROWD_VARIABLE, CrowdSettings

SPEAK_UP_S: Final = 10.0
"""How long a child may take to say where it listens."""


class LocalCluster:
    """Starts and stops the processes of a cluster of one machine."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="loadgen-logs-")))
        self.key = secrets.token_hex(32).encode()
        """The cluster's own key: its workers take code only from this process."""
        self.redis_url = ""
        self._server: EmbeddedServer | None = None
        self._may_end: set[str] = set()
        self._optional: set[str] = set()

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start_server(self) -> None:
        """Start the embedded Valkey."""
        self._server = self._stack.enter_context(EmbeddedServer())
        self.redis_url = self._server.url

    def start_shop(self, *args: str) -> str:
        """Start the demo shop.

        Returns:
            Its base URL.
        """
        line = self._listening("demo-shop", "--port", "0", *args)
        return line.split(" on ")[1].split()[0]

    def start_coordinator(
        self,
        metrics_port: int | None,
        remote_write: str | None = None,
        otlp: str | None = None,
        push_every_s: float = EVERY_S,
    ) -> str:
        """Start the coordinator.

        Args:
            metrics_port: where it serves metrics; None for nowhere.
            remote_write: URL that it sends them to.
            otlp: the same for OTLP.
            push_every_s: how often, seconds.

        Returns:
            Where it serves metrics, empty without.
        """
        urls = {REMOTE_WRITE_VARIABLE: remote_write or "", OTLP_VARIABLE: otlp or ""}  # a URL may hold a password
        often = ("--push-every", f"{push_every_s:g}s")
        if metrics_port is None:
            self._start("coordinator", *often, variables=urls)
            return ""
        line = self._listening("coordinator", "--metrics-port", str(metrics_port), *often, variables=urls)
        return line.split(" on ")[1].strip()

    def use_server(self, redis_url: str, key: bytes | None = None) -> None:
        """Meet at a server that runs already, with the key of its cluster where it has one."""
        self.redis_url = redis_url
        self.key = self.key if key is None else key

    def start_page(self, *args: str, token: str = "") -> str:
        """Start the live page. No run ends because its page did.

        Args:
            args: for ``loadgen page``.
            token: given by its user; empty for a random one, which is then part of the address.

        Returns:
            Its address.

        Raises:
            PortError: it cannot listen there.
            WorkersError: it does not start.
        """
        self._optional.add("page")
        return self._listening("page", *args, variables={TOKEN_VARIABLE: token} if token else {}).split(" on ")[1]

    def start_crowd(self, settings: CrowdSettings) -> subprocess.Popen[bytes]:
        """Start a process of simulated workers, which ends with their run; its sums come from its standard output."""
        self._may_end.add(settings.name)
        variables = {CROWD_VARIABLE: settings.model_dump_json()}
        return self._launch(settings.name, module_command("loadgen.worker.simulated"), variables, subprocess.PIPE)

    def pid(self, name: str) -> int:
        """The process id of a child."""
        return self._children[name].pid

    def start_workers(
        self,
        processes: int,
        allow_target: str,
        labels: Mapping[str, str],
        data_dirs: Iterable[Path] = (),
        journeys: Path | None = None,
    ) -> None:
        """Start the worker processes, with the labels, the installed data and the journeys that the plan asks for."""
        wanted = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        target = ["--allow-target", allow_target]
        data = [word for folder in dict.fromkeys(data_dirs) for word in ("--data", str(folder))]
        code = ["--journeys", str(journeys)] if journeys else []
        self._start(
            "worker", "--processes", str(processes), "--max-failures", "2", *target, *wanted, *data, *code, stdout=None
        )

    def said(self, name: str) -> str:
        """What a child has said, of workers what their journeys print too."""
        return self._log(name).read_text(errors="replace")

    def check(self) -> None:
        """Make sure that everything still runs.

        Raises:
            WorkersError: a part has ended by itself.
        """
        if self._server is not None and not self._server.is_alive:
            raise WorkersError("the embedded server ended by itself", hint="is there enough memory?")
        for name, child in self._children.items():
            code = child.poll()
            if code is not None and not (name in self._optional or (code == 0 and name in self._may_end)):
                raise WorkersError(f"the {name} ended by itself with exit code {code}", hint=self._last_words(name))

    def _start(
        self,
        name: str,
        *args: str,
        stdout: int | None = subprocess.DEVNULL,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.Popen[bytes]:
        env = {REDIS_VARIABLE: self.redis_url, KEY_VARIABLE: self.key.decode(), **variables}
        return self._launch(name, loadgen_command(name, *args), env, stdout)

    def _launch(
        self, name: str, command: list[str], env: Mapping[str, str], stdout: int | None
    ) -> subprocess.Popen[bytes]:
        with self._log(name).open("wb") as log:
            child = start_child(command, env=env, stdout=log if stdout is None else stdout, stderr=log)
        self._children[name] = child
        self._stack.callback(self._stop, name)
        return child

    def _listening(self, name: str, *args: str, variables: Mapping[str, str] = MappingProxyType({})) -> str:
        """Start a child that says in its first line where it listens."""
        child = self._start(name, *args, stdout=subprocess.PIPE, variables=variables)
        assert child.stdout is not None  # noqa: S101 -- a pipe was asked for
        with child.stdout as output:
            spoke, _, _ = select.select([output], [], [], SPEAK_UP_S)
            line = output.readline().decode().strip() if spoke else ""
        if " on http" not in line:
            raise self._silent(name, child.poll() if not spoke else child.wait())
        return line

    def _silent(self, name: str, code: int | None) -> LoadgenError:
        """The error of a child that did not say where it listens, in its own words where it has any."""
        if code is None:
            return WorkersError(
                f"the {name} does not say where it listens after {SPEAK_UP_S:g} s", hint=self._last_words(name)
            )
        kind: Callable[..., LoadgenError] = PortError if code == PortError.exit_code else WorkersError
        said = dict(line.split(": ", 1) for line in self._said(name) if line.startswith(("Error: ", "Hint: ")))
        if "Error" in said:
            return kind(said["Error"], hint=said.get("Hint", ""))
        return kind(f"the {name} did not start", hint=self._last_words(name))

    def _stop(self, name: str) -> None:
        child = self._children.pop(name)
        stop_child(child, patience_s=8.0)
        if name == "coordinator":
            for line in self._said(name):
                if line.startswith(WARNING):
                    click.echo(line, err=True)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _said(self, name: str) -> list[str]:
        return self._log(name).read_text(errors="replace").strip().splitlines()

    def _last_words(self, name: str) -> str:
        lines = self._said(name)
        return "its last words: " + " | ".join(lines[-3:]) if lines else "it said nothing"
