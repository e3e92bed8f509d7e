"""Where visitors come from on a special day: a mailing, a push notification, a post, a spot on television.

What they do differs by where they land, how much they want it, and how quick they are. How many come when is a matter
of the plan's load: a mailing is read over hours, a push notification within a minute, a spot by everybody at once.
"""

from typing import ClassVar

from visitor import Visitor

from loadgen.commerce import Article, Listing
from loadgen.journey import uniform


class Guest(Visitor):
    """Somebody who was called.

    Attributes:
        stays: share of those who look further than where they landed.
        buys: share of those who stay and buy what they came for.
    """

    abstract = True
    stays: ClassVar[float] = 0.5
    buys: ClassVar[float] = 0.1

    def journey(self) -> None:
        article = self.landing()
        self.think_time()
        if not self.chance(self.stays):
            self.give_up("will")
        if self.chance(self.buys):
            self.add_to_cart(article)
            self.think_time()
            self.buy(self.guest())
        else:
            self.product(self.category(self.home()))

    def landing(self) -> Article:
        """Come to what was promised: an article's own page."""
        self.begin_visit()
        return self.product(self.promised())

    def promised(self) -> Article | Listing:
        """What they were told of: of the plan's data ``articles`` (columns ``key`` and ``path``), else the shop's own.

        A link leads straight to the article; where the plan names none, it is found on the home page.
        """
        if "articles" in self.environment.context.data:
            row = self.data.articles.sample()
            return Article(str(row["key"]), str(row["path"]))
        return self.home()


class MailingReader(Guest):
    """Reads a mailing: straight to one of its articles; half of them look further, one of eight of those buys."""

    buys = 0.12


class PushReader(Guest):
    """Taps on a notification: quick, and set on one article."""

    think = uniform(0.3, 1.2)
    stays, buys = 0.6, 0.2


class SocialFollower(Guest):
    """Follows a post: a look at one article, and mostly gone."""

    stays, buys = 0.25, 0.05


class TvViewer(Guest):
    """Has seen the spot: types the shop's name, lands on the home page, searches for what was shown."""

    stays, buys = 0.45, 0.08

    def landing(self) -> Article:
        self.arrive()
        self.think_time()
        return self.product(self.search())
