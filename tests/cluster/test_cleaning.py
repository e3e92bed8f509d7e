"""``loadgen clean`` undoes the orders of a run, of a cluster or of one machine, and a second time nothing."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import requests

LIBRARY = Path(__file__).parents[2] / "journeys"
ORDERS = 6


@pytest.fixture
def shop(cluster):
    return cluster.shop()


@pytest.fixture
def plan(cluster, shop):
    """Six buyers in two seconds."""

    def write(name: str, url: str = shop.url, *, cleanable: bool = True) -> Path:
        plan = cluster.plan(
            {
                "name": name,
                "target": {"base_url": url},
                "cleanable": cleanable,
                "journeys": [{"file": str(LIBRARY / "buy.py"), "user": "GuestBuyer"}],
                "load": [{"shape": {"constant": {"at": "3/s", "for": f"{ORDERS // 3}s"}}}],
            }
        )
        text = json.loads(plan.read_text())
        text["target"]["dialect"] = os.path.relpath(LIBRARY / "dialects" / "demo.py", plan.parent)
        plan.write_text(json.dumps(text))
        return plan

    return write


def states(shop) -> Counter:
    return Counter(order["state"] for order in requests.get(f"{shop.url}/_shop/orders", timeout=5).json())


def test_a_run_of_a_cluster_is_undone_from_its_list_in_redis(cluster, shop, plan):
    cluster.start("coordinator")
    cluster.workers(2)
    path = plan("cleaned")
    done = cluster.call("run", str(path), "--json", str(cluster.folder / "run.json"))
    run = json.loads((cluster.folder / "run.json").read_text())["run"]
    assert states(shop) == {"confirmed": ORDERS}, done.stderr

    other = cluster.call("clean", run, "--plan", str(plan("other", "http://127.0.0.1:1")))
    assert (other.returncode, "aimed at" in other.stderr) == (2, True)
    dry = cluster.call("clean", run, "--plan", str(path), "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, f"order: {ORDERS} to undo\n"), dry.stderr
    assert states(shop) == {"confirmed": ORDERS}

    first, again = (cluster.call("clean", run, "--plan", str(path)) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, f"{ORDERS} undone, 0 refused, 0 unsupported\n"), first.stderr
    assert (again.returncode, again.stdout) == (0, "0 undone, 0 refused, 0 unsupported\n"), again.stderr
    assert states(shop) == {"cancelled": ORDERS}


def test_a_run_on_one_machine_is_undone_from_the_file_it_wrote(cluster, shop, plan, monkeypatch):
    path, created = plan("alone"), cluster.folder / "created.jsonl"
    monkeypatch.delenv("LOADGEN_REDIS", raising=False)
    cluster.redis_url = ""  # there is no cluster
    done = cluster.call("run", str(path), "--workers", "1", "--created", str(created))
    assert len(created.read_text().splitlines()) == 1 + ORDERS, done.stderr
    assert created.stat().st_mode & 0o077 == 0
    number = json.loads(created.read_text().splitlines()[1])["number"]
    by_hand = {"kind": "account", "number": "7"}
    with created.open("a") as file:
        file.write(json.dumps(by_hand) + "\n")

    forgot = cluster.call("run", str(plan("forgot", cleanable=False)), "--created", str(created))
    assert (forgot.returncode, "cleanable: true" in forgot.stderr) == (2, True)

    cleaned = cluster.call("clean", str(created), "--plan", str(path))
    assert (cleaned.returncode, cleaned.stdout) == (4, f"{ORDERS} undone, 0 refused, 1 unsupported\n"), cleaned.stderr
    assert "account 7: unsupported" in cleaned.stderr
    assert number not in created.read_text()
    assert len(created.read_text().splitlines()) == 2
    assert states(shop) == {"cancelled": ORDERS}
