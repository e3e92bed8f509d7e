"""Visitors one of whom brings the whole process down, as a fault in an extension written in C does."""

import ctypes
import itertools

from locust import FastHttpUser, task

visitors = itertools.count(1)
BEFORE_THE_CRASH = 60


class Crasher(FastHttpUser):
    @task
    def home(self):
        self.client.get("/api/")
        if next(visitors) == BEFORE_THE_CRASH:
            ctypes.string_at(0)
