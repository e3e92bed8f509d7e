"""The run that is photographed: real processes, the demo shop taken past its knee, a Prometheus that scrapes it.

::

    two short runs ──▶ a run of three minutes ──▶ the page, photographed while the shop is past its knee
    (of the past)                          └────▶ answers of Prometheus to every query of every dashboard
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.harness import Cluster, finish, reach
from cluster.prometheus import Prometheus
from cluster.scraping import coordinator

from loadgen.bus import EmbeddedServer
from loadgen.bus.following import Follower
from loadgen.children import stop_child

JOURNEYS = Path(__file__).parents[2] / "journeys"

KNEE = "12/s"
"""Where the shop begins to queue."""

SCRAPED_EVERY_S = 5
"""As deploy/prometheus says."""

SHOPPERS = """
journeys:
  - {file: browse.py, user: Browser, weight: 50}
  - {file: abandoned.py, user: CartAbandoner, weight: 20}
  - {file: buy.py, user: GuestBuyer, weight: 30}
"""

PAST = {
    "smoke": "- {shape: {constant: {at: 2/s, for: 10s}}}",
    "tv-spot": "- {shape: {constant: {at: 5/s, for: 10s}}}",
}
"""Runs that are over when the pictures are taken, and their load."""

REHEARSAL = """
- name: visitors
  arrivals: poisson
  shape:
    - ramp: {from: 1/s, to: 9/s, over: 45s}
    - constant: {at: 9/s, for: 30s}
    - ramp: {from: 9/s, to: 16/s, over: 15s}
    - constant: {at: 16/s, for: 30s}
    - ramp: {from: 16/s, to: 6/s, over: 5s}
    - constant: {at: 6/s, for: 30s}
"""

SHOT_AT_S = 118
"""When the page is photographed: the shop has been past its knee for a while."""

DRAWN_UNTIL_S = 145
"""When Prometheus is asked: before the end, so that everything is under way."""


@dataclass(frozen=True)
class Stage:
    """What can be photographed.

    Attributes:
        page: the live page's address, with its token.
        follower: the run, to be followed.
        prometheus: scrapes the coordinator.
    """

    page: str
    follower: Follower
    prometheus: Prometheus

    def reach(self, second: int) -> None:
        """Wait until a second of the run is sealed."""
        reach(self.follower, second, 240)


@contextmanager
def rehearsed(folder: Path) -> Iterator[Stage]:
    """A run that has just begun; everything is stopped behind it."""
    with ExitStack() as stack:
        redis = stack.enter_context(EmbeddedServer())
        cluster = Cluster(folder, redis.url)
        stack.callback(_stop, cluster)
        shop = cluster.shop("--knee", KNEE)
        _, metrics = coordinator(cluster)
        beside = cluster.start("page", "--listen", "0", "--plans", str(JOURNEYS), stdout=subprocess.PIPE)
        assert beside.stdout is not None
        page = beside.stdout.readline().decode().removeprefix("page on ").strip()
        cluster.nodes(2)
        prometheus = Prometheus(folder / "prometheus", [metrics], every=f"{SCRAPED_EVERY_S}s")
        stack.callback(prometheus.stop)
        prometheus.wait()
        shutil.copytree(JOURNEYS, folder / "journeys")
        for name, load in PAST.items():
            finish(cluster.submit(written(folder, name, load, shop.url)))
        shop.fault(kind="error", step="product", share=0.005)
        shop.fault(kind="error", step="payment", share=0.03)
        yield Stage(page, cluster.submit(written(folder, "winter-sales", REHEARSAL, shop.url)), prometheus)


def written(folder: Path, name: str, load: str, shop_url: str) -> Path:
    """A plan in a file beside the journeys that it names."""
    path = folder / "journeys" / f"{name}.yaml"
    path.write_text(
        f"name: {name}\ntarget: {{base_url: {shop_url}, dialect: dialects/demo.py}}\n{SHOPPERS}\nload:\n{load}\n"
        'apdex: 500ms\nthresholds: ["p(95) < 800ms", "p(99){step:payment} < 2s", "error_rate < 2%"]\n'
        'guards: ["unavailable for 5s: stop", "error_rate > 30% for 10s: stop"]\nseed: 7\n'
    )
    return path


def _stop(cluster: Cluster) -> None:
    for child in reversed(cluster.children):
        stop_child(child)
        if isinstance(child, subprocess.Popen) and child.stdout is not None:
            child.stdout.close()
    cluster.bus.close()
