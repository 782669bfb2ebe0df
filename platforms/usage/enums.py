from django.db.models import IntegerChoices, TextChoices


class UsageKind(IntegerChoices):
    """A kind of use. The number stands in the tables, the name in lower case in the API."""

    PLAY = 1
    LIKE = 2
    UNLIKE = 3
    COMMENT = 4
    SHARE = 5
    PURCHASE = 6
    TIP = 7

    @property
    def word(self) -> str:
        """The name of the kind in the API."""
        return self.name.lower()


KIND_WORDS = {kind.word: kind for kind in UsageKind}
PAID_KINDS = frozenset({UsageKind.PURCHASE, UsageKind.TIP})
LIKE_KINDS = frozenset({UsageKind.LIKE, UsageKind.UNLIKE})


class Reason(TextChoices):
    """A reason why an event of a batch is refused."""

    BAD_JSON = "bad_json"
    BAD_VALUE = "bad_value"
    UNKNOWN_WORK = "unknown_work"
    WORK_WITHDRAWN = "work_withdrawn"
    BEFORE_PUBLISHED = "before_published"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    DUPLICATE_IN_BATCH = "duplicate_in_batch"
    CONFLICT = "conflict"
    ALREADY_LIKED = "already_liked"
    NOT_LIKED = "not_liked"
    PERIOD_ARCHIVED = "period_archived"


class ReceiptKind(TextChoices):
    BATCH = "batch"
    CORRECTION = "correction"


class CorrectionKind(TextChoices):
    AMEND = "amend"
    VOID = "void"
    BACKFILL = "backfill"
    REVERT = "revert"


class RuleKind(TextChoices):
    """A rule of artificial use."""

    LISTENER_HOUR = "listener_hour"
    BURST = "burst"
    SHORT_PLAY = "short_play"
    NO_HISTORY = "no_history"

    def explain(self, threshold: int) -> str:
        """Return what the rule finds with this threshold, as a part of a sentence."""
        return {
            RuleKind.LISTENER_HOUR: f"a listener played the work more than {threshold} times in an hour",
            RuleKind.BURST: f"the work was played more than {threshold} times in a minute",
            RuleKind.SHORT_PLAY: f"they were shorter than {threshold} seconds",
            RuleKind.NO_HISTORY: f"a listener who was never seen before played more than {threshold} times",
        }[self]


# Thresholds where nobody has set others.
DEFAULT_THRESHOLDS = {
    RuleKind.LISTENER_HOUR: 20,
    RuleKind.BURST: 1_000,
    RuleKind.SHORT_PLAY: 30,
    RuleKind.NO_HISTORY: 100,
}


class FindingStatus(TextChoices):
    HELD = "held"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    LAPSED = "lapsed"


FINDING_MOVES = {
    FindingStatus.HELD: frozenset({FindingStatus.CONFIRMED, FindingStatus.DISMISSED, FindingStatus.LAPSED}),
    FindingStatus.CONFIRMED: frozenset(),
    FindingStatus.DISMISSED: frozenset(),
    FindingStatus.LAPSED: frozenset(),
}
