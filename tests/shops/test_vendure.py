"""What Vendure's dialect does in a real Vendure, and what the shop's own database says of it."""

from __future__ import annotations

from itertools import count

import gevent
import pytest
from shops.running import all_at_once, rush_by_a_run
from shops.visitors import Visitors, buy, go_to_payment, rush, visit_by_itself

from loadgen.commerce import Article, Category, CouponRefused, Customer, Declined, LoginRefused, Refusal, SoldOut
from loadgen.journey import GaveUp

pytestmark = pytest.mark.timeout(900)  # on a fresh machine, the first test waits for npm

MUG, SEEDS, SCARF = (Article("", slug) for slug in ("enamel-mug", "herb-seeds", "wool-scarf"))
JACKET, LANTERN = (Article("", slug) for slug in ("rain-jacket", "last-lantern"))

LIBRARY = [
    f"{name}.py"
    for name in (
        "abandoned",
        "browse",
        "buy",
        "cart",
        "comparing",
        "coupon",
        "flash_sale",
        "hot_articles",
        "narrow",
        "newcomer",
        "sales_day",
        "searching",
    )
]

_numbers = count()


def visitors_of(shop):
    return Visitors(shop.url, "dialects/vendure.py")


def somebody(password=""):
    return Customer(f"somebody{next(_numbers)}@example.test", password)


@pytest.fixture
def visitors(vendure):
    with visitors_of(vendure) as coming:
        yield coming


@pytest.fixture
def shop(visitors):
    """The shop, to one visitor."""
    return visitors()


@pytest.fixture
def ten_lanterns(vendure):
    """Of which there are ten, whatever was sold before."""
    vendure.restock("G-LANTERN", 10)
    return LANTERN


def names(articles):
    return sorted(article.name for article in articles)


# -- looking around


def test_the_first_page_shows_articles_and_categories(shop):
    home = shop.home()
    assert len(home.articles) == 11
    assert [category.name for category in home.categories] == ["Kitchen", "Garden", "Clothes"]
    assert shop.currency == "EUR"
    assert not home.has_more


def test_a_category_is_turned_page_by_page(visitors):
    shop = visitors(page_size=2)
    kitchen = Category("kitchen")
    pages = [shop.category(kitchen, page) for page in (1, 2, 3)]
    assert [len(page.articles) for page in pages] == [2, 2, 1]
    assert [page.has_more for page in pages] == [True, True, False]
    assert [page.page for page in pages] == [1, 2, 3]
    assert names(article for page in pages for article in page.articles) == [
        "Bread Knife",
        "Coffee Mill",
        "Copper Pan",
        "Enamel Mug",
        "Tea Tin",
    ]


def test_filters_narrow_a_category_to_as_many_as_they_say(shop):
    kitchen = Category("kitchen")
    black = next(each for each in shop.category(kitchen).filters if each.name == "Black")
    narrowed = shop.category(kitchen, narrowed=[black])
    assert black.count == len(narrowed.articles) == 2
    assert names(narrowed.articles) == ["Bread Knife", "Coffee Mill"]


def test_a_search_finds_by_words(shop):
    found = shop.search("lamp")
    assert (names(found.articles), found.words) == (["Garden Lamp"], "lamp")
    assert shop.search("submarine").articles == ()


def test_an_articles_page_tells_its_price_as_the_listing_did(shop):
    (listed,) = shop.search("lamp").articles
    seen = shop.article(listed)
    assert (seen.key, seen.price_cents, seen.available) == (listed.key, listed.price_cents, True)
    assert (seen.price_cents, seen.variants) == (2249, ())


def test_an_article_has_variants_of_which_some_are_sold_out(shop):
    jacket = shop.article(JACKET)
    sizes = {each.name: (each.price_cents, each.available) for each in jacket.variants}
    assert sizes == {
        "Rain Jacket S": (12900, True),
        "Rain Jacket M": (12900, True),
        "Rain Jacket L": (13400, False),
    }
    assert (jacket.price_cents, jacket.available) == (12900, True)


