"""The master looks at the figures while the test goes on, and ends it when enough has been seen."""

import gevent
from locust import FastHttpUser, constant, events, task
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, WorkerRunner


class WatchedVisitor(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/", name="watched: home")


def watch(environment):
    while environment.runner.state not in {STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP}:
        gevent.sleep(0.2)
        if environment.runner.stats.total.num_requests > 20:
            print(f"enough, with {environment.runner.user_count} users", flush=True)
            environment.runner.quit()
            return


@events.init.add_listener
def on_init(environment, **_):
    if not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(watch, environment)
