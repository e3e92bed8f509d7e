"""Plans: what one run is, as people write it and as it travels.

``read`` turns a file into a plan or into a list of everything that is wrong with it; ``model`` is the plan itself;
``conditions`` are its thresholds and guards; ``preview`` draws it; ``locustfile`` makes one without a file.
Layer 2: reads files, knows no network and no clock.
"""

from loadgen.plan.commerce import Commerce
from loadgen.plan.conditions import Condition, Guard, Threshold
from loadgen.plan.data import DataSource
from loadgen.plan.model import JourneyRef, Plan, WorkersDemand
from loadgen.plan.patience import Patience
from loadgen.plan.problems import InvalidPlan, Problem, render
from loadgen.plan.stream import LoadModel, Spacing, Stream
from loadgen.plan.target import Target

__all__ = [
    "Commerce",
    "Condition",
    "DataSource",
    "Guard",
    "InvalidPlan",
    "JourneyRef",
    "LoadModel",
    "Patience",
    "Plan",
    "Problem",
    "Spacing",
    "Stream",
    "Target",
    "Threshold",
    "WorkersDemand",
    "render",
]
