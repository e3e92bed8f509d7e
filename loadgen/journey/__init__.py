"""Journeys: what shoppers do, written with Locust, counted by loadgen.

``from loadgen.journey import Shopper, step`` is the author's door. ``Session`` runs one shopper, ``Recorder`` counts,
``install`` and ``listen`` join them to Locust, ``load_users`` imports journey files. Layer 5, and with
``loadgen.worker`` the only home of locust and gevent: importing this package monkey-patches the process.
"""

from loadgen.journey.data import NoRowLeft, data_of
from loadgen.journey.dialect import Dialect
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.flow import Flow, state
from loadgen.journey.graph import DONE, LEAVE, REST, FlowError
from loadgen.journey.http.pages.page import Asset, Page
from loadgen.journey.http.user import FastHttpUser
from loadgen.journey.leaving import GaveUp, ShopperGone
from loadgen.journey.load import JourneyFile, find_user, load_users
from loadgen.journey.recorder import JourneyHow, Recorder
from loadgen.journey.session import Session, current
from loadgen.journey.shopper import Shopper
from loadgen.journey.steps import step
from loadgen.journey.thinking import constant, exponential, lognormal, observed, uniform
from loadgen.journey.wire import install, listen

__all__ = [
    "DONE",
    "LEAVE",
    "REST",
    "Asset",
    "Dialect",
    "FastHttpUser",
    "Flow",
    "FlowError",
    "GaveUp",
    "JourneyEnvironment",
    "JourneyFile",
    "JourneyHow",
    "NoRowLeft",
    "Page",
    "PlanContext",
    "Recorder",
    "Session",
    "Shopper",
    "ShopperGone",
    "constant",
    "current",
    "data_of",
    "exponential",
    "find_user",
    "install",
    "listen",
    "load_users",
    "lognormal",
    "observed",
    "state",
    "step",
    "uniform",
]
