"""Every kind of wait_time."""

import time

from locust import FastHttpUser, constant, constant_pacing, constant_throughput, task


class Waiting(FastHttpUser):
    abstract = True

    @task
    def home(self):
        self.client.get("/", name=f"wait: {type(self).__name__}")


class ConstantWaiter(Waiting):
    wait_time = constant(0.5)


class PacedWaiter(Waiting):
    wait_time = constant_pacing(0.5)


class ThroughputWaiter(Waiting):
    wait_time = constant_throughput(4)


class OwnWaiter(Waiting):
    def wait_time(self):
        return 0.25


class NoWaiter(FastHttpUser):
    @task
    def home(self):
        self.client.get("/", name="wait: in the task")
        time.sleep(0.5)
