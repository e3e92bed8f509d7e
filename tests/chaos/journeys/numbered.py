"""Visitors who say which arrival of the plan they are, and who started them: the server can tell one seen twice."""

from loadgen.journey import Shopper


class Numbered(Shopper):
    def journey(self):
        session = self.loadgen_session
        number = int(session.arrival)
        self.client.get(f"/arrivals/{number}", name="/arrivals/{number}", headers={"X-Worker": session.recorder.worker})