def test_an_article_that_is_not_there_ends_the_visit(shop):
    with pytest.raises(GaveUp):
        shop.article(Article("", "submarine"))


# -- the cart


def test_a_cart_is_filled_changed_and_emptied(shop):
    assert shop.cart().lines == ()
    added = shop.add(shop.article(SCARF), 2)
    assert (added.pieces, added.goods_cents, added.total_cents) == (2, 7980, 7980)
    changed = shop.change(added.lines[0], 3)
    assert (changed.pieces, changed.total_cents) == (3, 11970)
    assert shop.cart() == changed
    assert shop.change(changed.lines[0], 0).lines == ()


def test_more_than_there_are_cannot_be_put_into_a_cart(shop, ten_lanterns):
    with pytest.raises(SoldOut, match="Only 10 items were added"):
        shop.add(shop.article(ten_lanterns), 11)
    assert shop.cart().pieces == 10  # as Vendure has it
    with pytest.raises(SoldOut):
        shop.change(shop.cart().lines[0], 12)
    with pytest.raises(SoldOut):
        shop.add(shop.article(JACKET).variants[2])


@pytest.mark.parametrize("quantity", [1, 3, 7])
def test_the_figures_of_a_cart_add_up_with_a_coupon_and_each_delivery(shop, quantity):
    shop.add(shop.article(SEEDS), quantity)
    shop.add(shop.article(MUG), quantity)
    cart = shop.redeem("WELCOME")
    assert cart.coupons == ("WELCOME",)
    assert cart.goods_cents == quantity * (317 + 899)
    assert cart.discount_cents == pytest.approx(cart.goods_cents / 10, abs=1)
    assert cart.total_cents == cart.goods_cents - cart.discount_cents
    shop.check_out(somebody())
    shop.address(somebody())
    for method in shop.deliveries():
        cart = shop.deliver(method)
        assert cart.delivery_cents == method.price_cents
        assert cart.total_cents == cart.goods_cents - cart.discount_cents + cart.delivery_cents


def test_a_coupon_that_nobody_gave_out_is_refused(shop):
    shop.add(shop.article(MUG))
    with pytest.raises(CouponRefused, match="WISHFUL"):
        shop.redeem("WISHFUL")


def test_of_two_who_hold_the_last_coupon_one_has_it_and_the_other_pays_in_full(visitors, vendure):
    first, second = visitors(), visitors()
    for shop in (first, second):
        shop.add(shop.article(MUG))
        assert shop.redeem("FIRST").discount_cents == 225
        go_to_payment(shop, somebody())
    card = first.payments()[0]
    assert first.pay(card).total_cents == 899 - 225 + 290
    with pytest.raises(CouponRefused):
        second.pay(card)
    order = second.pay(card)
    assert order.total_cents == vendure.orders()[order.number] == 899 + 290
    late = visitors()
    late.add(late.article(MUG))
    with pytest.raises(CouponRefused):
        late.redeem("FIRST")


# -- customers


def test_a_customer_registers_and_comes_back_to_the_cart_of_the_last_visit(visitors):
    customer, shop, later = somebody("secret-1"), visitors(), visitors()
    shop.register(customer)
    shop.add(shop.article(MUG))
    go_to_payment(shop, customer)
    shop.payment = {"shouldDecline": True}
    with pytest.raises(Declined):
        shop.pay(shop.payments()[0])
    later.log_in(customer)
    assert later.add(later.article(SCARF)).pieces == 2


def test_a_login_is_refused_with_the_wrong_password_and_to_who_is_unknown(visitors):
    customer = somebody("secret-1")
    visitors().register(customer)
    with pytest.raises(LoginRefused):
        visitors().log_in(Customer(customer.email, "secret-2"))
    with pytest.raises(LoginRefused):
        visitors().log_in(somebody("secret-1"))
    with pytest.raises(LoginRefused):
        visitors().register(Customer(customer.email, "secret-2"))


