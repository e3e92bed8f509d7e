"""Before a worker serves a run: nothing is imported that was not trusted, allowed and complete."""

from __future__ import annotations

import json

import pytest

from loadgen.data.cache import RowCache
from loadgen.errors import JourneyError, PlanError, TargetError
from loadgen.messages import RunSpec
from loadgen.plan.bundle import Bundle, digest_of_file
from loadgen.plan.data import DataSource
from loadgen.worker.preparation import open_source, prepare, scratch_folder
from loadgen.worker.targets import AllowedTargets

KEY = b"the cluster's key"


class Case:
    """A run with one journey file that leaves a mark where it is imported."""

    def __init__(self, make, tmp_path) -> None:
        self.make, self.scratch = make, tmp_path / "scratch"
        self.scratch.mkdir()
        self.mark = tmp_path / "imported"
        code = f"""
            from pathlib import Path
            from locust import User, task

            Path({str(self.mark)!r}).touch()

            class Browser(User):
                @task
                def home(self):
                    pass

            class Buyer(Browser):
                pass
        """
        self.folder = make.journeys(code)
        self.bundle = Bundle({"browse.py": (self.folder / "browse.py").read_bytes()})
        self.plan = make.plan()
        self.settings = make.settings()
        self.targets = AllowedTargets([])

    def spec(self, key: bytes = b"", **changes) -> RunSpec:
        spec = RunSpec(
            run="demo-1",
            plan=self.plan.model_dump_json(),
            submitted_at=1.0,
            files=self.bundle.hashes,
            digest=self.bundle.digest,
            code="shipped" if key else "installed",
        ).model_copy(update=changes)
        return spec.signed(key) if key else spec

    def prepare(self, spec=None, code=None, key: bytes = KEY):
        spec = spec or self.spec(KEY)
        code = self.bundle.pack() if code is None else code
        return prepare(spec, code, self.settings, key, self.targets, self.scratch)

    def refused(self, kind, *args, **options):
        """Preparing is refused, and nothing was imported for it."""
        with pytest.raises(kind) as caught:
            self.prepare(*args, **options)
        assert not self.mark.exists()
        return caught.value


@pytest.fixture
def case(make, tmp_path) -> Case:
    return Case(make, tmp_path)


def test_shipped_code_that_is_signed_is_loaded(case):
    prepared = case.prepare()

    assert case.mark.exists()
    assert prepared.run == "demo-1"
    assert prepared.plan == case.plan
    assert {name: user.__name__ for name, user in prepared.users.items()} == {"Browser": "Browser", "Buyer": "Buyer"}
    assert prepared.environment.host == "http://127.0.0.1:1"
    assert (case.scratch / "browse.py").is_file()


def test_installed_code_that_is_the_author_s_is_loaded(case):
    case.settings = case.make.settings(journeys_dir=str(case.folder))
    case.prepare(case.spec(), b"", b"")

    assert case.mark.exists()
    assert list(case.scratch.iterdir()) == []


def test_installed_code_of_a_signed_run_is_loaded(case):
    case.settings = case.make.settings(journeys_dir=str(case.folder))
    case.prepare(case.spec().signed(KEY), b"")

    assert case.mark.exists()


# -- in the order in which it is checked


@pytest.mark.parametrize(
    ("signed_with", "own_key", "words"),
    [
        (b"another key", KEY, "not signed with this cluster's key"),
        (b"", KEY, "not signed with this cluster's key"),
        (b"one key", b"", "takes no shipped journey code"),
    ],
)
def test_code_that_is_not_trusted_is_not_imported(case, signed_with, own_key, words):
    error = case.refused(JourneyError, case.spec(signed_with), key=own_key)

    assert words in error.message
    assert error.hint


@pytest.mark.parametrize(
    "change",
    [{"run": "other"}, {"digest": "0" * 64}, {"code": "installed", "signature": ""}],
    ids=["run", "digest", "unsigned"],
)
def test_a_spec_that_was_changed_after_signing_is_refused(case, change):
    changed = case.spec(KEY).model_copy(update=change)

    assert "not signed" in case.refused(JourneyError, changed).message


def test_a_plan_that_was_changed_after_signing_is_refused(case):
    spec = case.spec(KEY)
    evil = spec.model_copy(update={"plan": spec.plan.replace("127.0.0.1", "127.0.0.2")})

    assert "not signed" in case.refused(JourneyError, evil).message


def test_code_that_differs_from_what_was_signed_is_not_imported(case):
    evil = Bundle({"browse.py": case.bundle.files["browse.py"] + b"\nimport os\n"})
    error = case.refused(JourneyError, code=evil.pack())

    assert f"has digest {evil.digest[:12]}" in error.message
    assert f"the plan's author had {case.bundle.digest[:12]}" in error.message
    assert "browse.py differs" in error.message
    assert list(case.scratch.iterdir()) == []


