"""SequentialTaskSet: what it does comes in order."""

from locust import HttpUser, SequentialTaskSet, constant, task


class Checkout(SequentialTaskSet):
    def on_start(self):
        self.done = []

    @task
    def first(self):
        self.done = ["first"]
        self.client.get("/", name="sequence: 1")

    @task
    def second(self):
        assert self.done == ["first"]
        self.done.append("second")
        self.client.get("/cart", name="sequence: 2")

    @task
    def third(self):
        assert self.done == ["first", "second"]
        self.client.get("/category/garden", name="sequence: 3")


class SequentialVisitor(HttpUser):
    wait_time = constant(0)
    tasks = [Checkout]
