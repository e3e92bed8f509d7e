"""Pages and batches in the real demo shop: the example of the manual runs, and what was recorded is what was served."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gevent
import pytest

from loadgen.journey import Shopper

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "http-client.md").read_text(encoding="utf-8")


class Looker(Shopper):
    """Looks at three pages and asks for three things at once."""

    def journey(self) -> None:
        home = self.must(self.page("/", step="home"))
        assert (home.failed, home.skipped) == (0, 0)
        link = (home.text or "").partition('href="/product/')[2].partition('"')[0]
        self.page(f"/product/{link}", name="/product/{slug}", step="product")
        self.page("/", step="home")
        self.batch(["/api/cart", ("GET", "/api/search", {"params": {"q": "wool"}}), "/static/app.css"])


def test_the_example_of_the_manual_runs(shop: Any, tmp_path: Path) -> None:
    section = MANUAL.partition("\n## Pages and batches\n")[2]
    example = tmp_path / "visitor.py"
    example.write_text(section.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    command = [sys.executable, "-m", "loadgen", "journey", "try", str(example), "--host", shop.url, "--think", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    stats = shop.stats()
    assert f"completed: {stats['requests_total']} requests" in done.stdout
    assert stats["by_route"]["/static/{file}"] == {"200": 4}
    assert stats["by_route"]["/static/img/{slug}.svg"]["200"] >= 6


def test_pages_are_recorded_as_the_shop_served_them(visit: Any, shop: Any) -> None:
    tally = visit.all_of(Looker, 10)
    stats = shop.stats()
    assert tally.requests == tally.sent == stats["requests_total"] == stats["received_total"]
    assert (tally.failures, tally.journeys["Looker"].completed) == (0, 10)
    assert stats["by_route"]["/static/{file}"]["200"] == 10 * (4 + 1)  # once each, and app.css without its cache
    assert tally.steps["Looker", "home"].time.count == 20
    names = {key.name for key in tally.series}
    assert {"/", "/product/{slug}", "/static/app.{hash}.css", "/static/img/{file}.svg"} <= names
    assert len(names) <= 11


@pytest.mark.parametrize("now", [False, True])
def test_pages_that_are_stopped_are_recorded_as_the_shop_served_them(visit: Any, shop: Any, now: bool) -> None:
    visiting = [visit.spawn(Looker, arrival) for arrival in range(30)]
    gevent.sleep(0.03)
    for session, _ in visiting:
        session.stop(now)
    gevent.joinall([living for _, living in visiting], timeout=60, raise_error=True)
    tally, stats = visit.recorder.take(0), shop.stats()
    assert stats["in_progress"] == stats["abandoned_total"] == tally.in_flight == 0
    assert tally.requests == tally.sent == stats["requests_total"] == stats["received_total"] > 0