def test_code_with_one_file_more_is_not_imported(case):
    evil = Bundle({**case.bundle.files, "json.py": b""})

    assert "the list of files differs" in case.refused(JourneyError, code=evil.pack()).message


@pytest.mark.parametrize("code", [b"", b"rubbish", b"PK\x03\x04"])
def test_code_that_is_no_bundle_is_refused(case, code):
    assert "cannot be unpacked" in case.refused(JourneyError, code=code).message


def test_a_worker_without_journeys_says_how_to_get_them(case):
    error = case.refused(JourneyError, case.spec(), b"", b"")
    assert error.hint == "start it with --journeys DIR"
    error = case.refused(JourneyError, case.spec().signed(KEY), b"")
    assert "or submit with LOADGEN_KEY" in error.hint


def test_installed_code_that_differs_or_is_missing_is_not_imported(case):
    case.settings = case.make.settings(journeys_dir=str(case.folder))
    spec = case.spec(files={**case.bundle.hashes, "shop.py": "0" * 64}, digest="1" * 64)
    (case.folder / "browse.py").write_text("changed")
    error = case.refused(JourneyError, spec, b"", b"")

    assert "browse.py differs, shop.py is missing" in error.message
    assert "this worker's journeys" in error.message


def test_installed_code_must_lie_inside_its_folder(case):
    case.settings = case.make.settings(journeys_dir=str(case.folder))
    spec = case.spec(files={"../scratch/x.py": "0" * 64}, digest="1" * 64)

    assert "outside" in case.refused(JourneyError, spec, b"", b"").message


def test_a_plan_of_another_version_is_refused(case):
    assert "this version of loadgen" in case.refused(PlanError, case.spec(KEY, plan='{"name": "x"}')).message


def test_a_target_that_is_not_allowed_is_refused_before_any_import(case):
    case.plan = case.make.plan(target={"base_url": "https://198.51.100.7"})
    error = case.refused(TargetError)
    assert "may not send to 198.51.100.7" in error.message

    case.targets = AllowedTargets(["198.51.100.7:443"])
    case.prepare()


def test_journeys_know_which_hosts_they_may_load_assets_from(case):
    case.targets = AllowedTargets(["*.shop.example:443"])
    may_reach = case.prepare().environment.may_reach

    assert [may_reach(host, 443) for host in ("cdn.shop.example", "127.0.0.1", "shop.example")] == [True, True, False]
    assert not may_reach("cdn.shop.example", 80)


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("http://shop.example", "shop.example:80"),
        ("https://shop.example", "shop.example:443"),
        ("https://shop.example:8443/base", "shop.example:8443"),
        ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
    ],
)
def test_the_port_of_a_target_is_that_of_its_url(case, url, pattern):
    case.plan = case.make.plan(target={"base_url": url})
    case.targets = AllowedTargets([pattern])

    assert case.prepare().environment.host == url


def test_what_a_plan_says_of_its_target_reaches_the_shoppers(case):
    case.plan = case.make.plan(target={"base_url": "https://127.0.0.1:1", "http": 2, "insecure_tls": True})
    context = case.prepare().environment.context

    assert (context.http, context.insecure_tls, context.trace) == ("2", True, False)


def test_every_request_is_marked_with_the_run_where_the_plan_asks_for_it(case):
    target = {"base_url": "https://127.0.0.1:1", "headers": {"X-Team": "perf"}, "mark": "X-Run"}
    case.plan = case.make.plan(target=target)
    prepared = case.prepare()

    assert prepared.environment.context.headers == {"X-Team": "perf", "X-Run": prepared.run}


@pytest.mark.parametrize("installed", [True, False])
def test_the_plan_s_dialect_reaches_the_shoppers(case, installed):
    files = {
        **case.bundle.files,
        "dialects/demo.py": b"from loadgen.journey import Dialect\nclass Demo(Dialect): ...\n",
    }
    case.bundle = Bundle(files)
    case.bundle.write_to(case.folder)
    case.plan = case.make.plan(target={"base_url": "http://127.0.0.1:1", "dialect": "dialects/demo.py"})
    case.settings = case.make.settings(journeys_dir=str(case.folder))
    prepared = case.prepare(case.spec().signed(KEY), b"") if installed else case.prepare()

    assert prepared.environment.context.dialect.__name__ == "Demo"
    assert bool(list(case.scratch.iterdir())) != installed


def test_a_dialect_that_is_not_the_author_s_is_refused(case):
    case.bundle = Bundle({**case.bundle.files, "demo.py": b""})
    case.settings = case.make.settings(journeys_dir=str(case.folder))
    assert "demo.py is missing" in case.refused(JourneyError, case.spec().signed(KEY), b"").message


