"""Shoppers with an account each, who write down in a file when they begin to use it and when they end.

One line for each, written in one call, so that lines of several processes do not mix.
"""

import os
import time

from loadgen.journey import Shopper, constant

LOG = os.open(os.environ["ACCOUNTS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


class Customer(Shopper):
    think = constant(0.25)

    def note(self, what: str, account: str) -> None:
        os.write(LOG, f"{time.monotonic()} {os.getpid()} {what} {account}\n".encode())

    def journey(self) -> None:
        account = self.data.accounts.take()["id"]
        self.note("begins", account)
        try:
            self.client.get("/", name=f"/{account[0]}")
            self.think_time()
        finally:
            self.note("ends", account)
