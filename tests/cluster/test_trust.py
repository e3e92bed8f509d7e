"""Journey code runs only where it is trusted, and load goes only where it is allowed."""

import shutil

import pytest
from cluster.harness import JOURNEYS, ended_by_itself, finish

from loadgen.bus import RunBus
from loadgen.messages import RunSpec


def visit(shop, url=None):
    return {
        "name": "visit",
        "target": {"base_url": url or shop.url},
        "journeys": [{"file": "looking.py", "user": "OnePage"}],
        "load": [{"shape": {"constant": {"at": "20/s", "for": "2s"}}}],
    }


def verdict_of(cluster, plan, key):
    return finish(cluster.submit(plan, key)).record.verdict


def test_installed_journeys_need_no_key(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(1, "--journeys", str(JOURNEYS), key="")
    follower = finish(cluster.submit(cluster.plan(visit(shop)), ""))
    assert ended_by_itself(follower), follower.record.verdict
    assert shop.stats()["requests_total"] == 40


def test_installed_journeys_that_differ_are_refused_with_both_digests(cluster, tmp_path):
    shop = cluster.shop()
    other = tmp_path / "installed"
    shutil.copytree(JOURNEYS, other)
    (other / "looking.py").write_text((other / "looking.py").read_text() + "\n# changed\n")
    cluster.start("coordinator")
    cluster.workers(1, "--journeys", str(other), key="")
    verdict = verdict_of(cluster, cluster.plan(visit(shop)), "")
    assert verdict.outcome == "failed"
    assert "has digest" in verdict.reason
    assert "the plan's author had" in verdict.reason
    assert "looking.py differs" in verdict.reason
    assert shop.stats()["received_total"] == 0


@pytest.mark.parametrize(
    ("submitted_with", "workers_with", "reason"),
    [
        ("one key", "another key", "not signed with this cluster's key"),
        ("one key", "", "takes no shipped journey code"),
        ("", "another key", "not signed with this cluster's key"),
        ("", "", "this worker has none"),
    ],
)
def test_code_that_is_not_trusted_is_refused(cluster, submitted_with, workers_with, reason):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(1, key=workers_with)
    verdict = verdict_of(cluster, cluster.plan(visit(shop)), submitted_with)
    assert verdict.outcome == "failed"
    assert reason in verdict.reason
    assert shop.stats()["received_total"] == 0


def test_code_that_was_changed_on_its_way_is_refused(cluster):
    shop = cluster.shop()
    cluster.workers(1)
    follower = cluster.submit(cluster.plan(visit(shop)))
    spec = RunBus(cluster.bus, follower.record.run).spec()
    evil = RunSpec.model_validate(spec.model_dump() | {"plan": spec.plan.replace("20.0", "9000.0")})
    cluster.bus.client.set(f"{{run:{spec.run}}}:spec", evil.encode())
    cluster.start("coordinator")
    finish(follower)
    assert "not signed with this cluster's key" in follower.record.verdict.reason
    assert shop.stats()["received_total"] == 0


def test_a_target_that_the_operator_did_not_allow_is_refused(cluster):
    cluster.start("coordinator")
    cluster.workers(1, "--allow-target", "*.shop.example")
    verdict = verdict_of(cluster, cluster.plan(visit(None, "http://198.51.100.7")), "a key for tests")
    assert verdict.outcome == "failed"
    assert "may not send to 198.51.100.7" in verdict.reason


def test_a_secret_reaches_the_shop_but_no_log_report_or_key_in_redis(cluster, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_PASSWORD", "s3cr3t-of-the-shop")
    shop = cluster.shop()
    plan = visit(shop)
    plan["target"] = {"base_url": shop.url + "/${env:SHOP_PASSWORD}", "headers": {"X-Pass": "${env:SHOP_PASSWORD}"}}
    cluster.start("coordinator")
    cluster.workers(1)
    follower = finish(cluster.submit(cluster.plan(plan)))
    assert follower.stats.total.failures == 40, "the shop has no such page"
    assert follower.stats.samples
    assert all("/[hidden]/" in sample.text for sample in follower.stats.samples)
    done = cluster.call(
        "report", follower.record.run, "--html", str(tmp_path / "r.html"), "--json", str(tmp_path / "r.json")
    )
    redis = cluster.bus.client
    held = [redis.dump(key) for key in redis.keys("*")]
    told = [
        done.stdout,
        done.stderr,
        cluster.logs(),
        (tmp_path / "r.html").read_text(),
        (tmp_path / "r.json").read_text(),
    ]
    assert held
    assert not any(b"s3cr3t" in value for value in held)
    assert not any("s3cr3t" in text for text in told)
