"""The engagement score: exact fractions, rounded once, half to even."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.catalogue.calculations import Engagement, engagement_score, round_half_even

# plays, followers, likes, comments, works; audience, reactions and publishing as shown; total
VECTORS = [
    ((0, 0, 0, 0, 0), ("0.0000", "0.0000", "0.0000"), "0.00"),
    ((1_000, 100, 50, 10, 1), ("1.0000", "7.0000", "10.0000"), "18.00"),
    ((40_000, 100, 40_000, 0, 3), ("40.0000", "30.0000", "30.0000"), "100.00"),
    ((10**9, 1, 10**9, 10**9, 99), ("40.0000", "30.0000", "30.0000"), "100.00"),
    # A third of a play for each ten followers, and likes by thirds.
    ((1, 3, 0, 0, 0), ("0.0333", "0.0000", "0.0000"), "0.03"),
    ((3, 0, 1, 0, 0), ("0.0000", "30.0000", "0.0000"), "30.00"),
    ((300, 0, 1, 0, 0), ("0.0000", "0.3333", "0.0000"), "0.33"),
    # Without plays no reaction counts, without followers no play.
    ((0, 10, 5, 5, 0), ("0.0000", "0.0000", "0.0000"), "0.00"),
    ((500, 0, 0, 0, 2), ("0.0000", "0.0000", "20.0000"), "20.00"),
    # More unlikes than likes count as no like, and do not take from the comments.
    ((100, 0, -7, 1, 0), ("0.0000", "2.0000", "0.0000"), "2.00"),
    # 0.125 and 0.375 lie in the middle: to the even neighbour.
    ((5, 4, 0, 0, 0), ("0.1250", "0.0000", "0.0000"), "0.12"),
    ((15, 4, 0, 0, 0), ("0.3750", "0.0000", "0.0000"), "0.38"),
    # The parts as shown add up to 0.0050, which would be rounded to 0.00; the exact sum is 0.00508.
    ((39_370, 1_550_000, 1, 0, 0), ("0.0025", "0.0025", "0.0000"), "0.01"),
]


@pytest.mark.parametrize("counts, parts, total", VECTORS)
def test_the_score_of_these_counts(counts, parts, total):
    names = ("plays", "followers", "likes", "comments", "works")

    score = engagement_score(Engagement(**dict(zip(names, counts, strict=True))))

    shown = dict(zip(("audience", "reactions", "publishing"), map(Decimal, parts), strict=True))
    assert (score.parts(), score.total) == (shown, Decimal(total))
    assert [str(part) for part in score.parts().values()] == list(parts)


COUNTS = st.integers(0, 10**7)


@given(plays=COUNTS, followers=COUNTS, likes=st.integers(-(10**7), 10**7), comments=COUNTS, works=COUNTS)
def test_the_score_is_within_its_bounds_and_rounded_once(plays, followers, likes, comments, works):
    counted = Engagement(plays=plays, followers=followers, likes=likes, comments=comments, works=works)

    score = engagement_score(counted)

    audience = min(Fraction(plays, 10 * followers), 40) if followers else 0
    reactions = min(Fraction(100 * (max(likes, 0) + 2 * comments), plays), 30) if plays else 0
    exact = audience + reactions + min(10 * works, 30)
    assert score.exact == exact
    assert 0 <= score.total <= 100
    assert abs(Fraction(score.total) - exact) <= Fraction(1, 200)
    assert score.total.as_tuple().exponent == -2
    for shown, part in zip(score.parts().values(), (audience, reactions, min(10 * works, 30)), strict=True):
        assert abs(Fraction(shown) - part) <= Fraction(1, 20_000)


@given(plays=COUNTS, followers=st.integers(1, 10**6), more=st.integers(0, 10**6))
def test_more_comments_never_lower_the_score(plays, followers, more):
    def total(comments):
        return engagement_score(
            Engagement(plays=plays, followers=followers, likes=0, comments=comments, works=0)
        ).exact

    assert total(more) <= total(more + 1)


@pytest.mark.parametrize("name", ["plays", "followers", "comments", "works"])
def test_a_count_below_zero_is_an_error(name):
    counts = {**dict.fromkeys(("plays", "followers", "likes", "comments", "works"), 1), name: -1}

    with pytest.raises(ValueError, match=f"{name} cannot be -1"):
        engagement_score(Engagement(**counts))


@pytest.mark.parametrize(
    "value, places, rounded",
    [
        ("1/8", 2, "0.12"),
        ("3/8", 2, "0.38"),
        ("2/3", 4, "0.6667"),
        ("100", 2, "100.00"),
        ("-1/8", 2, "-0.12"),
    ],
)
def test_rounding_goes_to_the_even_neighbour(value, places, rounded):
    assert str(round_half_even(Fraction(value), places)) == rounded
