"""What goes with a plan: which files, what they hold, and how they travel."""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.errors import JourneyError
from loadgen.plan import bundle as module
from loadgen.plan.bundle import Bundle, collect, digest_of
from loadgen.plan.read import load_plan

PLAN = """\
name: demo
target: {base_url: "http://127.0.0.1:1"}
journeys: [{file: FILE, user: Browser}]
load: [{shape: {constant: {at: 5/s, for: 10s}}}]
"""

names = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}(/[a-z][a-z0-9_.-]{0,8}){0,2}", fullmatch=True)
bundles = st.dictionaries(names, st.binary(max_size=50), max_size=5).map(Bundle)


@pytest.fixture
def shelf(tmp_path):
    """Write files; gives what goes with the plan in ``plans/plan.yaml``."""

    def write(files: dict[str, str | bytes], journey: str = "../browse.py", more: str = ""):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        plan = tmp_path / "plans" / "plan.yaml"
        plan.parent.mkdir(exist_ok=True)
        plan.write_text(PLAN.replace("FILE", journey) + more)
        return collect(load_plan(plan))

    return write


# -- which files


def test_a_journey_alone(shelf):
    plan, bundle = shelf({"browse.py": "import locust\nimport json\n", "other.py": "# not imported"})

    assert bundle.files == {"browse.py": b"import locust\nimport json\n"}
    assert plan.journeys[0].file == "browse.py"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import shop", {"shop.py"}),
        ("import shop as s, words", {"shop.py", "words.py"}),
        ("from shop import price", {"shop.py"}),
        ("def later():\n    import shop", {"shop.py"}),
        ("try:\n    import shop\nexcept ImportError:\n    pass", {"shop.py"}),
        ("import package", {"package/__init__.py"}),
        ("import package.part", {"package/__init__.py", "package/part.py"}),
        ("from package import part", {"package/__init__.py", "package/part.py"}),
        ("from package.part import thing", {"package/__init__.py", "package/part.py"}),
        ("from package import deep", {"package/__init__.py", "package/deep.py", "package/part.py"}),
        ("import plain.leaf", {"plain/leaf.py"}),
        ("import nowhere, os.path", set()),
        ("import chain", {"chain.py", "shop.py"}),
        ("import circle", {"circle.py"}),
    ],
)
def test_local_modules_are_followed_to_the_end(shelf, line, found):
    _, bundle = shelf(
        {
            "browse.py": line + "\n",
            "shop.py": "price = 1\n",
            "words.py": "",
            "package/__init__.py": "",
            "package/part.py": "thing = 1",
            "package/deep.py": "from . import part\nfrom .part import thing\nfrom ..nowhere import x",
            "plain/leaf.py": "",
            "chain.py": "import shop",
            "circle.py": "import circle, browse",
        }
    )

    assert bundle.files.keys() == {"browse.py", *found}


def test_nothing_is_run_to_find_them(shelf, tmp_path):
    mark = tmp_path / "imported"
    _, bundle = shelf({"browse.py": f"import shop\nopen({str(mark)!r}, 'w')\n", "shop.py": "1 / 0"})

    assert bundle.files.keys() == {"browse.py", "shop.py"}
    assert not mark.exists()


@pytest.mark.parametrize("code", ["def broken(:\n", b"\x00", b"\xff\xfe", "import shop\nbroken("])
def test_a_file_that_cannot_be_parsed_goes_along_as_it_is(shelf, code):
    _, bundle = shelf({"browse.py": code, "shop.py": ""})

    assert bundle.files.keys() == {"browse.py"}


def test_paths_are_relative_to_the_deepest_folder_that_holds_all(shelf):
    files = {"a/b/journeys/browse.py": "import shop", "a/b/journeys/shop.py": "", "a/b/data/c.csv": "sku\n1\n"}
    plan, bundle = shelf(files, "../a/b/journeys/browse.py", "data: [{name: skus, file: ../a/b/data/c.csv}]\n")

    assert bundle.files.keys() == {"journeys/browse.py", "journeys/shop.py", "data/c.csv"}
    assert plan.journeys[0].file == "journeys/browse.py"
    assert plan.data[0].file == "data/c.csv"


@pytest.mark.parametrize("class_name", ["", ":Demo"])
def test_a_dialect_goes_along_with_what_it_imports(shelf, tmp_path, class_name):
    files = {"browse.py": "", "dialects/demo.py": "import words", "dialects/words.py": "", "words.py": ""}
    shelf(files)
    path = tmp_path / "plans" / "plan.yaml"
    path.write_text(path.read_text().replace("{base_url:", f'{{dialect: "../dialects/demo.py{class_name}", base_url:'))
    plan, bundle = collect(load_plan(path))

    assert bundle.files.keys() == {"browse.py", "dialects/demo.py", "dialects/words.py"}
    assert plan.target.dialect == f"dialects/demo.py{class_name}"


def test_data_whose_path_depends_on_the_worker_stays_there(shelf):
    plan, bundle = shelf({"browse.py": ""}, more='data: [{name: skus, file: "${env:DATA}/c.csv"}]\n')

    assert bundle.files.keys() == {"browse.py"}
    assert plan.data[0].file == "${env:DATA}/c.csv"


