"""The staff's pages: read-only, quick on large tables, linked to each other."""

from gigstream.lib.admin.actions import (
    Act,
    ActForm,
    ReasonForm,
    Told,
    act_on,
    each,
    register_first_time,
)
from gigstream.lib.admin.bases import ProfileAdmin, ReadOnlyAdmin, ReportAdmin
from gigstream.lib.admin.columns import EMPTY, admin_url, link, list_url, shorter
from gigstream.lib.admin.filters import BelongsTo, CappedPaginator, NewestChoices, NewestDates, NewestYesNo
from gigstream.lib.admin.search import (
    by_email,
    by_hash,
    by_number,
    by_text,
    by_uuid,
    by_words,
    by_words_in_newest,
)
from gigstream.lib.admin.tables import Figures, Table, show_everywhere, show_on

__all__ = [
    "EMPTY",
    "Act",
    "ActForm",
    "BelongsTo",
    "CappedPaginator",
    "Figures",
    "NewestChoices",
    "NewestDates",
    "NewestYesNo",
    "ProfileAdmin",
    "ReadOnlyAdmin",
    "ReasonForm",
    "ReportAdmin",
    "Table",
    "Told",
    "act_on",
    "admin_url",
    "by_email",
    "by_hash",
    "by_number",
    "by_text",
    "by_uuid",
    "by_words",
    "by_words_in_newest",
    "each",
    "link",
    "list_url",
    "register_first_time",
    "shorter",
    "show_everywhere",
    "show_on",
]
