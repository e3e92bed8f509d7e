"""A worker's own classes without its cluster: an environment aimed at a server, and the shoppers in it."""

from __future__ import annotations

from locust.event import Events
from locust.user.users import User

from loadgen.journey import JourneyEnvironment, PlanContext, Recorder, install
from loadgen.plan.model import Plan
from loadgen.worker.preparation import Prepared
from loadgen.worker.shoppers import Shoppers


def stage(user: type[User], base_url: str, *, insecure: bool = False) -> tuple[Shoppers, Recorder]:
    """Where shoppers of one class come and go, and who counts them.

    Args:
        user: their class.
        base_url: where they go.
        insecure: whether any certificate will do.
    """
    install()
    plan = Plan.model_validate(
        {
            "name": "stage",
            "target": {"base_url": base_url, "insecure_tls": insecure},
            "journeys": [{"file": "stage.py", "user": user.__name__}],
            "load": [{"shape": {"constant": {"at": "1/s", "for": "1s"}}}],
        }
    )
    environment = JourneyEnvironment(PlanContext(insecure_tls=insecure), events=Events(), host=base_url)
    recorder = Recorder("w1")
    return Shoppers(Prepared("r", plan, environment, {user.__name__: user}, ()), recorder), recorder