def test_too_many_or_too_large_files_are_refused(shelf, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(JourneyError, match="larger than") as caught:
        shelf({"browse.py": "#" * 1001})
    assert "on the workers" in caught.value.hint
    monkeypatch.setattr(module, "MAX_FILES", 5)
    with pytest.raises(JourneyError, match="more than 5 local files"):
        shelf({"browse.py": "\n".join(f"import m{n}" for n in range(9)), **{f"m{n}.py": "" for n in range(9)}})


def test_a_file_that_cannot_be_read_is_an_error_of_journeys(shelf, monkeypatch):
    real = Path.read_bytes

    def read(path):
        if path.name == "shop.py":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(JourneyError, match=r"cannot read .*shop.py: Permission denied"):
        shelf({"browse.py": "import shop", "shop.py": ""})


# -- digests


def test_the_digest_is_what_sha256sum_says(tmp_path):
    bundle = Bundle({"b.py": b"two", "a/c.py": b"one"})
    bundle.write_to(tmp_path)
    lines = subprocess.run(
        [shutil.which("sha256sum"), "a/c.py", "b.py"], cwd=tmp_path, capture_output=True, check=True
    ).stdout

    assert bundle.digest == hashlib.sha256(lines).hexdigest()


@given(bundles)
def test_equal_files_have_equal_digests_in_any_order(bundle):
    turned = Bundle(dict(reversed(list(bundle.files.items()))))

    assert turned.digest == bundle.digest == digest_of(bundle.hashes)
    assert turned.pack() == bundle.pack()


@given(bundles, bundles)
def test_different_files_have_different_digests(one, other):
    assert (one.digest == other.digest) == (one.files == other.files)


# -- travelling


@given(bundles)
def test_what_was_packed_is_unpacked_as_it_was(bundle):
    assert Bundle.unpack(bundle.pack()) == bundle


def test_what_was_written_is_read_as_it_was(tmp_path):
    bundle = Bundle({"a.py": b"one", "deep/er/b.py": b"two"})
    bundle.write_to(tmp_path)

    assert Bundle.read_from(tmp_path, bundle.hashes) == bundle
    (tmp_path / "a.py").unlink()
    assert Bundle.read_from(tmp_path, bundle.hashes).files == {"deep/er/b.py": b"two"}


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


BAD_PATHS = [
    "/etc/passwd",
    "../x.py",
    "a/../../x.py",
    "a//b.py",
    "./a.py",
    ".",
    "a/",
    "a\\b.py",
    "",
    "a\nb.py",
    "a\x1b.py",
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_that_lead_out_or_are_not_plain_are_refused(path, tmp_path):
    if path:  # a zip has no file without a name
        with pytest.raises(JourneyError, match="outside of itself"):
            Bundle.unpack(zipped(**{path: b"x"}))
    with pytest.raises(JourneyError, match="outside of itself"):
        Bundle.read_from(tmp_path, {path: "0" * 64})


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(JourneyError, match="too large"):
        Bundle.unpack(Bundle({"a.py": bytes(1001)}).pack())
    monkeypatch.setattr(module, "MAX_FILES", 2)
    with pytest.raises(JourneyError, match="too large"):
        Bundle.unpack(Bundle({f"{n}.py": b"" for n in range(3)}).pack())


def test_a_bomb_that_lies_about_its_size_is_not_believed():
    bomb = bytearray(Bundle({"a.py": bytes(50_000_000)}).pack())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = bomb.index(signature) + offset
        bomb[at : at + 4] = (100).to_bytes(4, "little")

    with pytest.raises(JourneyError, match="cannot be unpacked"):
        Bundle.unpack(bytes(bomb))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(JourneyError):
        Bundle.unpack(data)


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_damaged_bundles_are_refused_or_read(seed):
    dice = random.Random(seed)
    packed = bytearray(Bundle({"a.py": b"x" * 300, "b/c.py": dice.randbytes(40)}).pack())
    for _ in range(dice.randrange(1, 5)):
        packed[dice.randrange(len(packed))] = dice.randrange(256)
    if dice.random() < 0.3:
        del packed[dice.randrange(len(packed)) :]
    try:
        Bundle.unpack(bytes(packed))
    except JourneyError as error:
        assert error.message  # noqa: PT017 -- nothing else may be raised, and reading is allowed


def test_files_that_are_in_each_other_s_way_are_an_error_of_journeys(tmp_path):
    with pytest.raises(JourneyError, match="cannot be written"):
        Bundle({"a": b"", "a/b.py": b""}).write_to(tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error_of_journeys(tmp_path):
    with pytest.raises(JourneyError, match="cannot read"):
        Bundle.read_from(tmp_path, {"x" * 300 + ".py": "0" * 64})


def test_the_project_s_own_plans_can_be_bundled():
    plans = Path(__file__).parents[2] / "journeys" / "plans"
    paths = sorted(plans.glob("*.yaml"))
    assert paths
    for path in paths:
        plan, bundle = collect(load_plan(path))
        assert {journey.file for journey in plan.journeys} <= set(bundle.files)
        assert Bundle.unpack(bundle.pack()).digest == bundle.digest
