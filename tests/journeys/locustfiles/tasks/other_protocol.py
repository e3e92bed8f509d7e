"""A protocol of its own: a client that tells Locust of each request by the request event."""

import socket
import time
from urllib.parse import urlsplit

from locust import User, constant, task


class LineClient:
    def __init__(self, host, request_event):
        address = urlsplit(host)
        self._place, self._event = (address.hostname, address.port), request_event

    def ask(self, line):
        meta = {"request_type": "LINE", "name": f"line: {line.split()[1]}", "context": {}, "response": None}
        began = time.perf_counter()
        try:
            with socket.create_connection(self._place, timeout=5) as connection:
                connection.sendall(f"{line}\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())
                answer = connection.makefile("rb").read()
            meta |= {"response_length": len(answer), "exception": None}
        except OSError as error:
            meta |= {"response_length": 0, "exception": error}
        meta["response_time"] = (time.perf_counter() - began) * 1000
        self._event.fire(**meta)


class LineUser(User):
    wait_time = constant(0.1)

    def __init__(self, environment):
        super().__init__(environment)
        self.client = LineClient(self.host, environment.events.request)

    @task
    def home(self):
        self.client.ask("GET / HTTP/1.1")

    @task
    def measured(self):
        with self.environment.events.request.measure("JOB", "line: measured"):
            time.sleep(0.01)
