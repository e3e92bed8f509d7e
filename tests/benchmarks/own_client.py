"""The same as ``locustfile.py`` but for the class: loadgen's own client in the place of Locust's."""

import os

from locust import constant, task

from loadgen.journey import FastHttpUser

PATH = os.environ.get("BENCH_PATH", "/")


class Asker(FastHttpUser):
    """Keeps its connection and never waits."""

    wait_time = constant(0)

    @task
    def page(self) -> None:
        self.client.get(PATH)
