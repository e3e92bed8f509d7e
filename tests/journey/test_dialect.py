import inspect

import pytest

from loadgen.commerce import Article, Listing, Unsupported
from loadgen.journey import Dialect, Shopper


class Corner(Dialect):
    def home(self):
        return Listing(articles=(Article("1", "/one"),))


@pytest.fixture
def corner() -> Corner:
    return Corner(Shopper.__new__(Shopper))


def test_a_dialect_can_do_what_it_has_written(corner):
    assert corner.can("home")
    assert not corner.can("wish")


METHODS = [name for name, _ in inspect.getmembers(Dialect, inspect.isfunction) if name[0] != "_" and name != "can"]


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
