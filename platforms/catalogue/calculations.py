"""Digests of listeners, and the engagement score of a creator."""

import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

LONGEST_LISTENER = 200
MOST_AUDIENCE, MOST_REACTIONS, MOST_WORKS = Fraction(40), Fraction(30), Fraction(30)
PLACES_OF_TOTAL, PLACES_OF_PARTS = 2, 4


def digest_of(external_id: str, secret: bytes) -> bytes:
    """Return the keyed digest under which a platform's id of a listener is kept."""
    return hmac.digest(secret, external_id.encode(), "sha256")


def day_of(at: datetime) -> date:
    """Return the UTC day of a time."""
    return at.astimezone(UTC).date()


def rate_holds_from(at: datetime) -> date:
    """Return the day from which a rate holds that is set at `at`: the next day."""
    return day_of(at) + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """Counts that a creator's engagement score follows from: sums of 30 days, and the followers at their end.

    `likes` are net of unlikes and may be below 0; `works` are those published in the 30 days.
    """

    plays: int
    followers: int
    likes: int
    comments: int
    works: int


@dataclass(frozen=True, slots=True)
class EngagementScore:
    """A score from 0 to 100 and its exact parts."""

    audience: Fraction
    reactions: Fraction
    publishing: Fraction

    @property
    def exact(self) -> Fraction:
        """The exact sum of the parts."""
        return self.audience + self.reactions + self.publishing

    @property
    def total(self) -> Decimal:
        """The score with 2 decimals, rounded once, from the exact sum."""
        return round_half_even(self.exact, PLACES_OF_TOTAL)

    def parts(self) -> dict[str, Decimal]:
        """Return the parts with 4 decimals, for people: their sum may differ from the total."""
        exact = {"audience": self.audience, "reactions": self.reactions, "publishing": self.publishing}
        return {name: round_half_even(value, PLACES_OF_PARTS) for name, value in exact.items()}


def engagement_score(of: Engagement) -> EngagementScore:
    """Return the engagement score: plays by follower (at most 40), likes and comments by play (at most 30),
    and works in the 30 days (at most 30).

    Without followers or plays the part that divides by them is 0. Raise ValueError for a count below 0.
    """
    for name in ("plays", "followers", "comments", "works"):
        if getattr(of, name) < 0:
            raise ValueError(f"{name} cannot be {getattr(of, name)}")
    reactions = max(of.likes, 0) + 2 * of.comments
    return EngagementScore(
        audience=min(Fraction(of.plays, of.followers * 10), MOST_AUDIENCE) if of.followers else Fraction(0),
        reactions=min(Fraction(reactions * 100, of.plays), MOST_REACTIONS) if of.plays else Fraction(0),
        publishing=min(Fraction(of.works * 10), MOST_WORKS),
    )


def round_half_even(value: Fraction, places: int) -> Decimal:
    """Return the exact value rounded half-even to these decimals."""
    # Rounding a fraction is exact and half-even; the decimal is then only written differently.
    units = round(value * 10**places)
    return Decimal(units).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
