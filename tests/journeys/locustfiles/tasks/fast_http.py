"""FastHttpUser, with a failure that the script itself decides about."""

from locust import FastHttpUser, constant, task


class FastVisitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def home(self):
        self.client.get("/", name="fast: home")

    @task
    def gone(self):
        with self.client.get("/no-such-page", name="fast: gone", catch_response=True) as response:
            if response.status_code == 404:
                response.success()
