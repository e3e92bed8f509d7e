"""Visitors whose journey keeps the processor to itself between two requests, as heavy page parsing would."""

import time

from locust import constant, task

from loadgen.journey import FastHttpUser


class Burner(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/api/")
        until_s = time.monotonic() + 0.03
        while time.monotonic() < until_s:
            pass