def test_a_secret_that_is_not_set_is_refused_before_any_import(case, monkeypatch):
    monkeypatch.delenv("SHOP_TOKEN", raising=False)
    case.plan = case.make.plan(target={"base_url": "http://127.0.0.1:1", "headers": {"X-Token": "${env:SHOP_TOKEN}"}})
    assert "SHOP_TOKEN is not set" in case.refused(PlanError).message

    monkeypatch.setenv("SHOP_TOKEN", "t0k3n")
    prepared = case.prepare()
    assert prepared.environment.context.headers == {"X-Token": "t0k3n"}
    assert prepared.secrets == ("t0k3n",)
    assert "t0k3n" not in prepared.plan.model_dump_json()


def test_a_journey_that_does_not_import_is_refused(case):
    case.bundle = Bundle({"browse.py": b"import json\n\nprice = 1 / 0\n"})
    with pytest.raises(JourneyError, match="ZeroDivisionError"):
        case.prepare()


def test_a_journey_that_is_not_in_its_file_is_refused(case):
    case.plan = case.make.plan(journeys=[{"file": "browse.py", "user": "Browsre"}])
    with pytest.raises(JourneyError, match="no user Browsre") as caught:
        case.prepare()
    assert "Browser" in caught.value.hint


# -- data


def data_file(name, text, tmp_path, **more):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return DataSource(**{"name": "rows", "file": name} | more)


@pytest.fixture
def rows_of(make, tmp_path):
    """All rows of a source, as a worker reads them."""

    def read(source, root=tmp_path, environ=None, folders=()):
        cache = RowCache(tmp_path)
        return open_source(root, source, make.plan(), environ or {}, folders, cache)[:]

    return read


def test_csv_gives_rows_by_column(tmp_path, rows_of):
    data = data_file("a.csv", '\ufeffname,city\nAnna,Köln\n"Bob, jr",Graz\n', tmp_path)

    assert rows_of(data) == [{"name": "Anna", "city": "Köln"}, {"name": "Bob, jr", "city": "Graz"}]


def test_json_lines_give_whatever_each_line_holds(tmp_path, rows_of):
    data = data_file("a.jsonl", '{"name": "Anna"}\n\n[1, 2]\n"x"\n', tmp_path)

    assert rows_of(data) == [{"name": "Anna"}, [1, 2], "x"]


def test_the_format_may_be_given(tmp_path, rows_of):
    assert rows_of(data_file("a.txt", "a\n1\n", tmp_path, format="csv")) == [{"a": "1"}]


def test_rows_may_be_invented(rows_of):
    assert len(rows_of(DataSource(name="people", generate="customers", rows=3))) == 3


def test_a_path_may_depend_on_the_worker(tmp_path, rows_of):
    data = data_file("a.csv", "a\n1\n", tmp_path).model_copy(update={"file": "${env:DATA}/a.csv"})

    assert rows_of(data, tmp_path / "elsewhere", {"DATA": str(tmp_path)}) == [{"a": "1"}]
    with pytest.raises(PlanError, match="DATA is not set"):
        rows_of(data)


def test_malformed_data_is_an_error_of_journeys(tmp_path, rows_of):
    with pytest.raises(JourneyError, match=r"a\.csv:2: the row has 1 values, the header 2"):
        rows_of(data_file("a.csv", "a,b\n1\n", tmp_path))


def test_data_that_is_missing_is_an_error_of_journeys(rows_of):
    with pytest.raises(JourneyError, match="cannot be read: No such file"):
        rows_of(DataSource(name="rows", file="nowhere.csv"))


def test_installed_data_is_looked_for_where_the_operator_said_and_compared(tmp_path, rows_of):
    source = data_file("a.csv", "a\n1\n", tmp_path, installed=True).model_copy(update={"file": "../elsewhere/a.csv"})
    digest = digest_of_file(tmp_path / "a.csv")
    empty = tmp_path / "empty"
    empty.mkdir()

    assert rows_of(source.model_copy(update={"sha256": digest}), folders=(str(empty), str(tmp_path))) == [{"a": "1"}]
    with pytest.raises(JourneyError, match=r"this worker's a\.csv has digest .*, the plan's author had 000000000000"):
        rows_of(source.model_copy(update={"sha256": "0" * 64}), folders=(str(tmp_path),))
    with pytest.raises(JourneyError, match="is not on this worker"):
        rows_of(source, folders=(str(empty),))
    with pytest.raises(JourneyError, match="which has no data"):
        rows_of(source)


def test_journeys_find_their_data(case):
    rows = json.dumps({"sku": 1}).encode()
    case.bundle = Bundle({**case.bundle.files, "data/skus.jsonl": rows})
    case.plan = case.make.plan(data=[{"name": "skus", "file": "data/skus.jsonl"}])

    data = case.prepare().environment.context.data
    assert {name: list(rows) for name, rows in data.items()} == {"skus": [{"sku": 1}]}


def test_scratch_is_gone_afterwards():
    from pathlib import Path

    with scratch_folder() as folder:
        Path(folder, "a.py").touch()
        assert Path(folder).stat().st_mode & 0o077 == 0
    assert not Path(folder).exists()
