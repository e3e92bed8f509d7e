"""Reads a file that lies beside it, through a module that lies beside it."""

from locust import FastHttpUser, constant, task
from tasks_data import terms


class ReadingVisitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def search(self):
        for term in terms():
            self.client.get(f"/search?q={term}", name=f"data: {term}")
