"""Plans to read, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

_GOOD = """\
name: demo
target:
  base_url: https://shop.example
journeys:
  - {file: browse.py, user: Browser, weight: 70}
  - {file: buy.py, user: GuestBuyer, weight: 30}
load:
  - model: open
    shape:
      - ramp: {to: 200/s, over: 5m}
thresholds: ["p(95) < 800ms"]
guards: ["unavailable for 5s: stop"]
"""

_WINTER_SALES = """\
# ramp.yaml
name: winter-sales-rehearsal
target:
  base_url: https://shop.example
journeys:
  - {file: ../browse.py, user: Browser, weight: 70}
  - {file: ../buy.py, user: GuestBuyer, weight: 30}
load:
  - model: open                      # shoppers arrive at a rate; closed: a number of shoppers at once
    arrivals: poisson                # or uniform (the default)
    shape:
      - ramp: {from: 0/s, to: 200/s, over: 5m}
      - constant: {at: 200/s, for: 10m}
      - spike: {to: 600/s, for: 60s}
thresholds: ["p(95) < 800ms", "error_rate < 1%", "p(99){step:payment} < 2s"]
guards: ["unavailable for 5s: stop", "error_rate > 20% for 10s: stop"]
seed: 7
"""


@pytest.fixture
def good() -> str:
    """A plan of twelve lines that the tables of mistakes change in one place each."""
    return _GOOD


@pytest.fixture
def winter_sales() -> str:
    """A plan as a perf team writes it."""
    return _WINTER_SALES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with journeys and a subfolder for plans, as in a checkout."""
    (tmp_path / "plans").mkdir()
    for name in ("browse.py", "buy.py", "plans/browse.py", "plans/buy.py"):
        (tmp_path / name).write_text("# a journey\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Write a plan beside its journeys."""

    def write(text: str | bytes, name: str = "plan.yaml") -> Path:
        path = folder / "plans" / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write