def test_a_guest_cannot_use_a_customers_address(visitors):
    customer, guest = somebody("secret-1"), visitors()
    visitors().register(customer)
    guest.add(guest.article(MUG))
    with pytest.raises(LoginRefused):
        guest.check_out(customer)


# -- the till


@pytest.mark.parametrize("member", [False, True], ids=["guest", "member"])
def test_what_a_buyer_was_told_stands_in_the_shops_books(shop, vendure, member):
    customer = somebody("secret-1")
    if member:
        shop.register(customer)
    order = buy(shop, customer, SCARF, 2)
    assert order.total_cents == 2 * 3990 + 290
    assert vendure.orders()[order.number] == order.total_cents
    assert [(line.name, line.quantity, line.total_cents) for line in order.lines] == [("Wool Scarf", 2, 7980)]
    assert shop.order(order) == order
    assert shop.cart().lines == ()


def test_delivery_and_payment_are_offered_with_their_kinds(shop):
    shop.add(shop.article(MUG))
    go_to_payment(shop, somebody())
    assert {(each.name, each.price_cents, each.kind) for each in shop.deliveries()} == {
        ("Home Delivery", 495, "home"),
        ("Pick-up Point", 290, "pickup"),
    }
    assert [(each.key, each.kind) for each in shop.payments()] == [("card", "card")]


@pytest.mark.parametrize("trouble", ["shouldDecline", "shouldError"])
def test_after_a_declined_payment_the_cart_can_be_changed_and_paid(visitors, vendure, trouble):
    shop = visitors(payment={trouble: True})
    shop.add(shop.article(MUG))
    go_to_payment(shop, somebody())
    with pytest.raises(Declined):
        shop.pay(shop.payments()[0])
    cart = shop.cart()
    assert cart.pieces == 1
    shop.payment = {}
    cart = shop.change(cart.lines[0], 2)
    order = shop.pay(shop.payments()[0])
    assert order.total_cents == cart.total_cents == vendure.orders()[order.number]


def test_who_comes_second_finds_the_last_pieces_gone_at_the_till(visitors, vendure, ten_lanterns):
    first, second = visitors(), visitors()
    for shop in (first, second):
        shop.add(shop.article(ten_lanterns), 10)
        go_to_payment(shop, somebody())
    first.pay(first.payments()[0])
    with pytest.raises(SoldOut, match="insufficient stock of Last Lantern"):
        second.pay(second.payments()[0])
    assert vendure.stock("G-LANTERN") == (10, 10)
    assert not visitors.failed


def test_there_is_no_till_without_a_cart(shop):
    with pytest.raises(Refusal, match="no active Order"):
        shop.check_out(somebody())


@pytest.mark.parametrize("method", ["cancel", "prove", "wish", "wishes", "branches", "reserve"])
def test_what_vendure_has_not_is_known_before(shop, method):
    assert not shop.can(method)


# -- how requests count


def test_requests_are_named_by_their_operation_and_refusals_are_no_failures(visitors):
    shop = visitors()
    shop.add(shop.article(MUG))
    with pytest.raises(CouponRefused):
        shop.redeem("WISHFUL")
    assert visitors.named == ["/shop-api Product", "/shop-api AddItem", "/shop-api ApplyCoupon"]
    assert not visitors.failed


def test_errors_of_graphql_fail_the_request_though_its_status_is_200(visitors):
    with pytest.raises(GaveUp):
        visitors().ask("query Nothing { product { id } }")
    assert visitors.failed == [("/shop-api Nothing", "assertion")]


def test_a_document_that_the_shop_does_not_understand_fails_by_its_status(visitors):
    with pytest.raises(GaveUp):
        visitors().ask("query Odd { submarines { name } }")
    assert visitors.failed == [("/shop-api Odd", "status_4xx")]


# -- journeys, runs, and everybody at once


