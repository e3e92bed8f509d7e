"""A LoadTestShape with classes per tick, below an abstract one, and a class of a fixed count."""

from locust import FastHttpUser, LoadTestShape, constant, task


class Buyer(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def buy(self):
        self.client.get("/cart", name="stage: buyer")


class Looker(FastHttpUser):
    wait_time = constant(0.1)
    weight = 3

    @task
    def look(self):
        self.client.get("/", name="stage: looker")


class Auditor(FastHttpUser):
    wait_time = constant(0.1)
    fixed_count = 1

    @task
    def audit(self):
        self.client.get("/search?q=oak", name="stage: auditor")


class Staged(LoadTestShape):
    abstract = True
    stages = ()

    def tick(self):
        for ends_s, users, rate, classes in self.stages:
            if self.get_run_time() < ends_s:
                return users, rate, classes
        return None


class MyShape(Staged):
    stages = ((2, 1, 10, [Auditor]), (4, 9, 10, [Auditor, Buyer, Looker]), (5, 3, 10, [Auditor, Buyer, Looker]))
