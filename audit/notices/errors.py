from gigstream.core.errors import Refusal


class UnknownNoticeWay(Refusal):
    """A choice for a kind of notice that does not exist, or of a way that does not."""

    code = "unknown_notice_way"
