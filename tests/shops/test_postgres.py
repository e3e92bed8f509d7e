import psutil
import pytest
from shops.postgres import OWNER


@pytest.fixture
def database(postgres):
    postgres.create("first")
    postgres.rows("first", "CREATE TABLE orders (number integer, total numeric(9, 2))")
    postgres.rows("first", "INSERT INTO orders VALUES (7, 19.90), (8, 5)")
    yield "first"
    postgres.drop("first")


ORDERS = "SELECT number, total FROM orders ORDER BY number"
BOTH = [{"number": "7", "total": "19.90"}, {"number": "8", "total": "5.00"}]


def test_rows_come_by_the_names_of_their_columns(postgres, database):
    assert postgres.rows(database, ORDERS) == BOTH


def test_a_database_can_begin_as_a_copy_of_another(postgres, database):
    postgres.create("second", like=database)
    try:
        postgres.rows(database, "DELETE FROM orders")
        assert postgres.rows("second", ORDERS) == BOTH
    finally:
        postgres.drop("second")


def test_what_was_saved_can_be_loaded_again(postgres, database, tmp_path):
    postgres.save(database, tmp_path / "orders.sql")
    postgres.create("third")
    try:
        postgres.load("third", tmp_path / "orders.sql")
        assert postgres.rows("third", ORDERS) == BOTH
    finally:
        postgres.drop("third")


def test_a_mistake_is_told_in_the_servers_words(postgres):
    with pytest.raises(AssertionError, match='relation "carts" does not exist'):
        postgres.rows("postgres", "SELECT * FROM carts")


def test_whoever_runs_the_tests_the_server_is_not_root(postgres):
    assert postgres.rows("postgres", "SELECT current_user AS who") == [{"who": OWNER}]
    assert psutil.Process(postgres._process.pid).uids().real != 0
