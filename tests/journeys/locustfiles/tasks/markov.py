"""MarkovTaskSet: what follows what, with probabilities."""

from locust import HttpUser, MarkovTaskSet, constant, transition, transitions


class Walk(MarkovTaskSet):
    @transition("browse")
    def enter(self):
        self.client.get("/", name="markov: enter")

    @transitions({"browse": 1, "pay": 3})
    def browse(self):
        self.client.get("/category/garden", name="markov: browse")

    @transition("browse")
    def pay(self):
        self.client.get("/cart", name="markov: pay")


class MarkovVisitor(HttpUser):
    wait_time = constant(0.05)
    tasks = [Walk]
