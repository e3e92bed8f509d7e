"""An unmodified locustfile: visitors who look at a few pages."""

from locust import FastHttpUser, HttpUser, constant, task


class Looker(FastHttpUser):
    wait_time = constant(0.05)

    @task(3)
    def search(self):
        self.client.get("/search?q=a")

    @task
    def home(self):
        self.client.get("/")


class Requester(HttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        with self.client.get("/", catch_response=True) as response:
            if "csrf" not in response.text and response.status_code != 200:
                response.failure("no shop")


class OnePage(FastHttpUser):
    """One request, one shopper: what the shop counts is what arrived."""

    @task
    def home(self):
        self.client.get("/api/")
