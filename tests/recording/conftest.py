"""A demo shop to record, and what a recording of it becomes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from recording.shopping import buy
from recording.taping import Tape, har_of

from loadgen.recording import Script, Sorted, exchanges_of, script_of, sort, tell, write


class Written:
    """What became of a recording.

    Attributes:
        recording: as sorted.
        script: as gone through.
        text: of the journey.
        told: lines for the terminal.
    """

    def __init__(self, entries: list[dict[str, Any]], keep_hosts: tuple[str, ...] = ()) -> None:
        exchanges = exchanges_of(har_of(entries))
        self.recording: Sorted = sort(exchanges, keep_hosts)
        self.script: Script = script_of(self.recording, exchanges)
        self.text = write(self.script, host=self.recording.home, user="Visitor", source="shop.har")
        self.told = "\n".join(tell(self.recording, self.script, total=len(exchanges)))
        compile(self.text, "visitor.py", "exec")

    @property
    def steps(self) -> list[str]:
        return [one.step.name for one in self.script.steps]

    @property
    def journey(self) -> str:
        """The journey alone, without what stands around it."""
        return self.text.partition("def journey(self)")[2].partition("\n    def ")[0]


@pytest.fixture
def record() -> Callable[..., Written]:
    return lambda *entries, **options: Written(list(entries), **options)


@pytest.fixture(scope="session")
def shop_url() -> Iterator[str]:
    """A running demo shop."""
    command = [sys.executable, "-m", "loadgen", "demo-shop", "--port", "0", "--exit-with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "the demo shop did not say where it is"
        yield found[0]
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def purchase(shop_url: str) -> Iterator[Tape]:
    """A guest's purchase, on tape."""
    tape = Tape(shop_url)
    buy(tape)
    yield tape
    tape.close()
