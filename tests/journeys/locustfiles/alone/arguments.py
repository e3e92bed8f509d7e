"""Arguments of its own, in the parser and in parsed_options, on the master and on workers."""

from pathlib import Path

from locust import FastHttpUser, constant, events, task
from locust.runners import MasterRunner


@events.init_command_line_parser.add_listener
def arguments(parser):
    parser.add_argument("--tenant", type=str, env_var="SHOP_TENANT", default="red", help="Whose shop")
    parser.add_argument("--pages", type=int, default=1, include_in_web_ui=False)
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--quiet-please", action="store_true")
    parser.add_argument("--secret", is_secret=True, default="")


@events.test_start.add_listener
def tell(environment, **_):
    options = environment.parsed_options
    role = "master" if isinstance(environment.runner, MasterRunner) else "worker"
    print(
        role, options.tenant, options.pages, options.folder / "x", options.quiet_please, options.num_users, flush=True
    )


class ArgumentativeVisitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def home(self):
        for page in range(self.environment.parsed_options.pages):
            self.client.get("/", name=f"argument: {self.environment.parsed_options.tenant} p{page}")
