"""Three kinds of clients that look at one page each: ours, and Locust's two."""

from locust import FastHttpUser, HttpUser, task

from loadgen.journey import Shopper


class Guest(Shopper):
    def journey(self):
        with self.step("look"):
            self.client.get("/guest")


class Fast(FastHttpUser):
    @task
    def look(self):
        self.client.get("/fast")


class Plain(HttpUser):
    @task
    def look(self):
        self.client.get("/plain")
