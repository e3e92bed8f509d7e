"""The dialect of django-oscar against the real shop: what it reads is what the shop shows and has in its books."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from collections import Counter
from pathlib import Path

import pytest
from shops.running import all_at_once, rush_by_a_run
from shops.visitors import LIBRARY, Visitors, rush, visit_by_itself

from loadgen.children import loadgen_command
from loadgen.commerce import Address, Article, Category, CouponRefused, Customer, LoginRefused, Refusal, SoldOut

pytestmark = pytest.mark.timeout(600)  # on a fresh machine, the first test waits for PyPI

PASSWORD = "a long way to Tipperary"
ABROAD = Address("1 Example Avenue", "Springfield", "12345", "US")


def visitors_of(shop) -> Visitors:
    return Visitors(shop.url, "dialects/oscar.py")


@pytest.fixture
def visit(oscar):
    """Somebody new comes to the shop."""
    with visitors_of(oscar) as come:
        yield come


@pytest.fixture
def visitor(visit):
    return visit()


def somebody(address: Address | None = None) -> Customer:
    """A person whom the shop does not know yet."""
    return Customer(f"{uuid.uuid4().hex[:12]}@example.com", PASSWORD, address=address or Address())


def open_article(visitor, words: str) -> Article:
    """Find an article and open its page."""
    return visitor.article(visitor.search(words).articles[0])


def order(visitor, customer: Customer, way: int = 0):
    """Walk through the till with what is in the cart."""
    visitor.check_out(customer)
    visitor.address(customer)
    visitor.deliver(visitor.deliveries()[way])
    return visitor.pay(visitor.payments()[0])


# -- looking around ---------------------------------------------------------------------------------------------------


def test_the_first_page_shows_articles_categories_and_filters(visitor):
    home = visitor.home()
    assert len(home.articles) == 20
    assert all(each.price_cents and each.available and each.name for each in home.articles)
    assert [each.name for each in home.categories][:5] == ["Books", "Fiction", "Science", "Clothing", "Shirts"]
    assert ("product_class:item", 53) in {(each.key, each.count) for each in home.filters}
    assert visitor.category(Category(home.path), 2).has_more


def test_a_category_is_looked_through_page_by_page(visitor):
    shelves = [visitor.category(Category("/catalogue/"), page) for page in (1, 2, 3)]
    assert [len(each.articles) for each in shelves] == [20, 20, 13]
    assert [(each.page, each.has_more) for each in shelves] == [(1, True), (2, True), (3, False)]


def test_a_category_is_narrowed_by_its_filters(visitor):
    audio = next(each for each in visitor.home().categories if each.name == "Audio")
    shelf = visitor.category(audio)
    assert {each.name.split()[-1] for each in shelf.articles} == {"Speaker", "Turntable"}
    (kind,) = [each for each in shelf.filters if each.key == "product_class:item"]
    assert len(visitor.category(audio, narrowed=[kind]).articles) == kind.count == len(shelf.articles)


def test_a_search_finds_what_is_sold_out_too_and_nothing_where_there_is_nothing(visitor):
    found = visitor.search("turntable")
    assert {(each.name, each.price_cents, each.available) for each in found.articles} == {
        ("Limited Turntable", 4999, True),
        ("Forgotten Turntable", 1999, False),
    }
    assert visitor.search("gramophone").articles == ()


def test_an_articles_page_says_what_the_books_say(visitor, oscar):
    seen = open_article(visitor, "green kettle")
    (row,) = oscar.rows("SELECT product_id, price, num_in_stock FROM partner_stockrecord WHERE partner_sku = 'A013'")
    assert (seen.name, seen.key, seen.stock) == ("Green Kettle", str(row["product_id"]), row["num_in_stock"])
    assert seen.price_cents == round(row["price"] * 100)


def test_an_article_in_three_sizes_is_bought_in_one_of_them(visitor):
    jacket = open_article(visitor, "jacket")
    assert sorted(each.name for each in jacket.variants) == ["Trail Jacket L", "Trail Jacket M", "Trail Jacket S"]
    size = jacket.variants[0]
    assert [(each.article, each.name, each.quantity) for each in visitor.add(size).lines] == [(size.key, size.name, 1)]


# -- the cart ---------------------------------------------------------------------------------------------------------


def test_a_cart_adds_up(visitor):
    kettle, phone = open_article(visitor, "blue kettle"), open_article(visitor, "blue phone")
    visitor.add(kettle, 2)
    assert visitor.add(phone).pieces == 3
    cart = visitor.cart()
    assert {each.article: each.total_cents for each in cart.lines} == {
        kettle.key: 2 * kettle.price_cents,
        phone.key: phone.price_cents,
    }
    assert cart.total_cents == cart.goods_cents == sum(each.total_cents for each in cart.lines)


def test_lines_are_changed_and_taken_out(visitor):
    for words in ("blue kettle", "blue phone"):
        small = visitor.add(open_article(visitor, words))
    cart = visitor.change(small.lines[0], 3)
    assert [each.quantity for each in cart.lines] == [3, 1]
    cart = visitor.change(cart.lines[1], 0)
    assert [each.quantity for each in cart.lines] == [3]
    assert visitor.change(cart.lines[0], 0).lines == ()


def test_more_than_there_is_cannot_be_added(visitor):
    limited = open_article(visitor, "limited turntable")
    with pytest.raises(SoldOut, match="a maximum of 10 can be bought"):
        visitor.add(limited, 11)
    cart = visitor.add(limited, 10)
    with pytest.raises(SoldOut, match="Available stock is only 10"):
        visitor.change(cart.lines[0], 11)
    assert visitor.cart().pieces == 10


def test_what_is_sold_out_has_no_button(visitor):
    with pytest.raises(SoldOut):
        visitor.add(open_article(visitor, "forgotten turntable"))


def test_a_coupon_takes_its_part_off(visitor):
    visitor.add(open_article(visitor, "blue kettle"))
    before, after = visitor.cart(), visitor.redeem("tenth")
    assert after.coupons == ("TENTH",)
    assert after.discount_cents == before.goods_cents // 10
    assert after.total_cents == before.total_cents - after.discount_cents


def test_a_coupon_that_nobody_gave_out_is_refused(visitor):
    with pytest.raises(CouponRefused, match="empty"):
        visitor.redeem("TENTH")
    visitor.add(open_article(visitor, "blue kettle"))
    with pytest.raises(CouponRefused, match="No voucher found with code 'MINE'"):
        visitor.redeem("MINE")


def test_a_coupon_for_the_first_three_orders_is_refused_to_the_fourth(visit):
    for buyer in [visit() for _ in range(3)]:
        buyer.add(open_article(buyer, "blue shirt"))
        cart = buyer.redeem("FIRST3")
        assert order(buyer, somebody()).total_cents == cart.total_cents == cart.goods_cents - 500
    late = visit()
    late.add(open_article(late, "blue shirt"))
    with pytest.raises(CouponRefused, match="does not qualify"):
        late.redeem("FIRST3")


# -- customers --------------------------------------------------------------------------------------------------------


def test_who_registers_can_log_in_from_then_on(visit):
    new = somebody()
    visit().register(new)
    visit().log_in(new)
    with pytest.raises(LoginRefused, match="email address already exists"):
        visit().register(new)


def test_the_wrong_password_is_refused(visitor):
    with pytest.raises(LoginRefused, match="correct username and password"):
        visitor.log_in(Customer("customer1@example.com", "open, Sesame"))


def test_wishes_are_for_customers_and_are_kept(visitor):
    kettle, phone = open_article(visitor, "blue kettle"), open_article(visitor, "blue phone")
    with pytest.raises(LoginRefused):
        visitor.wish(phone)
    visitor.register(somebody())
    assert visitor.wishes().articles == ()
    for each in (kettle, phone, kettle):
        visitor.wish(each)
    assert {each.key for each in visitor.wishes().articles} == {kettle.key, phone.key}


# -- orders -----------------------------------------------------------------------------------------------------------


def test_a_guests_order_is_in_the_books_and_can_be_looked_at_again(visitor, oscar):
    kettle = open_article(visitor, "blue kettle")
    visitor.add(kettle, 2)
    placed = order(visitor, somebody())
    assert placed.total_cents == 2 * kettle.price_cents == oscar.orders()[placed.number]
    assert [(each.article, each.quantity) for each in placed.lines] == [(kettle.key, 2)]
    again = visitor.order(placed)
    assert (again.number, again.total_cents, again.state) == (placed.number, placed.total_cents, "Pending")


def test_a_customers_order_abroad_costs_the_delivery_that_was_chosen(visitor, oscar):
    customer = Customer("customer2@example.com", PASSWORD, address=ABROAD)
    visitor.log_in(customer)
    shirt = open_article(visitor, "blue shirt")
    visitor.add(shirt)
    visitor.check_out(customer)
    visitor.address(customer)
    ways = visitor.deliveries()
    assert [(each.name, each.price_cents) for each in ways] == [("Standard", 995), ("Express", 2450)]
    assert visitor.deliver(ways[1]).delivery_cents == 2450
    placed = visitor.pay(visitor.payments()[0])
    assert placed.total_cents == shirt.price_cents + 2450 == oscar.orders()[placed.number]
    assert visitor.order(placed).state == "Pending"


def test_a_guest_with_a_customers_address_is_asked_to_log_in(visitor):
    visitor.add(open_article(visitor, "blue shirt"))
    with pytest.raises(LoginRefused, match="email address already exists"):
        visitor.check_out(Customer("customer3@example.com"))


def test_an_address_that_cannot_be_is_refused_in_the_shops_words(visitor):
    visitor.add(open_article(visitor, "blue shirt"))
    nowhere = somebody(Address(postcode="nowhere"))
    visitor.check_out(nowhere)
    with pytest.raises(Refusal, match="postcode 'NOWHERE' is not valid"):
        visitor.address(nowhere)


def test_customers_cannot_cancel_in_oscar(visitor):
    assert not visitor.can("cancel")
    assert visitor.can("wish")


# -- the guide --------------------------------------------------------------------------------------------------------

GUIDE = (LIBRARY.parent / "docs" / "dialects.md").read_text(encoding="utf-8")


def attempt(shop, journey: Path, *options: object) -> str:
    """Try a journey, and give what it prints."""
    command = loadgen_command("journey", "try", str(journey), *map(str, options), "--host", shop.url, "--think=0")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def blocks(language: str) -> dict[str, str]:
    """The files that the guide shows in a language, by their names."""
    return dict(re.findall(rf"^```{language}\n# (\w+\.\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))


def test_the_first_quarter_of_an_hour_makes_a_dialect_that_looks_around(oscar, tmp_path):
    for name, text in blocks("python").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = attempt(oscar, tmp_path / "looking.py", "--dialect", tmp_path / "mine.py")
    assert "('Blue Novel', 5504)" in told
    assert re.search(
        r"Article\(key='\d+', path='/catalogue/\S+', name='\w+ Novel', price_cents=\d+, available=True", told
    )


def test_the_librarys_buyer_buys_with_the_plan_of_the_guide(oscar, tmp_path):
    library = shutil.copytree(LIBRARY, tmp_path / "journeys")
    (tmp_path / "terms.csv").write_text("term\nblue\n")
    (tmp_path / "oscar.yaml").write_text(blocks("yaml")["oscar.yaml"])
    before = oscar.orders()
    told = attempt(oscar, library / "buy.py", "--plan", tmp_path / "oscar.yaml")
    (number,) = set(oscar.orders()) - set(before)
    assert f"revenue_cents: {oscar.orders()[number]}" in told


# -- many at once -----------------------------------------------------------------------------------------------------


def test_who_comes_too_late_hears_it_on_the_way_to_the_till(oscar_on_sqlite):
    with visitors_of(oscar_on_sqlite) as visit:
        late, early = visit(), visit()
        for each in (late, early):
            each.add(open_article(each, "limited turntable"), 6)
        order(early, somebody())
        with pytest.raises(SoldOut, match="is no longer available"):
            late.check_out(somebody())
    assert oscar_on_sqlite.stock("LIMITED") == (10, 6)


def test_thirty_orders_at_once_are_in_the_books_to_the_cent(oscar_on_postgres, tmp_path):
    """On PostgreSQL, where requests meet: SQLite would let all of them wait in one row."""
    members = [{"email": f"customer{number}@example.com", "password": PASSWORD} for number in range(1, 21)]
    ran = all_at_once(tmp_path, oscar_on_postgres.url, "dialects/oscar.py", "blue", 30, members)
    assert len(ran.confirmed) == 30, ran.told + oscar_on_postgres.log()
    assert oscar_on_postgres.orders() == dict(ran.confirmed)
    counted = ran.summary["counters"]["total"]
    assert (counted["orders"], counted["revenue_cents"]) == (30, sum(cents for _, cents in ran.confirmed))
    buyers = "SELECT guest_email, user_id FROM order_order"
    kinds = Counter("guest" if row["guest_email"] else "customer" for row in oscar_on_postgres.rows(buyers))
    assert kinds == {"guest": 10, "customer": 20}


def sold(shop) -> int:
    """Eight guests at once want two each of what there are ten of; how many the shop has promised in the end."""
    with visitors_of(shop) as visit:
        limited = visit().search("limited turntable").articles[0]
        got = rush(visit, limited, guests=8, quantity=2, meet=True)
    orders = [each for each in got if not isinstance(each, SoldOut)]
    assert shop.orders() == {each.number: each.total_cents for each in orders}
    there, promised = shop.stock("LIMITED")
    assert there == 10
    assert promised == 2 * len(orders)
    return promised


def test_on_sqlite_each_waits_for_the_others_and_ten_are_sold(oscar_on_sqlite):
    assert sold(oscar_on_sqlite) == 10


def test_on_postgres_eight_at_once_are_promised_more_than_there_is(oscar_on_postgres):
    assert sold(oscar_on_postgres) > 10


def rush_on(shop, folder):
    """A run in which eight guests want two each of ten."""
    with visitors_of(shop) as visit:
        limited = visit().search("limited turntable").articles[0]
    return rush_by_a_run(folder, shop.url, "dialects/oscar.py", "limited turntable", {limited.key: 10})


def test_a_run_finds_that_more_was_sold_than_there_was(oscar_on_postgres, tmp_path):
    ran = rush_on(oscar_on_postgres, tmp_path)
    _, promised = oscar_on_postgres.stock("LIMITED")
    (violation,) = ran.summary["violations"]
    assert (ran.code, violation["rule"], violation["count"]) == (10, "stock", promised - 10), ran.told
    assert promised > 10
    assert violation["evidence"]


def test_a_run_finds_nothing_where_ten_are_sold(oscar_on_sqlite, tmp_path):
    ran = rush_on(oscar_on_sqlite, tmp_path)
    assert oscar_on_sqlite.stock("LIMITED") == (10, 10)
    assert (ran.code, ran.summary["violations"], ran.summary["counters"]["total"]["orders"]) == (0, [], 5), ran.told


def test_the_journeys_of_the_library_accuse_nobody(oscar):
    buyers = ["buy.py", "cart.py", "comparing.py", "coupon.py", "newcomer.py", "wishing.py"]
    told = visit_by_itself(oscar.url, "dialects/oscar.py", buyers)
    counted = {what for _, what in told.counters}
    assert "orders" in counted
    assert not [what for what in counted if what.startswith("violation:")], told.samples
