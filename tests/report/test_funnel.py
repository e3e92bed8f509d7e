from loadgen.report import Summary
from loadgen.report.funnel import funnels


def test_each_journey_is_a_funnel_from_all_its_visitors_on(summary: Summary) -> None:
    browser, buyer, abandoner = funnels(summary)
    assert [funnel.journey for funnel in (browser, buyer, abandoner)] == ["Browser", "GuestBuyer", "AbandonedCart"]
    assert buyer.steps[0].entered == 1
    shares = [step.entered for step in buyer.steps]
    assert shares == sorted(shares, reverse=True)


def test_those_lost_in_a_step_are_missing_in_the_next(summary: Summary) -> None:
    buyer = funnels(summary)[1]
    for step, following in zip(buyer.steps, buyer.steps[1:], strict=False):
        assert following.figures.entered == round(step.figures.entered * (1 - step.lost))


def test_a_step_that_visitors_repeat_is_above_one(summary: Summary) -> None:
    home, category, *others = summary.steps
    twice = summary.model_copy(update={"steps": (home, category.model_copy(update={"entered": 5040}), *others)})
    assert funnels(twice)[0].steps[1].entered == 2


def test_a_step_that_nobody_entered_is_left_out(summary: Summary) -> None:
    steps = tuple(step.model_copy(update={"entered": 0}) for step in summary.steps)
    assert funnels(summary.model_copy(update={"steps": steps})) == ()
