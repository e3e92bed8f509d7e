"""While Redis is away a process says so once a while, however often it tries."""

import logging

import pytest

from loadgen.bus.outage import EVERY_S, Outage
from loadgen.errors import BusError

GONE = BusError("Redis at redis://x does not answer in time")


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.message for record in caplog.records]


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def outage(clock):
    return Outage(logging.getLogger("test"), lambda: clock[0])


def test_the_first_failure_is_said_at_once(outage, said):
    outage.met("frames wait", GONE)
    assert said() == ["frames wait: Redis at redis://x does not answer in time; trying again"]


def test_many_attempts_of_many_parts_are_one_line_a_while(outage, clock, said):
    for _ in range(100):
        outage.met("frames wait", GONE)
        outage.met("the lease is not renewed", GONE)
    assert len(said()) == 1
    clock[0] += EVERY_S
    for _ in range(100):
        outage.met("the lease is not renewed", BusError("refused"))
    assert said()[1:] == ["frames wait, the lease is not renewed (for 10s): refused; trying again"]


def test_it_is_over_when_it_is_for_every_part(outage, clock, said):
    outage.met("frames wait", GONE)
    outage.met("the lease is not renewed", GONE)
    clock[0] += 2.5
    outage.over("the lease is not renewed")
    outage.over("control is not heard")
    assert len(said()) == 1
    outage.over("frames wait")
    assert said()[1:] == ["Redis is back after 2.5s"]


def test_without_an_outage_nothing_is_said(outage, said):
    outage.over("frames wait")
    assert said() == []


def test_the_next_outage_is_said_at_once_again(outage, said):
    outage.met("frames wait", GONE)
    outage.over("frames wait")
    outage.met("frames wait", GONE)
    assert len(said()) == 3
