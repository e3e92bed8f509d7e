"""Every method of the demo shop's dialect, against a real one: what it returns is what the shop itself knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest
from street import (
    ANY_CARD,
    CHALLENGED_CARD,
    DECLINED_CARD,
    GUEST,
    KNOWN,
    Street,
    adds_up,
    buy,
    first,
    to_the_payment,
)

from loadgen.commerce import Category, Challenged, CouponRefused, Customer, Declined, LoginRefused, Queued, SoldOut
from loadgen.journey import Dialect


@pytest.fixture
def street_of() -> Iterator[Callable[[str], Street]]:
    streets: list[Street] = []

    def found(url: str) -> Street:
        streets.append(Street(url))
        return streets[-1]

    yield found
    for street in streets:
        street.close()


@pytest.fixture
def street(open_shop: Any, street_of: Callable[[str], Street]) -> Street:
    street = street_of(open_shop("--stock", "9", "--coupon", "FIVER:5.00:2").url)
    street.mend()
    return street


@pytest.fixture
def shop(street: Street) -> Any:
    return street.visitor()


def test_it_has_every_method_of_a_dialect(shop: Any) -> None:
    methods = {name for name, value in vars(Dialect).items() if callable(value) and not name.startswith("_")}
    assert {name for name in methods - {"can", "open"} if not shop.can(name)} == set()


def test_home_shows_categories_and_articles(street: Street, shop: Any) -> None:
    home = shop.home()
    assert [category.path for category in home.categories][:2] == ["/category/women", "/category/men"]
    assert len(home.categories) == 8
    assert len(home.articles) == 50
    known = street.product(home.articles[0].key)
    assert (home.articles[0].name, home.articles[0].price_cents) == (known["name"], known["price_cents"])
    assert known["hot"]


def test_a_category_has_pages_and_filters(street: Street, shop: Any) -> None:
    shoes = Category("/category/shoes")
    page = shop.category(shoes)
    assert (page.page, page.has_more, len(page.articles)) == (1, True, 24)
    rest = shop.category(Category(page.path), page.page + 1)
    assert (rest.page, rest.has_more, len(rest.articles)) == (2, False, 1)
    colours = [choice for choice in page.filters if choice.key.startswith("colour=")]
    assert sum(choice.count or 0 for choice in colours) == 25
    narrowed = shop.category(shoes, 1, [colours[0]])
    assert len(narrowed.articles) == colours[0].count
    assert {street.product(article.key)["colour"] for article in narrowed.articles} == {colours[0].key[7:]}
    price = next(choice for choice in narrowed.filters if choice.key.startswith("price="))
    assert len(shop.category(Category(narrowed.path), 1, [price]).articles) == price.count


def test_a_search_has_pages_and_filters_and_may_find_nothing(street: Street, shop: Any) -> None:
    found = shop.search("o")
    assert (found.words, found.page, found.has_more) == ("o", 1, True)
    assert shop.search("o", 2).page == 2
    narrowed = shop.search("o", 1, [found.filters[0]])
    assert len(narrowed.articles) == min(24, found.filters[0].count or 0)
    assert {street.product(article.key)["colour"] for article in narrowed.articles} == {found.filters[0].key[7:]}
    assert shop.search("zebra & söhne").articles == ()


def test_an_article_tells_price_stock_and_sizes(street: Street, shop: Any) -> None:
    plain, shoe = first(shop), first(shop, "shoes")
    known = street.product(plain.key)
    assert (plain.name, plain.price_cents, plain.stock) == (known["name"], known["price_cents"], known["stock"])
    assert plain.variants == ()
    known = street.product(shoe.key)
    assert [(size.key, size.stock) for size in shoe.variants] == [
        (size["sku"], size["stock"]) for size in known["sizes"]
    ]
    assert len(shoe.variants) == 8


def test_the_cart_holds_what_was_put_there(shop: Any) -> None:
    lamp, shoe = first(shop, "home"), first(shop, "shoes")
    size = shoe.variants[3]
    shop.add(lamp, 2)
    cart = shop.add(size)
    assert [(line.article, line.quantity) for line in cart.lines] == [(lamp.key, 2), (size.key, 1)]
    assert [line.total_cents for line in cart.lines] == [2 * (lamp.price_cents or 0), size.price_cents]
    assert (cart.pieces, cart.delivery_cents) == (3, None)
    assert adds_up(cart)
    assert shop.cart() == cart
    changed = shop.change(cart.lines[1], 4)
    assert [line.quantity for line in changed.lines] == [2, 4]
    assert adds_up(changed)
    assert [line.article for line in shop.change(changed.lines[0], 0).lines] == [size.key]


def test_more_than_there_is_cannot_be_put_into_the_cart(shop: Any) -> None:
    lamp = first(shop, "home")
    cart = shop.add(lamp, 9)
    for impossible in (lambda: shop.add(lamp), lambda: shop.change(cart.lines[0], 10)):
        with pytest.raises(SoldOut, match="Out of stock"):
            impossible()
    assert shop.cart() == cart


def test_coupons_take_something_off_until_they_are_used_up(street: Street, shop: Any) -> None:
    lamp = first(shop, "home")
    shop.add(lamp)
    cart = shop.redeem("welcome10")
    assert (cart.coupons, cart.discount_cents) == (("WELCOME10",), (lamp.price_cents or 0) // 10)
    assert adds_up(cart)
    with pytest.raises(CouponRefused, match="do not know"):
        shop.redeem("NONE")
    late = street.visitor()
    late.article(lamp)
    late.add(lamp)
    late.redeem("FIVER")
    for _ in range(2):
        shop.add(lamp)
        cart = shop.redeem("FIVER")
        assert (cart.coupons, cart.discount_cents) == (("FIVER",), 500)
        cart = to_the_payment(shop)
        assert shop.pay(shop.payments()[0]).total_cents == cart.total_cents
    with pytest.raises(CouponRefused, match="too often"):
        to_the_payment(late) and late.pay(late.payments()[0])
    assert late.cart().coupons == ()
    shop.add(lamp)
    with pytest.raises(CouponRefused, match="too often"):
        shop.redeem("FIVER")
    assert [coupon["used"] for coupon in street.truth("coupons") if coupon["code"] == "FIVER"] == [2]
    assert [order["discount_cents"] for order in street.truth("orders")] == [500, 500]


def test_a_guest_pays_what_was_shown(street: Street, shop: Any) -> None:
    lamp = first(shop, "home")
    shop.add(lamp, 2)
    shown = shop.check_out(GUEST)
    assert [line.quantity for line in shown.lines] == [2]
    assert [(method.kind, method.price_cents) for method in shop.deliveries()] == [
        ("home", 490),
        ("home", 990),
        ("pickup", 0),
        ("shop", 0),
    ]
    cart = shop.deliver(shop.deliveries()[1])
    assert (cart.delivery_cents, cart.lines) == (990, shown.lines)
    assert adds_up(cart)
    assert [method.kind for method in shop.payments()] == ["card", "invoice"]
    order = shop.pay(shop.payments()[0])
    assert (order.total_cents, order.lines) == (cart.total_cents, tuple(replace(line) for line in cart.lines))
    (known,) = street.truth("orders")
    assert (known["number"], known["total_cents"], known["email"]) == (order.number, order.total_cents, GUEST.email)
    assert (known["charges"], known["payment"], known["customer"]) == (1, "card", None)
    assert [(line["sku"], line["quantity"]) for line in known["lines"]] == [(lamp.key, 2)]
    assert street.stock(lamp.key) == {"sku": lamp.key, "slug": lamp.key, "initial": 9, "left": 7, "sold": 2}
    assert shop.cart().lines == ()


def test_a_customer_pays_on_account_and_collects_in_a_shop(street: Street, shop: Any) -> None:
    shop.log_in(KNOWN)
    shop.add(first(shop, "home"))
    assert to_the_payment(shop, "shop", KNOWN).delivery_cents == 0
    shop.pay(shop.payments()[1])
    (known,) = street.truth("orders")
    assert (known["customer"], known["delivery"], known["payment"]) == (KNOWN.email, "shop", "invoice")


def test_whoever_registers_is_logged_in_and_nobody_registers_twice(street: Street, shop: Any) -> None:
    customer = Customer(f"new{id(shop)}@example.test", "secret")
    shop.register(customer)
    buy(shop, first(shop), customer=customer)
    assert street.truth("orders")[0]["customer"] == customer.email
    other = street.visitor()
    with pytest.raises(LoginRefused):
        other.register(customer)
    with pytest.raises(LoginRefused):
        other.log_in(replace(customer, password="wrong"))
    other.log_in(customer)


def test_only_members_see_the_private_sale(street: Street, shop: Any) -> None:
    sale = Category("/private-sale")
    assert shop.category(sale).articles == ()
    shop.log_in(KNOWN)
    article = shop.category(sale).articles[0]
    order = buy(shop, shop.article(article), customer=KNOWN)
    assert street.truth("orders")[0]["number"] == order.number


@pytest.mark.parametrize("card", [DECLINED_CARD, CHALLENGED_CARD])
def test_who_cannot_pay_keeps_the_cart(street: Street, card: str) -> None:
    shop = street.visitor(card)
    shop.add(first(shop))
    cart = to_the_payment(shop)
    with pytest.raises((Declined, Challenged)) as no:
        shop.pay(shop.payments()[0])
    if isinstance(no.value, Challenged):
        with pytest.raises(Declined):
            shop.prove(no.value.path, as_wanted=False)
    assert shop.cart() == cart
    assert street.truth("orders") == []
    shop.card_number = ANY_CARD
    assert shop.pay(shop.payments()[0]).total_cents == cart.total_cents


def test_who_proves_who_they_are_has_bought(street: Street) -> None:
    shop = street.visitor(CHALLENGED_CARD)
    shop.add(first(shop))
    cart = to_the_payment(shop)
    with pytest.raises(Challenged) as challenge:
        shop.pay(shop.payments()[0])
    assert street.truth("orders") == []
    order = shop.prove(challenge.value.path)
    (known,) = street.truth("orders")
    assert (order.number, order.total_cents) == (known["number"], cart.total_cents)


def test_the_last_pieces_go_to_who_pays_first(street: Street) -> None:
    buyers = [street.visitor(), street.visitor()]
    for buyer in buyers:
        buyer.add(first(buyer), 9)
        to_the_payment(buyer)
    buyers[0].pay(buyers[0].payments()[0])
    with pytest.raises(SoldOut):
        buyers[1].pay(buyers[1].payments()[0])
    gone = first(buyers[1])
    assert (gone.available, gone.stock) == (False, 0)
    assert len(street.truth("orders")) == 1


def test_an_order_is_followed_and_cancelled_also_from_elsewhere(street: Street, shop: Any) -> None:
    article = first(shop)
    order = buy(shop, article, 3)
    followed = shop.order(order)
    assert (followed.number, followed.total_cents, followed.lines) == (order.number, order.total_cents, order.lines)
    assert followed.state == "confirmed"
    street.visitor().cancel(order)
    assert shop.order(order).state == street.truth("orders")[0]["state"] == "cancelled"
    assert street.stock(article.key)["left"] == 9
    stats = street.truth("stats")
    assert (stats["orders"], stats["cancelled"], stats["cancelled_cents"]) == (1, 1, order.total_cents)


def test_wishes_are_kept(shop: Any) -> None:
    lamp, shoe = first(shop, "home"), first(shop, "shoes")
    for article in (lamp, shoe.variants[0], lamp):
        shop.wish(article)
    wishes = shop.wishes()
    assert [article.key for article in wishes.articles] == [lamp.key, shoe.key]
    assert wishes.articles[0].price_cents == lamp.price_cents


def test_an_article_is_reserved_where_there_is_one(street: Street, shop: Any) -> None:
    article = first(shop, "shoes").variants[1]
    branches = shop.branches(article)
    assert len(branches) == 6
    having = next(branch for branch in branches if branch.available)
    reserved = shop.reserve(article, having, GUEST)
    (known,) = street.truth("reservations")
    assert (reserved.number, reserved.total_cents, reserved.state) == (
        known["number"],
        known["price_cents"],
        known["state"],
    )
    assert (known["sku"], known["branch"], known["email"]) == (article.key, having.key, GUEST.email)
    while next(branch for branch in shop.branches(article) if branch.key == having.key).available:
        shop.reserve(article, having, GUEST)
    with pytest.raises(SoldOut):
        shop.reserve(article, having, GUEST)
    street.visitor().cancel(reserved)
    assert shop.order(reserved).state == street.truth("reservations")[0]["state"] == "cancelled"


def test_a_waiting_room_says_how_long_and_lets_in(open_shop: Any, street_of: Callable[[str], Street]) -> None:
    street = street_of(open_shop("--waiting-room", "1/s").url)
    early, late = street.visitor(), street.visitor()
    for visitor, wait_s in ((early, 1.0), (late, 1.0)):
        with pytest.raises(Queued) as queued:
            visitor.home()
        assert (queued.value.path, queued.value.wait_s) == ("/", wait_s)
    for visitor in (early, late):
        with gevent.Timeout(10):
            while not inside(visitor.home):
                gevent.sleep(0.05)
        assert first(visitor).key


def inside(method: Callable[[], Any]) -> bool:
    try:
        return bool(method())
    except Queued:
        return False


def test_what_a_shop_does_wrong_is_seen(street: Street) -> None:
    shop = street.visitor()
    street.plant("wrong-price")
    article = first(shop)
    cart = shop.add(article)
    assert cart.lines[0].total_cents == (article.price_cents or 0) + 100
    street.plant("wrong-total")
    assert not adds_up(shop.cart())
    street.plant("no-delivery-method")
    shop.check_out(GUEST)
    assert shop.deliveries() == ()
    street.mend()
    street.plant("double-charge")
    street.plant("lost-cart-after-decline")
    to_the_payment(shop)
    shop.card_number = DECLINED_CARD
    with pytest.raises(Declined):
        shop.pay(shop.payments()[0])
    assert shop.cart().lines == ()
    shop.card_number = ANY_CARD
    order = buy(shop, article)
    assert shop.order(order).total_cents == 2 * order.total_cents
