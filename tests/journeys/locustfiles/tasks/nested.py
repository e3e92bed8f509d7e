"""TaskSets within TaskSets: as attributes, as dictionaries with weights, interrupt, self.parent and self.user."""

from locust import HttpUser, TaskSet, constant, task


def aisle(task_set):
    task_set.client.get("/category/garden", name="nested: aisle")


class Shelf(TaskSet):
    @task
    def product(self):
        self.client.get("/search?q=oak", name=f"nested: {type(self.parent).__name__}, {self.user.colour}")

    @task
    def leave(self):
        self.interrupt()


class Hall(TaskSet):
    tasks = {aisle: 1, Shelf: 3}

    def on_start(self):
        self.client.get("/", name="nested: into the hall")


class NestedVisitor(HttpUser):
    wait_time = constant(0.02)
    colour = "green"
    tasks = [Hall]