def test_the_journeys_of_the_library_come_and_buy(vendure):
    before = vendure.orders()
    told = visit_by_itself(vendure.url, "dialects/vendure.py", LIBRARY)
    assert told.failures == 0, told.samples
    assert {name: counts.completed for name, counts in told.journeys.items()} == dict.fromkeys(told.journeys, 1)
    placed = [cents for number, cents in vendure.orders().items() if number not in before]
    counted = {name: sum(n for (_, what), n in told.counters.items() if what == name) for _, name in told.counters}
    assert counted["visits"] == len(told.journeys)
    assert (counted["orders"], counted["revenue_cents"]) == (len(placed), sum(placed))
    assert placed
    assert not [what for what in counted if what.startswith("violation:")], told.samples


def test_what_thirty_buyers_were_told_is_what_the_run_counts_and_the_shops_books_say(visitors, vendure, tmp_path):
    members = [somebody("secret-1") for _ in range(10)]
    gevent.joinall([gevent.spawn(visitors().register, member) for member in members], raise_error=True)
    before, pieces = vendure.orders(), vendure.sold("G-LAMP")
    known = [{"email": member.email, "password": member.password} for member in members]
    ran = all_at_once(tmp_path, vendure.url, "dialects/vendure.py", "lamp", 30, known)
    placed = {number: cents for number, cents in vendure.orders().items() if number not in before}
    assert len(placed) == len(ran.confirmed) == 30, ran.told
    assert placed == dict(ran.confirmed)
    counted = ran.summary["counters"]["total"]
    assert (counted["orders"], counted["revenue_cents"]) == (30, sum(placed.values()))
    assert counted["revenue_cents"] == 2249 * (vendure.sold("G-LAMP") - pieces) + 290 * 30


def sell_out(visitors, lanterns):
    """Eight guests want two of ten, and pay at the same instant; returns what the orders that they got cost."""
    got = rush(visitors, lanterns, guests=8, quantity=2, meet=True)
    assert not visitors.failed
    return {order.number: order.total_cents for order in got if not isinstance(order, SoldOut)}


def test_eight_at_once_buy_more_than_there_is(visitors, vendure, ten_lanterns):
    before = vendure.sold("G-LANTERN")
    ordered = sell_out(visitors, ten_lanterns)
    assert ordered.items() <= vendure.orders().items()
    assert vendure.sold("G-LANTERN") - before == 2 * len(ordered) > 10


def test_a_run_finds_that_more_was_sold_than_there_was(visitors, vendure, ten_lanterns, tmp_path):
    key = visitors().article(ten_lanterns).key
    before = vendure.sold("G-LANTERN")
    ran = rush_by_a_run(tmp_path, vendure.url, "dialects/vendure.py", "lantern", {key: 10})
    sold = vendure.sold("G-LANTERN") - before
    (violation,) = ran.summary["violations"]
    assert (ran.code, violation["rule"], violation["count"]) == (10, "stock", sold - 10), ran.told
    assert sold > 10
    assert violation["evidence"]


def test_where_what_is_being_paid_is_set_aside_on_sqlite_only_ten_are_sold(vendure_on_sqlite):
    with visitors_of(vendure_on_sqlite) as visitors:
        ordered = sell_out(visitors, LANTERN)
    assert ordered == vendure_on_sqlite.orders()
    assert vendure_on_sqlite.sold("G-LANTERN") == 2 * len(ordered) == 10
    assert vendure_on_sqlite.stock("G-LANTERN") == (10, 10)


def test_a_run_finds_nothing_where_only_ten_are_sold(vendure_on_sqlite, tmp_path):
    with visitors_of(vendure_on_sqlite) as visitors:
        key = visitors().article(LANTERN).key
    ran = rush_by_a_run(tmp_path, vendure_on_sqlite.url, "dialects/vendure.py", "lantern", {key: 10})
    assert vendure_on_sqlite.sold("G-LANTERN") == 10
    assert (ran.code, ran.summary["violations"], ran.summary["counters"]["total"]["orders"]) == (0, [], 5), ran.told
