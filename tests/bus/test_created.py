"""What shoppers created is kept until it is undone, as long as there is room."""

from __future__ import annotations

from loadgen.bus import RunBus, keys
from loadgen.bus.created import KEPT, CreatedBus
from loadgen.bus.run import KEPT_AFTER_END_S
from loadgen.messages.created import Created

RUN = "r-1"


def orders(first: int, behind: int) -> list[Created]:
    return [Created(kind="order", number=f"DS-{number}", path=f"/orders/{number}") for number in range(first, behind)]


def test_what_is_sent_twice_is_kept_once(bus):
    created = CreatedBus(bus, RUN)
    created.add(orders(0, 3))
    created.add(orders(1, 4))

    assert sorted(created.all(), key=str) == orders(0, 4)
    assert created.lost() == 0


def test_whoever_comes_second_with_a_number_is_told_who_came_first(bus):
    created = CreatedBus(bus, RUN)
    first = Created(kind="order", number="7", worker="w", serial=1)
    second, other = (Created(kind=kind, number="7", worker="x", serial=9) for kind in ("order", "reservation"))

    assert created.add([first]) == []
    assert created.add([first, other]) == []
    assert created.add([second]) == [(second, first)]
    assert created.add([second, second.model_copy(update={"number": "8"})]) == [(second, first)]
    assert sorted(str(thing) for thing in created.all()) == ["order 7", "order 8", "reservation 7"]


def test_what_is_undone_is_taken_off(bus):
    created = CreatedBus(bus, RUN)
    created.add(orders(0, 3))
    for order in orders(0, 2):
        created.strike(order)
        created.strike(order)

    assert created.all() == orders(2, 3)


def test_what_there_is_no_room_for_is_counted(bus):
    created = CreatedBus(bus, RUN, kept=5)
    created.add(orders(0, 4))
    created.add(orders(4, 8))
    created.lose(10)

    assert len(created.all()) == 5
    assert created.lost() == 13


def test_the_list_expires_with_its_run(bus):
    created = CreatedBus(bus, RUN, kept=1)
    created.add(orders(0, 2))
    RunBus(bus, RUN).expire()

    for part in ("created", "created-lost"):
        assert 0 < bus.client.ttl(keys.run_key(RUN, part)) <= KEPT_AFTER_END_S


def test_the_whole_list_takes_as_much_memory_as_is_said(bus):
    """130 MB, of things like those that the visitors of the library create."""
    told = {"kind": "order", "worker": "machine-c768725a", "journey": "GuestBuyer"}
    things = [
        Created(**told, number=f"DS-{n:08d}", path=f"/orders/DS-{n:08d}?email=somebody{n}%40example.test", serial=n)
        for n in range(2000)
    ]
    before = bus.client.info("memory")["used_memory"]
    CreatedBus(bus, RUN).add(things)
    bytes_each = (bus.client.info("memory")["used_memory"] - before) / len(things)

    assert bytes_each * KEPT <= 150e6
