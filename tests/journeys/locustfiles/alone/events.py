"""Every event that a script may listen to."""

from locust import FastHttpUser, constant, events, task


class EventfulVisitor(FastHttpUser):
    wait_time = constant(0.2)

    @task(5)
    def home(self):
        self.client.get("/", name="event: home", context={"from": "home"})

    @task
    def slip(self):
        raise RuntimeError("slipped")


SAID = set()


def tell(name):
    def listener(**given):
        role = type(environment_of(given).runner).__mro__[1].__name__ if environment_of(given) else "-"
        line = f"{name} {role} {sorted(given)}"
        if line not in SAID:
            SAID.add(line)
            print(line, flush=True)

    return listener


def environment_of(given):
    return given.get("environment") or getattr(given.get("user_instance"), "environment", None)


for hook in (
    *("init", "test_start", "spawning_complete", "test_stopping", "test_stop", "quitting", "quit", "user_error"),
    *("worker_connect", "worker_report", "report_to_master", "usage_monitor", "cpu_warning", "reset_stats"),
):
    getattr(events, hook).add_listener(tell(hook))


@events.request.add_listener
def on_request(request_type, name, response_time, response_length, response, context, exception, url, **_):
    if "request" not in SAID:
        SAID.add("request")
        print(f"request {request_type} {name} {context} {response.status_code} {exception}", flush=True)
