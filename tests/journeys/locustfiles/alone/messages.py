"""The master deals accounts to its workers, and hears that they arrived, before any user starts."""

from locust import FastHttpUser, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

ACCOUNTS = []


def take_accounts(environment, msg, **_):
    ACCOUNTS.extend(msg.data)
    environment.runner.send_message("taken", {"worker": environment.runner.worker_index, "accounts": len(msg.data)})


def hear(environment, msg, **_):
    print(f"heard from {environment.runner.get_worker_index(msg.node_id)}: {sorted(msg.data.items())}", flush=True)


@events.init.add_listener
def on_init(environment, **_):
    if not isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("accounts", take_accounts)
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message("taken", hear, concurrent=True)


@events.test_start.add_listener
def deal(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        return
    accounts = [f"user{number}" for number in range(10)]
    clients = list(environment.runner.clients)
    for place, client in enumerate(clients):
        environment.runner.send_message("accounts", accounts[place :: len(clients)], client_id=client)


@events.report_to_master.add_listener
def report(client_id, data):
    data["left"] = len(ACCOUNTS)


@events.worker_report.add_listener
def reported(client_id, data):
    print(f"left {data['left']}", flush=True)


class AccountVisitor(FastHttpUser):
    wait_time = constant(0.2)

    def on_start(self):
        self.account = ACCOUNTS[0]

    @task
    def home(self):
        self.client.get("/", name="message: home")
