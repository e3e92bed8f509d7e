"""Read the one grammar of thresholds and guards, by recursive descent.

::

    threshold  = comparison ;
    guard      = ( comparison | "unavailable" ) , "for" , duration , ":" , action ;
    comparison = metric , [ selector ] , operator , limit ;
    metric     = "p" , "(" , number , ")" | "mean" | "max" | "error_rate"
               | "rate" , "(" , counted , ")" | "count" , "(" , counted , ")" ;
    counted    = "requests" | "failures" | "arrivals" | "dropped" | "missed" | "late" ;
    selector   = "{" , pair , { "," , pair } , "}" ;
    pair       = ( "step" | "journey" | "name" | "method" | "clock" ) , ":" , value ;
    value      = word | '"' , characters , '"' ;
    operator   = "<" | "<=" | ">" | ">=" ;
    limit      = duration | percentage | share | rate | whole number ;
    action     = "stop" ;

Every refusal carries the column at which the text stopped making sense.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from loadgen import units
from loadgen.plan import limits
from loadgen.plan.measures import (
    CLOCKS,
    COUNTED,
    MAX_WINDOW_S,
    NEAR_WORDS,
    PERCENTILE_WITHOUT_BRACKETS,
    Action,
    Metric,
    Operator,
    selectors_of,
)
from loadgen.plan.nearest import did_you_mean
from loadgen.plan.tokens import ConditionError, Kind, Token, cut


@dataclass(frozen=True)
class Comparison:
    """A comparison as read; :class:`loadgen.plan.conditions.Condition` is its checked form."""

    metric: Metric
    argument: float | str | None = None
    selector: tuple[tuple[str, str], ...] = ()
    since_due: bool = False
    operator: Operator | None = None
    limit: float | None = None


def read_comparison(text: str) -> Comparison:
    """Read ``p(95){step:payment} < 1.5s``.

    Raises:
        ConditionError: with the column of the first thing that is wrong.
    """
    reader = _Reader(text)
    comparison = reader.comparison()
    if comparison.metric is Metric.UNAVAILABLE:
        raise ConditionError(
            "'unavailable' is judged second by second, so only a guard can use it",
            column=1,
            suggestion="write it under guards as 'unavailable for 5s: stop'",
        )
    reader.end()
    return comparison


def read_guard(text: str) -> tuple[Comparison, int, Action]:
    """Read ``error_rate > 20% for 10s: stop``.

    Returns:
        The comparison, the window in whole seconds, and the action.

    Raises:
        ConditionError: with the column of the first thing that is wrong.
    """
    reader = _Reader(text)
    comparison = reader.comparison()
    window_s = reader.window()
    action = reader.action()
    reader.end()
    return comparison, window_s, action


class _Reader:
    """A cursor over tokens with one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._tokens = cut(text)
        self._at = 0

    def comparison(self) -> Comparison:
        metric, argument = self._metric()
        pairs, since_due = self._selector(metric, argument)
        if metric is Metric.UNAVAILABLE:
            if self._here.is_mark(*Operator):
                raise _unexpected(self._here, "'for' and a duration ('unavailable' is compared with nothing)")
            return Comparison(metric)
        operator = self._operator()
        limit = self._limit(metric, operator)
        return Comparison(metric, argument, pairs, since_due, operator, limit)

    def window(self) -> int:
        if not self._here.is_word("for"):
            raise _unexpected(
                self._here, "'for' and a duration", "a guard ends like 'for 10s: stop', a threshold has no window"
            )
        self._next()
        first = self._here
        text = self._words()
        try:
            window_s = units.parse_duration(text) if text else 0.0
        except ValueError:
            window_s = 0.0
        if not 1 <= window_s <= MAX_WINDOW_S or window_s != int(window_s) or text.isdecimal():
            raise ConditionError(
                f"got '{text}'" if text else f"got {first}",
                column=first.column,
                expected="whole seconds such as 10s, at most 1h",
            )
        return int(window_s)

    def action(self) -> Action:
        self._mark(":", "a colon and the action, as in ': stop'")
        word = self._next()
        if not word.is_word(*Action):
            raise _unexpected(word, "the action 'stop'", "stop is the only action" if word.text else "")
        return Action(word.text)

    def end(self) -> None:
        if self._here.kind is not Kind.END:
            guard = self._here.is_word("for")
            raise _unexpected(self._here, "the end", "a condition with a window belongs under guards" if guard else "")

    def _metric(self) -> tuple[Metric, float | str | None]:
        word = self._next()
        if not word.is_word(*Metric):
            raise _unexpected(word, f"a metric ({_metric_words()})", _near_metric(word.text))
        metric = Metric(word.text)
        if metric is Metric.PERCENTILE:
            return metric, self._percentile()
        if metric in COUNTED:
            return metric, self._counted(metric)
        if self._here.is_mark("("):
            raise _unexpected(self._here, f"no brackets after {metric}")
        return metric, None

    def _percentile(self) -> float:
        self._mark("(", "a percentile in brackets, as in p(95)")
        word = self._next()
        if not re.fullmatch(r"\d+(?:\.\d+)?", word.text) or not 0 < float(word.text) < 100:
            suggestion = "max" if word.text == "100" else f"p({word.text[1:]})" if word.text[:1] == "p" else ""
            raise _unexpected(
                word, "a percentile above 0 and below 100", f"did you mean {suggestion}?" if suggestion else ""
            )
        self._mark(")", "a closing bracket")
        return float(word.text)

    def _counted(self, metric: Metric) -> str:
        known = COUNTED[metric]
        self._mark("(", f"what to count in brackets, as in {metric}({known[0]})")
        word = self._next()
        if not word.is_word(*known):
            raise _unexpected(word, f"one of {', '.join(known)}", did_you_mean(word.text, known))
        self._mark(")", "a closing bracket")
        return word.text

    def _selector(self, metric: Metric, argument: float | str | None) -> tuple[tuple[tuple[str, str], ...], bool]:
        if not self._here.is_mark("{"):
            return (), False
        opening = self._next()
        known = selectors_of(metric, argument)
        if not known:
            subject = argument or metric
            raise ConditionError(f"{subject} takes no selector: it covers the whole run", column=opening.column)
        pairs: dict[str, str] = {}
        while True:
            key, value = self._pair(known)
            if key.text in pairs:
                raise ConditionError(f"'{key.text}' is selected twice", column=key.column)
            pairs[key.text] = value
            mark = self._next()
            if mark.is_mark("}"):
                break
            if not mark.is_mark(","):
                raise _unexpected(mark, "a comma or a closing brace", "put names with other marks in quotes")
        since_due = pairs.pop("clock", "sent") == "due"
        return tuple(sorted(pairs.items())), since_due

    def _pair(self, known: tuple[str, ...]) -> tuple[Token, str]:
        key = self._next()
        if not key.is_word(*known):
            raise _unexpected(key, f"a selector ({', '.join(known)})", did_you_mean(key.text, known))
        self._mark(":", f"a colon and a value, as in {key.text}:payment")
        value = self._next()
        if value.kind not in (Kind.WORD, Kind.QUOTED) or not value.text:
            raise _unexpected(value, "a value", "put names with other marks in quotes" if value.text else "")
        if key.text == "clock" and value.text not in CLOCKS:
            raise _unexpected(value, "sent or due", did_you_mean(value.text, CLOCKS))
        return key, value.text

    def _operator(self) -> Operator:
        mark = self._next()
        if not mark.is_mark(*Operator):
            raise _unexpected(mark, "a comparison (<, <=, > or >=)")
        return Operator(mark.text)

    def _limit(self, metric: Metric, operator: Operator) -> float:
        first = self._here
        text = self._words()
        if not text:
            raise _unexpected(first, limits.expected(metric))
        try:
            limit = limits.read(metric, text)
        except ValueError as error:
            raise ConditionError(str(error), column=first.column, expected=limits.expected(metric)) from None
        try:
            limits.check(metric, operator, limit)
        except ValueError as error:
            raise ConditionError(str(error), column=first.column) from None
        return limit

    def _words(self) -> str:
        """The words up to the next mark or ``for``: a limit may be written with blanks (``1 h 30 m``)."""
        words = []
        while self._here.kind is Kind.WORD and not self._here.is_word("for"):
            words.append(self._next().text)
        return " ".join(words)

    def _mark(self, mark: str, expected: str) -> None:
        token = self._next()
        if not token.is_mark(mark):
            raise _unexpected(token, expected)

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token


def _near_metric(word: str) -> str:
    percentile = PERCENTILE_WITHOUT_BRACKETS.fullmatch(word)
    if percentile:
        return f"did you mean p({percentile[1]})?"
    if word in NEAR_WORDS:
        return f"did you mean {NEAR_WORDS[word]}?"
    return did_you_mean(word, [metric.value for metric in Metric])


def _metric_words() -> str:
    return "p(95), mean, max, error_rate, rate(…) or count(…)"


def _unexpected(token: Token, expected: str, suggestion: str = "") -> ConditionError:
    return ConditionError(f"got {token}", column=token.column, expected=expected, suggestion=suggestion)
