import gc
import inspect
import weakref

import pytest
from locust.event import Events

from loadgen.commerce import Article, Listing, Unsupported
from loadgen.errors import JourneyError
from loadgen.journey import Dialect, JourneyEnvironment, PlanContext, Recorder, Session, Shopper


class Corner(Dialect):
    def home(self):
        return Listing(articles=(Article("1", "/one"),))


@pytest.fixture
def corner() -> Corner:
    return Corner(Shopper.__new__(Shopper))


def test_a_dialect_can_do_what_it_has_written(corner):
    assert corner.can("home")
    assert not corner.can("wish")


METHODS = [
    name
    for name, _ in inspect.getmembers(Dialect, inspect.isfunction)
    if name[0] != "_" and name not in ("can", "open")
]


@pytest.mark.parametrize("method", METHODS)
def test_what_a_dialect_leaves_out_says_so(method):
    bare = Dialect(Shopper.__new__(Shopper))
    given = {
        name: None
        for name, each in inspect.signature(getattr(bare, method)).parameters.items()
        if each.default is each.empty
    }
    with pytest.raises(Unsupported, match="Dialect has no "):
        getattr(bare, method)(**given)


class Market(Dialect):
    pass


class Visitor(Shopper):
    host = "http://127.0.0.1:1"

    def journey(self):
        self.shop.shopper.count("visits")


class Marketeer(Visitor):
    dialect = Market


def shopper(user_class, dialect=None) -> Shopper:
    return JourneyEnvironment(PlanContext(dialect=dialect), events=Events()).new_user(user_class)


def test_a_shopper_speaks_the_plan_s_dialect_before_its_own():
    assert type(shopper(Visitor, Corner).shop) is Corner
    assert type(shopper(Marketeer, Corner).shop) is Corner
    assert type(shopper(Marketeer).shop) is Market


def test_a_shopper_keeps_its_dialect():
    visitor = shopper(Visitor, Corner)
    assert visitor.shop is visitor.shop
    assert visitor.shop.shopper is visitor


def test_a_shopper_without_a_dialect_says_what_to_do():
    with pytest.raises(JourneyError, match="Visitor does not know how to speak to the shop") as refused:
        _ = shopper(Visitor).shop
    assert "target.dialect" in refused.value.hint


def test_no_circle_is_left_of_a_shopper_and_its_dialect():
    visitor = shopper(Visitor, Corner)
    watched = weakref.ref(visitor)
    gc.collect()
    gc.disable()
    try:
        assert Session(Recorder("w"), "Visitor").run(visitor) == "completed"
        del visitor
        assert watched() is None
    finally:
        gc.enable()
