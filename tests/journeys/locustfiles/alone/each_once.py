"""Each user does its work once and stops; the last one out ends the test."""

from gevent.lock import Semaphore
from locust import FastHttpUser, constant, task
from locust.exception import StopUser

WORK = Semaphore(1)
DONE = []


class OnceVisitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def once(self):
        self.client.get("/", name="once: home")
        with WORK:
            DONE.append(self)
        if len(DONE) == self.environment.parsed_options.num_users:
            self.environment.process_exit_code = 4
            self.environment.runner.quit()
        raise StopUser
