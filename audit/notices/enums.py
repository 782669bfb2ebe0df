from django.db.models import TextChoices


class NoticeWay(TextChoices):
    """Way in which a member of staff gets notices of a kind; all but the last keep them for the page."""

    PAGE = "page", "On the page"
    DIGEST = "digest", "On the page, and by one email a day"
    EMAIL = "email", "On the page, and by email at once"
    NOTHING = "nothing", "Not at all"
