"""The small parts of a worker: settings, health, essential greenlets, the runner that journeys see, shoppers."""

from __future__ import annotations

import time
from collections import Counter
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event
from locust import HttpUser, User, task
from locust.env import Environment
from locust.event import Events
from locust.rpc import Message
from locust.runners import STATE_INIT, STATE_RUNNING, STATE_SPAWNING, STATE_STOPPED, WorkerRunner

from loadgen.errors import JourneyError, UsageError
from loadgen.journey import JourneyEnvironment, install
from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.latency import Histogram
from loadgen.stats import OK, Series, SeriesKey, Tally
from loadgen.worker import essential
from loadgen.worker.health import HealthMeter
from loadgen.worker.preparation import Prepared
from loadgen.worker.runner import LoadRunner
from loadgen.worker.settings import SETTINGS_VARIABLE, WorkerSettings, cluster_key
from loadgen.worker.shoppers import Shoppers


def until(condition):
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.005)


# -- settings


def test_settings_travel_in_the_environment(make, monkeypatch):
    settings = make.settings(labels={"zone": "a"}, allow_targets=("*.shop.example",), lease_s=2.5, weight=3.0)
    monkeypatch.setenv(SETTINGS_VARIABLE, settings.model_dump_json())

    assert WorkerSettings.from_environment() == settings


def test_the_key_of_the_cluster_is_in_the_environment(monkeypatch):
    monkeypatch.delenv("LOADGEN_KEY", raising=False)
    assert cluster_key() == b""
    monkeypatch.setenv("LOADGEN_KEY", "größe")
    assert cluster_key() == "größe".encode()


# -- health


def test_the_meter_sees_a_busy_process_and_a_loop_that_waits():
    answered = Tally(sent=50, series={SeriesKey("Browser", "home", "/", "GET", OK): Series(Histogram.of([900] * 50))})
    meter = HealthMeter(lambda: 20)
    gevent.sleep(0.05)
    meter.take(Tally(), 0.0)
    until_s = time.monotonic() + 0.15
    while time.monotonic() < until_s:
        pass
    gevent.sleep(0.05)  # the probe is overdue by now
    busy = meter.take(answered, 0.001)
    gevent.sleep(0.1)
    idle = meter.take(Tally(), 0.0)
    meter.stop()

    assert 130_000 <= busy.loop_lag_max_us < 5_000_000
    assert busy.loop_lag_max_us >= busy.loop_lag_p99_us > busy.loop_lag_mean_us > idle.loop_lag_mean_us
    assert busy.cpu > idle.cpu
    assert busy.clock_error_us == 1000
    assert busy.is_coloured
    assert busy.lengthened <= 20 / 50
    assert idle.lengthened == 0


# -- essential greenlets


@pytest.fixture
def unbroken():
    essential.broken.clear()
    yield
    essential.broken.clear()


@pytest.mark.usefixtures("unbroken")
def test_an_essential_part_that_dies_is_noticed(capsys):
    def die():
        raise ZeroDivisionError("on purpose")

    greenlet = essential.spawn(die)
    with gevent.Timeout(10):
        essential.broken.wait()
    assert greenlet.dead
    assert "on purpose" in capsys.readouterr().err


@pytest.mark.usefixtures("unbroken")
def test_an_essential_part_that_ends_or_is_ended_is_no_accident():
    ended, killed = essential.spawn(lambda: 1), essential.spawn(gevent.sleep, 60)
    gevent.sleep(0.01)
    killed.kill()
    gevent.joinall([ended, killed], timeout=10)

    assert not essential.broken.is_set()


# -- the runner


@pytest.fixture
def make_runner(environment):
    def make(active=None, on_quit=lambda _: None, take_index=lambda: 0):
        return LoadRunner(environment, "w1", on_quit, lambda: active or Counter(), take_index)

    return make


@pytest.fixture
def environment():
    return JourneyEnvironment(events=Events(), host="http://127.0.0.1:1", user_classes=[Patient])


def test_journeys_find_a_runner_and_hear_the_events_of_locust(environment, make_runner):
    heard = []
    for name in ("test_start", "spawning_complete", "test_stopping", "test_stop", "quitting", "quit"):
        getattr(environment.events, name).add_listener(lambda name=name, **more: heard.append((name, more)))
    runner = make_runner(Counter(Patient=7))

    assert environment.runner is runner
    assert isinstance(runner, WorkerRunner)
    assert (runner.state, runner.user_count, runner.user_classes_count) == (STATE_INIT, 7, {"Patient": 7})
    runner.begin([(0.0, 20)], lambda: 0.0)
    until(lambda: runner.state == runner.worker_state == STATE_RUNNING)
    runner.stopping()
    runner.end()
    assert runner.state == STATE_STOPPED
    assert [name for name, _ in heard] == [
        *("test_start", "spawning_complete", "test_stopping", "test_stop", "quitting", "quit"),
    ]
    assert heard[1][1] == {"user_count": 20}
    assert heard[-1][1] == {"exit_code": 0}


def test_a_listener_is_told_of_each_level_when_it_is_reached(environment, make_runner):
    told, clock = [], SimpleNamespace(now=0.0)
    environment.events.spawning_complete.add_listener(lambda user_count: told.append((clock.now, user_count)))
    runner = make_runner()

    def elapsed():
        clock.now += 0.01
        return clock.now

    runner.begin([(0.0, 5), (0.02, 9)], elapsed)
    until(lambda: len(told) == 2)

    assert [users for _, users in told] == [5, 9]
    assert runner.target_user_count == 9


