"""Users who ask for one page, again and again: run as it is by Locust and by loadgen."""

import os

from locust import FastHttpUser, constant, task

PATH = os.environ.get("BENCH_PATH", "/")


class Asker(FastHttpUser):
    """Keeps its connection and never waits."""

    wait_time = constant(0)

    @task
    def page(self) -> None:
        self.client.get(PATH)
