"""A server that takes its time over each request, as a shop does, and says on which port.

::

    python -m benchmarks.delaying 20 60      answers after 20 to 60 ms, evenly spread; prints its port
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loadgen.children import start_child, stop_child

FOUND_HERE = {"PYTHONPATH": f"{Path(__file__).resolve().parents[1]}:{os.environ.get('PYTHONPATH', '')}"}
"""Where a process started from here finds this package, and the loadgen that is measured."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024


@contextmanager
def delaying_server(least_ms: float, most_ms: float) -> Iterator[int]:
    """Such a server in a process of its own; its port. Stopped at the end of the block."""
    command = [sys.executable, "-m", "benchmarks.delaying", str(least_ms), str(most_ms)]
    child = start_child(command, env=FOUND_HERE, stdout=subprocess.PIPE)
    try:
        with child.stdout as output:
            yield int(output.readline())
    finally:
        stop_child(child)


async def _serve(least_s: float, most_s: float) -> None:
    rng = random.Random(7)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(rng.uniform(least_s, most_s))
                writer.write(ANSWER)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 -- a command
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(float(sys.argv[1]) / 1000, float(sys.argv[2]) / 1000))
