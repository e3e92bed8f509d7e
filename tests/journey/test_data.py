"""How shoppers draw rows, alone in their process."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import gevent
import pytest

from loadgen.errors import JourneyError
from loadgen.journey import NoRowLeft, Shopper, data_of, rounds
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.journey.sources import Source
from loadgen.plan.data import DataSource


class Cards:
    """Rows that are numbers."""

    columns = ()

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> int:
        return number


def source(count: int = 10, **plan) -> Source:
    return Source(DataSource(**{"name": "cards", "file": "cards.csv"} | plan), Cards(count), seed=3)


class Stage:
    """Shoppers around some sources."""

    def __init__(self, *sources: Source, **context) -> None:
        rounds.install()
        self.recorder = Recorder("w-1")
        context = PlanContext(data={source.name: source for source in sources}, **context)
        self.environment = JourneyEnvironment(context, host="http://127.0.0.1:9")

    def play(self, journey, arrival: int = 0, stream_tasks: int | None = 1):
        """Run one shopper with this journey; what it returned, or raised."""
        self.session = Session(self.recorder, "Player", 0, 0, arrival)
        told = []

        class Player(Shopper):
            def journey(self) -> None:
                told.append(journey(self))

        user = self.environment.new_user(Player)
        self.how = gevent.spawn(self.session.run, user, stream_tasks).get()
        if self.session.error is not None:
            raise self.session.error
        return told[0] if told else None

    @property
    def counters(self) -> dict:
        return {name: amount for (_, name), amount in self.recorder.take(0).counters.items()}


def test_the_same_seed_and_arrival_draw_the_same_rows():
    def draws(arrival, seed=1, **plan):
        return Stage(source(1000, **plan), seed=seed).play(
            lambda shopper: [shopper.data.cards.sample() for _ in range(20)], arrival
        )

    assert draws(1) == draws(1) != draws(2)
    assert draws(1) != draws(1, seed=2)
    assert draws(1, order="zipf", exponent=1.5) == draws(1, order="zipf", exponent=1.5) != draws(1)


def test_uniform_samples_are_all_alike_and_zipf_samples_are_not():
    uniform = Counter(Stage(source()).play(lambda shopper: [shopper.data.cards.sample() for _ in range(5000)]))
    zipf = Counter(Stage(source(order="zipf")).play(lambda shopper: [shopper.data.cards.take() for _ in range(5000)]))

    assert set(uniform) == set(range(10))
    assert max(uniform.values()) < 1.3 * min(uniform.values())
    assert 8 < zipf[0] / zipf[9] < 12.5


def test_a_sequential_source_goes_round():
    stage = Stage(source(3, order="sequential"))

    assert stage.play(lambda shopper: [shopper.data.cards.sample() for _ in range(7)]) == [0, 1, 2, 0, 1, 2, 0]


def test_unique_rows_come_back_at_the_end_of_their_shopper():
    stage = Stage(source(2, access="unique"))

    assert stage.play(lambda shopper: [shopper.data.cards.take(), shopper.data.cards.take()]) == [0, 1]
    assert stage.play(lambda shopper: shopper.data.cards.take()) == 0
    with pytest.raises(NoRowLeft, match="all 2 rows of cards are in use"):
        stage.play(lambda shopper: [shopper.data.cards.take() for _ in range(3)])
    assert stage.how == "failed"
    assert stage.counters == {"cards_exhausted": 1}


def test_a_lease_ends_with_its_block():
    stage = Stage(source(1, access="unique"))

    def journey(shopper):
        taken = []
        for _ in range(3):
            with shopper.data.cards.lease() as card:
                taken.append(card)
        return taken

    assert stage.play(journey) == [0, 0, 0]


def test_a_shopper_that_loops_gives_its_rows_back_after_each_journey_but_keeps_those_it_started_with():
    cards = source(3, access="unique")
    stage = Stage(cards)
    taken = []

    class Looper(Shopper):
        def on_start(self) -> None:
            self.own = self.data.cards.take()

        def journey(self) -> None:
            taken.append((self.own, self.data.cards.take()))
            if len(taken) == 4:
                self.loadgen_session.stop(now=False)

    session = Session(stage.recorder, "Looper")
    gevent.spawn(session.loop, stage.environment.new_user(Looper)).get()

    assert taken == [(0, 1), (0, 2), (0, 1), (0, 2)]
    assert stage.play(lambda shopper: [shopper.data.cards.take() for _ in range(3)])


@pytest.mark.parametrize("access", ["unique", "shared"])
def test_rows_that_are_handed_out_once_come_to_an_end_by_failing(access):
    stage = Stage(source(2, access=access, order="sequential", exhausted="fail"))

    assert [stage.play(lambda shopper: shopper.data.cards.take()) for _ in range(2)] == [0, 1]
    with pytest.raises(NoRowLeft, match="all 2 rows of cards were handed out"):
        stage.play(lambda shopper: shopper.data.cards.take())
    assert stage.how == "failed"


def test_rows_that_are_handed_out_once_may_end_the_run():
    stage = Stage(source(1, access="unique", exhausted="stop"))
    reasons = []
    stage.environment.runner = SimpleNamespace(end_run=reasons.append)

    assert [stage.play(lambda shopper: shopper.data.cards.take()) for _ in range(2)] == [0, None]
    assert reasons == ["all rows of cards were handed out"]
    assert stage.how == "completed"  # the shopper left, and did nothing wrong


def test_unique_rows_in_uniform_order_are_shuffled_and_each_comes_once():
    taken = Stage(source(50, access="unique", order="uniform")).play(
        lambda shopper: [shopper.data.cards.take() for _ in range(50)]
    )

    assert sorted(taken) == list(range(50)) != taken


def test_unique_data_cannot_be_sampled():
    stage = Stage(source(access="unique"))

    with pytest.raises(JourneyError, match="cards is unique") as caught:
        stage.play(lambda shopper: shopper.data.cards.sample())
    assert caught.value.hint == "cards.take()"


def test_data_that_the_plan_does_not_have_is_told_with_what_it_has():
    stage = Stage(source(), source(name="search-terms"))

    assert stage.play(lambda shopper: len(shopper.data["search-terms"])) == 10
    with pytest.raises(JourneyError, match="no data called crads") as caught:
        stage.play(lambda shopper: shopper.data.crads)
    assert caught.value.hint == "it has cards, search-terms"


def test_users_of_any_class_draw_too():
    from locust import User, task

    drawn = []

    class Plain(User):
        @task
        def work(self):
            drawn.append(data_of(self).cards.sample())

    stage = Stage(source())
    gevent.spawn(Session(stage.recorder, "Plain").run, stage.environment.new_user(Plain)).get()
    assert drawn[0] in range(10)


def test_a_shopper_with_a_row_of_its_own_sends_nothing_while_it_may_be_another_s():
    cards = source(access="unique")
    sure = []
    cards.dealer.may_use = lambda: bool(sure)
    seen = []

    def journey(shopper):
        shopper.data.cards.take()
        gevent.spawn_later(0.1, sure.append, True)
        shopper.loadgen_session.check()
        seen.append(bool(sure))

    Stage(cards).play(journey)
    assert seen == [True]


def test_a_shopper_that_draws_nothing_costs_nothing_of_this():
    stage = Stage(source(access="unique"))
    held = stage.play(lambda shopper: dict(shopper.__dict__))

    assert "loadgen_rows" not in held
    assert type(stage.session) is Session
