"""HttpUser with decorated tasks, weights, and on_start and on_stop."""

from locust import HttpUser, between, task


class PlainVisitor(HttpUser):
    wait_time = between(0.05, 0.1)

    def on_start(self):
        self.client.get("/", name="plain: on_start")

    @task(3)
    def look(self):
        self.client.get("/category/garden", name="plain: often")

    @task
    def search(self):
        with self.client.get("/search?q=lamp", name="plain: seldom", catch_response=True) as response:
            if "lamp" not in response.text.lower():
                response.failure("no lamp in sight")

    def on_stop(self):
        self.client.get("/cart", name="plain: on_stop")
