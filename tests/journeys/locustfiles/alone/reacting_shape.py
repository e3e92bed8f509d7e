"""A LoadTestShape that climbs until the shop fails, with Locust's common options."""

from locust import FastHttpUser, LoadTestShape, constant, task


class Climber(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def gone(self):
        self.client.get("/no-such-page", name="climb: gone")


class UntilItFails(LoadTestShape):
    use_common_options = True

    def tick(self):
        options = self.runner.environment.parsed_options
        if self.runner.stats.total.num_failures > 3:
            return None
        return min(options.num_users, int(self.get_run_time()) + 1), options.spawn_rate
