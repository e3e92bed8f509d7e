"""The exit code from the figures, as Locust's documentation shows it."""

import logging

from locust import FastHttpUser, constant, events, task
from locust.runners import WorkerRunner


class JudgedVisitor(FastHttpUser):
    wait_time = constant(0.1)

    @task(3)
    def home(self):
        self.client.get("/", name="verdict: home")

    @task
    def gone(self):
        self.client.get("/no-such-page", name="verdict: gone")


@events.quitting.add_listener
def judge(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        return
    total = environment.stats.total
    gone = environment.stats.get("verdict: gone", "GET")
    logging.warning(
        "requests %d failed %d gone %d p95 %s errors %d",
        *(total.num_requests, total.num_failures, gone.num_requests),
        *(total.get_response_time_percentile(0.95) > 0, len(environment.runner.errors)),
    )
    environment.process_exit_code = 7 if total.fail_ratio > 0.01 else 0
