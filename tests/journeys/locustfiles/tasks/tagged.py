"""Tags on tasks and on a TaskSet."""

from locust import FastHttpUser, TaskSet, constant, tag, task


class TaggedVisitor(FastHttpUser):
    wait_time = constant(0.05)

    @tag("wanted")
    @task
    def wanted(self):
        self.client.get("/", name="tag: wanted")

    @tag("wanted", "slow")
    @task
    def slow(self):
        self.client.get("/", name="tag: slow")

    @tag("unwanted")
    @task
    class Other(TaskSet):
        @task
        def unwanted(self):
            self.client.get("/", name="tag: unwanted")
