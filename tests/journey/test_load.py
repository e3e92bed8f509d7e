"""Journey files are imported as their authors wrote them, and their mistakes are shown in their own lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadgen.errors import JourneyError
from loadgen.journey import JourneyFile, find_user, load_users
from loadgen.journey.load import load_dialect

Write = Callable[..., Path]

USER = """
from loadgen.journey import Shopper
class Browser(Shopper):
    def journey(self): ...
"""


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    path_before, modules_before = sys.path[:], set(sys.modules)
    yield write_file
    sys.path[:] = path_before
    for name in set(sys.modules) - modules_before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def refusal(root: Path, file: str) -> JourneyError:
    with pytest.raises(JourneyError) as refused:
        load_users(root, [file])
    return refused.value


def test_user_classes_that_are_not_abstract_are_found_in_order(tmp_path: Path, write: Write) -> None:
    write(
        "mix.py",
        """
from locust import HttpUser, LoadTestShape, task
from loadgen.journey import Shopper
class Base(HttpUser):
    abstract = True
class Second(Base): ...
class First(Shopper): ...
class Wave(LoadTestShape):
    def tick(self): ...
""",
    )
    found = load_users(tmp_path, ["mix.py", "mix.py"])
    assert list(found) == ["mix.py"]
    assert list(found["mix.py"].users) == ["Second", "First"]
    assert [shape.__name__ for shape in found["mix.py"].shapes] == ["Wave"]


def test_users_imported_from_a_neighbour_belong_to_the_file(tmp_path: Path, write: Write) -> None:
    write("browse.py", USER)
    write("both.py", "from browse import Browser\n")
    assert list(load_users(tmp_path, ["both.py"])["both.py"].users) == ["Browser"]


def test_each_file_finds_its_own_neighbours(tmp_path: Path, write: Write) -> None:
    for name in ("a", "b"):
        write(f"{name}/dialect.py", f"WORD = {name!r}\n")
        write(f"{name}/shop.py", f"import dialect\n{USER}    word = dialect.WORD\n")
    found = load_users(tmp_path, ["a/shop.py", "b/shop.py"])
    assert [journey.users["Browser"].word for journey in found.values()] == ["a", "b"]  # type: ignore[attr-defined]


def test_a_late_import_of_a_neighbour_still_works(tmp_path: Path, write: Write) -> None:
    write("late_dialect.py", "WORD = 1\n")
    write("late.py", f"{USER}    def word(self):\n        import late_dialect\n        return late_dialect.WORD\n")
    user: Any = load_users(tmp_path, ["late.py"])["late.py"].users["Browser"]
    assert user.word(None) == 1


def test_a_file_named_like_a_library_hides_none(tmp_path: Path, write: Write) -> None:
    for name in ("json.py", "locust.py", "click.py"):
        write(name, USER)
    before = {name: sys.modules.get(name) for name in ("json", "locust", "click")}
    found = load_users(tmp_path, ["json.py", "locust.py", "click.py"])
    assert all(list(journey.users) == ["Browser"] for journey in found.values())
    assert {name: sys.modules.get(name) for name in before} == before


def test_an_error_at_import_is_shown_in_the_authors_frames_only(tmp_path: Path, write: Write) -> None:
    write("prices.py", "def load(path):\n    return open(path + '/missing').read()\n")
    write("buy.py", "import prices\n\nTABLE = prices.load('/nowhere')\n")
    error = refusal(tmp_path, "buy.py")
    assert error.exit_code == 4
    assert error.message.splitlines() == [
        "buy.py does not import",
        "  buy.py:3 in <module>",
        "    TABLE = prices.load('/nowhere')",
        "  prices.py:2 in load",
        "    return open(path + '/missing').read()",
        "  FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/missing'",
    ]


def test_an_error_raised_inside_a_library_ends_at_the_authors_line(tmp_path: Path, write: Write) -> None:
    write("buy.py", "import json\njson.loads('{')\n")
    message = refusal(tmp_path, "buy.py").message
    assert "buy.py:2 in <module>" in message
    assert "decoder.py" not in message
    assert message.splitlines()[-1].startswith("  JSONDecodeError: Expecting property name")


def test_a_syntax_error_is_shown_with_its_place(tmp_path: Path, write: Write) -> None:
    write("buy.py", "class Buyer\n    pass\n")
    assert refusal(tmp_path, "buy.py").message.splitlines() == [
        "buy.py does not import",
        "  buy.py:1",
        "    class Buyer",
        "               ^",
        "  SyntaxError: expected ':'",
    ]


def test_a_syntax_error_in_a_neighbour_names_the_neighbour(tmp_path: Path, write: Write) -> None:
    write("dialect.py", "x = = 1\n")
    write("buy.py", "import dialect\n")
    message = refusal(tmp_path, "buy.py").message
    assert "buy.py:1 in <module>" in message
    assert "  dialect.py:1\n" in message


def test_a_missing_module_has_a_hint_to_install_it(tmp_path: Path, write: Write) -> None:
    write("buy.py", "import no_such_lib.sub\n")
    error = refusal(tmp_path, "buy.py")
    assert "ModuleNotFoundError: No module named 'no_such_lib'" in error.message
    assert error.hint.startswith("pip install no_such_lib on every worker")


def test_a_file_that_ends_the_process_is_refused(tmp_path: Path, write: Write) -> None:
    write("main.py", "import sys\nsys.exit(3)\n")
    assert "SystemExit: 3" in refusal(tmp_path, "main.py").message


def test_a_file_that_failed_can_be_mended_and_loaded_again(tmp_path: Path, write: Write) -> None:
    write("mend.py", "raise ValueError\n")
    refusal(tmp_path, "mend.py")
    write("mend.py", USER + "# mended, and of another size\n")
    assert load_users(tmp_path, ["mend.py"])["mend.py"].users


@pytest.mark.parametrize("file", ["nothing.py", ".", "../outside.py", "/etc/passwd"])
def test_a_file_that_is_not_there_or_outside_is_refused(tmp_path: Path, file: str) -> None:
    assert refusal(tmp_path, file).exit_code == 4


def test_a_file_that_is_no_python_is_refused(tmp_path: Path, write: Write) -> None:
    write("plan.yaml", "name: x\n")
    assert "plan.yaml is not a Python file" in refusal(tmp_path, "plan.yaml").message


def test_a_users_name_is_looked_up_with_a_suggestion(tmp_path: Path, write: Write) -> None:
    write("browse.py", USER + "class Buyer(Browser): ...\n")
    journey = load_users(tmp_path, ["browse.py"])["browse.py"]
    assert find_user(journey, "Buyer").__name__ == "Buyer"
    with pytest.raises(JourneyError) as near:
        find_user(journey, "Bowser")
    assert near.value.hint == "did you mean Browser?"
    with pytest.raises(JourneyError) as far:
        find_user(journey, "Zzz")
    assert far.value.hint == "it has Browser, Buyer"
    with pytest.raises(JourneyError, match="several users"):
        find_user(journey, None)
    with pytest.raises(JourneyError, match="no user class"):
        find_user(JourneyFile("empty.py"), None)


def test_inspect_prints_what_files_offer_as_json_alone(write: Write) -> None:
    good = write("good.py", f"print('noise')\n{USER}    weight = 3\n    host = 'http://x'\n")
    bad = write("bad.py", "import no_such_lib\n")
    shaped = write("shaped.py", "from locust import LoadTestShape\nclass S(LoadTestShape):\n    def tick(self): ...\n")
    command = [sys.executable, "-m", "loadgen.journey.inspect", str(good), str(bad), str(shaped)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    files = json.loads(done.stdout)["files"]
    assert files[str(good)] == {
        "users": [{"name": "Browser", "weight": 3, "fixed_count": 0, "host": "http://x"}],
        "dialects": [],
        "shape": False,
        "error": None,
    }
    assert "noise" in done.stderr
    assert "pip install no_such_lib" in files[str(bad)]["error"]
    assert files[str(shaped)]["shape"] is True


DIALECT = """
from loadgen.journey import Dialect
class Demo(Dialect): ...
"""


def test_the_only_dialect_that_a_file_defines_is_found(tmp_path: Path, write: Write) -> None:
    write("base.py", DIALECT)
    write("mine.py", "from base import Demo\nclass Mine(Demo): ...\n")
    assert load_dialect(tmp_path, "mine.py").__name__ == "Mine"


def test_one_of_several_dialects_is_found_by_its_name(tmp_path: Path, write: Write) -> None:
    write("two.py", DIALECT + "class Other(Demo): ...\n")
    assert load_dialect(tmp_path, "two.py:Other").__name__ == "Other"
    with pytest.raises(JourneyError, match="defines several dialects"):
        load_dialect(tmp_path, "two.py")


def test_a_dialect_that_is_not_there_is_refused(tmp_path: Path, write: Write) -> None:
    write("browse.py", USER)
    with pytest.raises(JourneyError, match=r"browse\.py defines no dialect"):
        load_dialect(tmp_path, "browse.py")
    with pytest.raises(JourneyError, match=r"journey file none\.py does not exist"):
        load_dialect(tmp_path, "none.py")
