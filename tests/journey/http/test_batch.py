"""A batch sends its calls at once, six to a host, and gives their responses in order."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st
from journey.http.far_ends import until
from journey.http.misbehaving import Visitor, counts
from journey.http.page_shop import PageShop, page_shop

from loadgen.journey import Shopper
from loadgen.journey.http.parallel import Parallel
from loadgen.journey.http.wires import Origin
from loadgen.journey.leaving import ShopperGone

Visit = Callable[..., Visitor]


@pytest.fixture
def shop() -> Iterator[PageShop]:
    with page_shop() as running:
        for n in range(20):
            running.put(f"/{n}", f"<{n}>")
        yield running


def test_calls_are_written_in_four_ways(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url, concurrency=1)
    responses = visitor.client.batch(
        [
            "/1",
            ("put", "/2"),
            ("POST", "/3", {"json": {"a": 1}, "name": "three"}),
            {"url": "/4"},
            {"method": "POST", "url": "/5", "data": {"b": "2"}, "headers": {"X": "y"}},
            ["GET", "/6"],
        ]
    )
    assert [response.text for response in responses] == ["<1>", "<2>", "<3>", "<4>", "<5>", "<6>"]
    assert [(request.method, request.target) for request in shop.received] == [
        ("GET", "/1"),
        ("PUT", "/2"),
        ("POST", "/3"),
        ("GET", "/4"),
        ("POST", "/5"),
        ("GET", "/6"),
    ]
    assert (shop.received[2].body.replace(b" ", b""), shop.received[4].body) == (b'{"a":1}', b"b=2")
    assert shop.received[4].by_name["x"] == "y"
    assert "three" in {key.name for key in visitor.recorder.take(0).series}


@pytest.mark.parametrize(
    "call",
    [None, 7, (), ("GET",), ("GET", "/", {}, 1), ("GET", 7), (None, "/"), ("GET", "/", 7), {}, {"method": "GET"}],
)
def test_what_is_no_call_is_refused_before_anything_is_sent(visit: Visit, shop: PageShop, call: Any) -> None:
    with pytest.raises(ValueError, match="call 2 of the batch"):
        visit(shop.url).client.batch(["/1", call])
    assert shop.received == []


def test_nothing_to_send_is_nothing(visit: Visit, shop: PageShop) -> None:
    assert visit(shop.url).client.batch([]) == []


def test_responses_come_in_the_order_of_their_calls_whatever_order_they_came_in(visit: Visit, shop: PageShop) -> None:
    shop.held = {"/0", "/1", "/2"}
    batch = gevent.spawn(visit(shop.url).client.batch, [f"/{n}" for n in range(20)])
    until(lambda: len(shop.received) == 20)
    shop.gate.set()
    assert [response.text for response in batch.get(timeout=10)] == [f"<{n}>" for n in range(20)]
    assert shop.most_open == 6


def test_six_at_a_time_go_to_each_host(visit: Visit, shop: PageShop) -> None:
    with page_shop() as other:
        shop.held = {f"/{n}" for n in range(20)}
        other.held = shop.held
        visitor = visit(shop.url)
        calls = [f"/{n}" for n in range(9)] + [f"{other.url}/{n}" for n in range(9)]
        batch = gevent.spawn(visitor.client.batch, calls)
        until(lambda: (len(shop.received), len(other.received)) == (6, 6))
        gevent.sleep(0.01)
        assert (len(shop.received), len(other.received), visitor.session.in_flight) == (6, 6, 12)
        shop.gate.set()
        other.gate.set()
        assert len(batch.get(timeout=10)) == 18
        assert (shop.most_open, other.most_open) == (6, 6)


def test_failures_are_responses_and_counted(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    good, missing, cut = visitor.client.batch(["/1", "/none", "/cut"])
    assert (good.status_code, missing.status_code, cut.status_code) == (200, 404, 0)
    assert cut.error is not None
    assert visitor.counted() == {"": 1, "status_4xx": 1, "reset": 1}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("http://a b/", "host"),
        (("GET", "/", {"headers": {"X Y": "z"}}), "header"),
        ("ftp://x/", "no"),
        (("G T", "/2", {"headers": {"A": "b"}}), "method"),
    ],
)
def test_what_nobody_can_send_raises_when_all_others_have_ended(
    visit: Visit, shop: PageShop, call: Any, words: str
) -> None:
    visitor = visit(shop.url)
    with pytest.raises(ValueError, match=words):
        visitor.client.batch([call, *[f"/{n}" for n in range(10)]])
    assert len(shop.received) == 10
    assert visitor.session.in_flight == 0


def test_of_several_mistakes_the_first_in_order_is_raised(visit: Visit, shop: PageShop) -> None:
    with pytest.raises(TypeError, match="one"):
        visit(shop.url).client.batch(["/1", ("GET", "/2", {"one": 1}), ("GET", "/3", {"two": 2})])
    assert shop.paths == ["/1"]


def test_responses_may_be_judged(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    for response in visitor.client.batch([("GET", f"/{n}", {"catch_response": True}) for n in range(3)]):
        with response as judged:
            if judged.text == "<1>":
                judged.failure("no one")
    assert visitor.counted() == {"": 2, "assertion": 1}


def test_renamed_requests_are_renamed_in_batches_too(visit: Visit, shop: PageShop) -> None:
    visitor = visit(shop.url)
    with visitor.client.rename_request("api"):
        visitor.client.batch(["/1", "/2"])
    assert {key.name for key in visitor.recorder.take(0).series} == {"api"}


def test_a_batch_of_a_stopped_shopper_sends_nothing_more(stage: Any, shop: PageShop) -> None:
    shop.held = {f"/{n}" for n in range(20)}
    stage.environment.host = shop.url
    gone: list[BaseException] = []

    def journey(shopper: Any) -> None:
        with shopper.step("api"):
            try:
                shopper.batch([f"/{n}" for n in range(20)])
            except ShopperGone as error:
                gone.append(error)
                raise

    user_class = type("Stopped", (Shopper,), {"journey": journey})
    session = stage.session(user_class)
    living = stage.spawn(session, user_class)
    until(lambda: len(shop.received) == 6)
    session.stop(now=True)
    shop.gate.set()
    assert living.get(timeout=10) == "interrupted"
    gevent.sleep(0.01)
    tally = stage.tally()
    assert (len(shop.received), counts(tally), tally.in_flight) == (6, {"": 6}, 0)
    assert {key.step for key in tally.series} == {"api"}
    assert gone


def test_a_batch_leaves_nothing_for_the_garbage_collector(visit: Visit, shop: PageShop) -> None:
    client = visit(shop.url).client
    client.batch(["/1", "/2"])
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            client.batch(["/1", "/2", "/3"])
        assert gc.collect() == 0
    finally:
        gc.enable()


# -- what pages and batches are built on

HERE, THERE = Origin("http", "here", 80), Origin("http", "there", 80)


@given(
    st.lists(st.tuples(st.sampled_from([HERE, THERE]), st.integers(0, 3), st.integers(0, 2)), max_size=25),
    st.integers(1, 4),
)
def test_all_is_done_once_by_rank_and_never_too_much_at_once(items: list[tuple[Origin, int, int]], places: int) -> None:
    busy = {HERE: 0, THERE: 0}
    most = {HERE: 0, THERE: 0}
    begun: list[tuple[Origin, int, int]] = []

    def work(item: tuple[Origin, int, int]) -> None:
        origin, _, more = item
        begun.append(item)
        busy[origin] += 1
        most[origin] = max(most.values())
        assert busy[origin] <= places
        gevent.sleep(0)
        busy[origin] -= 1
        if more:
            parallel.add(THERE if more == 2 else origin, 0, (THERE if more == 2 else origin, 0, more - 1))

    parallel = Parallel(work, lambda _: places)
    for item in items:
        parallel.add(item[0], item[1], item)
    parallel.run()
    expected = len(items) + sum(more for _, _, more in items)
    assert len(begun) == expected
    if places == 1 and not any(more for _, _, more in items):
        for origin in (HERE, THERE):
            ranks = [rank for where, rank, _ in begun if where == origin]
            assert ranks == sorted(ranks)


def test_one_thing_needs_no_greenlet() -> None:
    done: list[int] = []
    spawned: list[gevent.Greenlet] = []
    gevent.Greenlet.add_spawn_callback(spawned.append)
    try:
        parallel = Parallel(done.append, lambda _: 6)
        parallel.add(HERE, 0, 1)
        parallel.run()
    finally:
        gevent.Greenlet.remove_spawn_callback(spawned.append)
    assert (done, spawned) == ([1], [])
