"""Visitors of a soak; their process notes now and then how many greenlets live in it."""

import gc
import os
from pathlib import Path

import gevent
import greenlet
from locust import events

from loadgen.journey import Shopper, uniform

EVERY_S = 5.0


class Soaking(Shopper):
    def journey(self):
        with self.step("home"):
            self.client.get("/")
        self.think_time(uniform(0.2, 0.4))
        with self.step("product"):
            self.client.get(f"/product/{id(self) % 1000}", name="/product/{id}")
            self.client.post("/cart", json={"quantity": 1})
        self.count("carts")


def note(file: Path) -> None:
    """Write down how many greenlets live, again and again."""
    while True:
        file.write_text(str(sum(isinstance(thing, greenlet.greenlet) for thing in gc.get_objects())))
        gevent.sleep(EVERY_S)


@events.test_start.add_listener
def begin(**_):
    if "SOAK_GREENLETS" in os.environ:
        gevent.spawn(note, Path(os.environ["SOAK_GREENLETS"]))