def test_statistics_are_not_fed_by_a_listener(environment, make_runner):
    before = list(environment.events.request._handlers)
    make_runner()

    assert environment.events.request._handlers == before


@pytest.mark.parametrize("word", ["quit", "stop"])
def test_a_journey_can_ask_to_end_the_run_once(make_runner, word):
    asked = []
    runner = make_runner(on_quit=asked.append)
    getattr(runner, word)()
    getattr(runner, word)()

    assert asked == [f"a journey called runner.{word}()"]
    assert runner.asked_to_quit


def test_a_journey_cannot_start_users(make_runner):
    with pytest.raises(UsageError, match="cannot start users"):
        make_runner().start(10, spawn_rate=1)
    with pytest.raises(UsageError, match="cannot start a shape"):
        make_runner().start_shape()


def test_a_worker_takes_its_number_when_somebody_asks_for_it(make_runner):
    numbers = iter(range(3, 9))
    runner = make_runner(take_index=lambda: next(numbers))

    assert (runner.worker_index, runner.worker_index) == (3, 3)


def test_what_is_said_before_there_is_a_master_is_kept_for_it(make_runner):
    runner, sent = make_runner(), []
    runner.send_message("hello", {"a": 1})
    runner.connect(SimpleNamespace(send=sent.append))
    runner.send_message("again")

    assert [(message.type, message.data, message.node_id) for message in sent] == [
        ("hello", {"a": 1}, "w1"),
        ("again", None, "w1"),
    ]


def test_what_the_master_says_is_heard_by_who_asked_for_it(make_runner, caplog):
    runner, heard = make_runner(), []
    runner.register_message("here", lambda msg, **_: heard.append(("here", msg.data)))
    runner.register_message("later", lambda msg, **_: heard.append(("later", msg.data)), concurrent=True)
    runner.register_message("bad", lambda **_: 1 / 0)
    for kind in ("later", "here", "bad", "nobody"):
        runner.hear(Message(kind, 1, None))
    until(lambda: len(heard) == 2)

    assert heard == [("here", 1), ("later", 1)]
    assert "the listener for bad raised an error" in caplog.text
    assert "nobody, for which there is no listener" in caplog.text


def test_a_listener_that_fails_stops_nobody(environment, make_runner):
    def fail(**_):
        raise ZeroDivisionError

    environment.events.test_start.add_listener(fail)
    runner = make_runner()
    runner.begin([], lambda: 0.0)

    assert runner.state == STATE_SPAWNING


# -- shoppers


class Patient(User):
    gate = Event()

    @task
    def wait_for_it(self):
        type(self).gate.wait()


class Broken(User):
    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        raise ZeroDivisionError("no such thing")

    @task
    def never(self):
        pass


@pytest.fixture
def shoppers(environment, make):
    Patient.gate.clear()
    install()
    prepared = Prepared("demo-1", make.plan(), environment, {"Patient": Patient, "Broken": Broken}, ())
    shoppers = Shoppers(prepared, Recorder("w1"))
    yield shoppers
    Patient.gate.set()
    shoppers.kill()


def come(shoppers, journey="Patient", stream=0) -> Session:
    session = Session(shoppers._recorder, journey, stream)
    shoppers.come(session, 1)
    return session


def test_who_came_is_active_until_it_has_left(shoppers):
    session = come(shoppers, stream=1)
    come(shoppers, stream=2)
    assert (len(shoppers), shoppers.active(1), session in shoppers) == (2, 1, True)
    Patient.gate.set()

    assert shoppers.wait(10)
    assert (len(shoppers), shoppers.active(1), session in shoppers) == (0, 0, False)
    assert shoppers._recorder.take(0).journeys["Patient"].completed == 2


def test_waiting_ends_when_patience_does(shoppers):
    come(shoppers)

    assert not shoppers.wait(0.05)


def test_who_does_not_leave_can_be_ended(shoppers):
    come(shoppers)
    gevent.sleep(0.02)

    assert shoppers.kill() == 1
    assert shoppers.wait(10)
    assert shoppers.active(0) == 0


def test_everyone_or_some_can_be_asked_to_leave(shoppers):
    one, other = come(shoppers), come(shoppers)
    gevent.sleep(0.02)
    shoppers.stop(now=True, sessions=[one])
    until(lambda: one not in shoppers)
    assert other in shoppers
    shoppers.stop(now=True)

    assert shoppers.wait(10)
    assert shoppers._recorder.take(0).journeys["Patient"].interrupted == 2


def test_a_user_that_cannot_be_made_is_a_failed_journey_in_its_own_words(shoppers):
    come(shoppers, "Broken")

    assert shoppers.wait(10)
    tally = shoppers._recorder.take(0)
    assert (tally.journeys["Broken"].started, tally.journeys["Broken"].failed) == (1, 1)
    assert "ZeroDivisionError: no such thing" in tally.samples[0].text
    assert tally.shoppers.total() == 0


def test_a_user_without_a_host_is_told_so():
    environment = JourneyEnvironment(events=Events())

    class Homeless(HttpUser):
        @task
        def home(self):
            pass

    with pytest.raises(JourneyError, match="has no host"):
        environment.new_user(Homeless)
