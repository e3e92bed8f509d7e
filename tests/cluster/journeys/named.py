"""Visitors who say which process they come from."""

import os

from locust import FastHttpUser, task


class Named(FastHttpUser):
    @task
    def home(self):
        self.client.get("/", headers={"X-Worker": str(os.getpid())})
