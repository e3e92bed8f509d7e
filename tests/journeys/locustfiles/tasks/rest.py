"""FastHttpUser's self.rest, with a judgement about its JSON."""

from locust import FastHttpUser, constant, task


class RestVisitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def products(self):
        with self.rest("GET", "/api/products", name="rest: products") as response:
            if not response.js:
                response.failure("no products")
