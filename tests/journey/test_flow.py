"""Journeys as graphs: what is checked when they are made, and that shoppers walk as the graph says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from loadgen.errors import JourneyError
from loadgen.journey import (
    DONE,
    LEAVE,
    REST,
    Flow,
    FlowError,
    JourneyEnvironment,
    PlanContext,
    Recorder,
    Session,
    constant,
    load_users,
    state,
)
from loadgen.journey.dice import Dice
from loadgen.journey.graph import Graph
from loadgen.journey.show import show

WALKS = 20_000

FLOW = """
from loadgen.journey import DONE, LEAVE, REST, Flow, state, uniform

class Visitor(Flow):
    @state({"search": 0.5, "product": 0.3, LEAVE: REST})
    def home(self) -> None: ...

    @state({"product": 0.7, "home": 0.1, LEAVE: REST}, think=uniform(2, 5))
    def search(self) -> None: ...

    @state({"product": 0.2, "search": 0.3, LEAVE: 0.4, DONE: 0.1})
    def product(self) -> None: ...
"""


def told(tmp_path: Path, text: str) -> str:
    """What is said about a journey file that does not import."""
    (tmp_path / "flow.py").write_text(text, encoding="utf-8")
    with pytest.raises(JourneyError) as caught:
        load_users(tmp_path, ["flow.py"])
    return str(caught.value.message)


class Visitor(Flow):
    """The graph of the example, with a trace of where it went."""

    host = "http://127.0.0.1:1"
    think = constant(0)
    seen: list[str]

    @state({"search": 0.5, "product": 0.3, LEAVE: REST})
    def home(self) -> None:
        self.seen.append("home")

    @state({"product": 0.7, "home": 0.1, LEAVE: REST})
    def search(self) -> None:
        self.seen.append("search")

    @state({"product": 0.2, "search": 0.3, LEAVE: 0.4, DONE: 0.1})
    def product(self) -> None:
        self.seen.append("product")
        self.rng.random()  # what else a journey draws does not move the walk


def walk(dice: Dice, graph: Graph) -> list[str]:
    way = [graph.first.choose(dice)]
    while way[-1] in graph.states:
        way.append(graph.states[way[-1]].then.choose(dice))
    return way


def test_twenty_thousand_walks_go_as_the_graph_says_within_one_percent() -> None:
    graph = Visitor.graph
    went: Counter[tuple[str, str]] = Counter()
    ended: Counter[str] = Counter()
    for arrival in range(WALKS):
        way = walk(Dice(f"7:Visitor:0:{arrival + 0.5}:walk"), graph)
        went.update(pairwise(way))
        ended[way[-1]] += 1
    for name, known in graph.states.items():
        passes = sum(times for (here, _), times in went.items() if here == name)
        assert passes / WALKS == pytest.approx(graph.visits()[name], rel=0.02)
        for there, share in known.then.shares().items():
            assert went[name, there] / passes == pytest.approx(share, abs=0.01)
    for name in (LEAVE, DONE):
        assert ended[name] / WALKS == pytest.approx(graph.visits()[name], abs=0.01)


def test_a_shopper_walks_its_graph_and_each_state_is_a_step(stage: Any) -> None:
    ways = []
    for arrival in range(200):
        visitor = stage.environment.new_user(Visitor)
        visitor.seen = []
        session = stage.session(Visitor, arrival=arrival)
        assert session.run(visitor) == "completed"
        ways.append(visitor.seen)
        assert visitor.seen == walk(Dice(f"0:Visitor:0:{arrival}:walk"), Visitor.graph)[:-1]
    tally = stage.tally()
    passed = Counter(name for way in ways for name in way)
    for name in Visitor.graph.states:
        counts = tally.steps["Visitor", name]
        assert counts.entered == passed[name] == counts.completed + counts.abandoned["will"]
    left = sum(counts.abandoned["will"] for counts in tally.steps.values())
    assert 0 < left < 200  # the others were done
    assert tally.journeys["Visitor"].completed == 200


def test_the_same_seed_and_arrival_make_the_same_walk_on_any_worker() -> None:
    def way(worker: str, seed: int, arrival: int) -> list[str]:
        environment = JourneyEnvironment(PlanContext(seed=seed), host="http://127.0.0.1:1")
        visitor: Any = environment.new_user(Visitor)
        visitor.seen = []
        Session(Recorder(worker), "Visitor", arrival=arrival).run(visitor)
        return list(visitor.seen)

    first = [way("w1", 7, arrival) for arrival in range(30)]
    assert [way("w2", 7, arrival) for arrival in range(30)] == first
    assert [way("w1", 8, arrival) for arrival in range(30)] != first


def test_an_error_in_a_state_fails_the_journey_there(stage: Any) -> None:
    class Broken(Flow):
        @state({"cart": 1})
        def home(self) -> None:
            self.must(self.client.get("/"))

        @state(DONE)
        def cart(self) -> None:
            self.must(self.client.get("/status/500"))

    Broken.think = constant(0)
    assert stage.run(Broken) == "failed"
    tally = stage.tally()
    assert tally.steps["Broken", "home"].completed == 1
    assert tally.steps["Broken", "cart"].abandoned == {"error": 1}


def test_each_state_has_its_own_think_time_and_nobody_thinks_before_going(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("loadgen.journey.shopper.gevent.sleep", slept.append)

    class Thinker(Flow):
        think = constant(3)

        @state("cart", think=constant(1))
        def home(self) -> None: ...

        @state("paid")
        def cart(self) -> None: ...

        @state(DONE, think=constant(9))
        def paid(self) -> None: ...

    stage.environment.new_user(Thinker).journey()
    assert slept == [1, 3]


def test_a_subclass_has_its_own_table_and_the_states_of_its_base() -> None:
    class Hasty(Visitor):
        first = {"product": 0.5, "search": REST}  # noqa: RUF012 - as authors write it
        moves = {"product": DONE, "search": {"product": 1}}  # noqa: RUF012
        home = None  # type: ignore[assignment]

    assert Hasty.graph.visits() == {"search": 0.5, "product": 1, LEAVE: 0, DONE: 1}
    with pytest.raises(FlowError, match=r"test_flow.py:\d+ Slow.home: no shopper can come here"):

        class Slow(Visitor):
            first = "product"
            moves = {"product": DONE, "search": DONE}  # noqa: RUF012


def test_a_state_may_open_its_steps_itself(stage: Any) -> None:
    class Buyer(Flow):
        @state(DONE, step="")
        def buy(self) -> None:
            with self.step("cart"):
                pass
            with self.step("payment"):
                pass

    stage.run(Buyer)
    assert set(stage.tally().steps) == {("Buyer", "cart"), ("Buyer", "payment")}


def test_every_mistake_of_a_flow_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = (
        FLOW.replace('"product": 0.7', '"prodct": 0.7')
        .replace("LEAVE: 0.4", "LEAVE: 0.6")
        .replace('"search": 0.5, "product": 0.3, LEAVE: REST', '"search": 0.5, "product": -0.3')
    )
    assert told(tmp_path, text).splitlines() == [
        "flow.py does not import",
        "  the flow of Visitor has 4 mistakes",
        "  flow.py:5 Visitor.home: the probability of product must lie between 0 and 1; got -0.3",
        "  flow.py:5 Visitor.home: its probabilities add up to 0.5; say who has the REST, such as LEAVE: REST",
        "  flow.py:8 Visitor.search: there is no state 'prodct' (did you mean product?)",
        "  flow.py:11 Visitor.product: its probabilities add up to 1.2, which is more than 1",
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"product": 0.3, LEAVE: REST', "LEAVE: REST, DONE: REST", "flow.py:5 Visitor.home: only one way can have"),
        ("0.4, DONE: 0.1", "0, DONE: 0, 'product': 0.7", "flow.py:11 Visitor.product: from here there is no way out"),
        ('"search": 0.3, ', "", "flow.py:11 Visitor.product: its probabilities add up to 0.7; say who has the REST"),
        ("class Visitor(Flow):", "class Visitor(Flow):\n    first = LEAVE", "flow.py:4 Visitor.first: a visit cannot"),
        ("class Visitor(Flow):", "class Visitor(Flow):\n    first = 'hme'", "no state 'hme' (did you mean home?)"),
        ("class Visitor(Flow):", "class Visitor(Flow):\n    moves = {'x': DONE}", "flow.py:4 Visitor.moves: there is"),
        ('@state({"product": 0.7', '@state()\n    def x(self): ...\n    @state({"product": 0.7', "does not say where"),
        ('@state({"product": 0.7', '@state(DONE)\n    def x(self): ...\n    @state({"product": 0.7', "can come here"),
    ],
)
def test_a_mistake_in_a_flow_is_told_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = FLOW.replace(old, new)
    if "from here" in says:
        text = (
            text.replace('"search": 0.3, ', '"product": 0.3, ')
            .replace('"product": 0.2, ', "")
            .replace(", 'product': 0.7", ", 'product': 1")
        )
    assert says in told(tmp_path, text)


def test_a_flow_without_states_is_refused_and_an_abstract_one_is_not() -> None:
    class Base(Flow):
        abstract = True

    with pytest.raises(FlowError, match="a flow needs states"):

        class Empty(Base): ...


def test_a_flow_is_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    assert list(show(tmp_path / "flow.py", None)) == [
        "Visitor begins with home",
        "",
        "state    visits  think time      and then",
        "home       1.09  exponential(7)  search 50%, product 30%, leaves 20%",
        "search     0.91  uniform(2, 5)   product 70%, leaves 20%, home 10%",
        "product    1.20  exponential(7)  leaves 40%, search 30%, product 20%, done 10%",
        "",
        "In the mean a visit has 3.20 states and 12.8s of thinking; 12.01% end as done, 87.99% leave",
    ]


def test_a_journey_that_is_code_is_not_shown_as_a_flow(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("from loadgen.journey import Shopper\nclass Buyer(Shopper): ...\n")
    with pytest.raises(JourneyError, match="is no flow"):
        list(show(tmp_path / "code.py", None))
