"""What is drawn for a campaign: the same for the same seed, and nothing that cannot be survived."""

import itertools

from chaos.schedule import FIRST_S, GAP_S, GUEST, KINDS, LAST_S, NODES, draw

MANY = [draw(1, number) for number in range(300)]


def test_the_same_seed_gives_the_same_faults():
    assert [draw(1, number) for number in range(300)] == MANY


def test_another_seed_or_run_gives_other_faults():
    assert draw(2, 0) != draw(1, 0)
    assert draw(1, 1) != draw(1, 0)


def test_every_run_has_two_to_five_faults_in_order():
    for faults in MANY:
        assert 2 <= len(faults) <= 5
        assert all(FIRST_S <= fault.at_s <= LAST_S for fault in faults)
        assert all(later.at_s - sooner.at_s >= GAP_S - 1e-9 for sooner, later in itertools.pairwise(faults))


def test_nothing_follows_a_stop():
    for faults in MANY:
        assert not any(fault.kind.startswith("stopped") for fault in faults[:-1])


def test_a_machine_that_is_gone_is_not_struck_again_and_one_always_stays():
    for faults in MANY:
        gone = set()
        for fault in faults:
            assert fault.node not in gone
            if KINDS[fault.kind].away:
                gone.add(fault.node)
        assert gone < set(NODES)


def test_a_machine_joins_once():
    for faults in MANY:
        assert sum(fault.node == GUEST for fault in faults) <= 1


def test_every_kind_of_fault_is_drawn():
    assert {fault.kind for faults in MANY for fault in faults} == set(KINDS)


def test_faults_last_as_long_as_their_kind_says():
    for fault in itertools.chain.from_iterable(MANY):
        least, most = KINDS[fault.kind].length_s
        assert least <= fault.length_s <= most
