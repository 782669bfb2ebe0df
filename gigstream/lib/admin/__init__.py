"""The staff's pages: read-only, quick on large tables, linked to each other."""

from gigstream.lib.admin.actions import (
    Act,
    ActForm,
    ReasonForm,
    Told,
    act_on,
    each,
    register_first_time,
    register_for_reason,
)
from gigstream.lib.admin.bases import CorrectionForm, ProfileAdmin, ReadOnlyAdmin, ReportAdmin
from gigstream.lib.admin.columns import (
    EMPTY,
    admin_url,
    isolated,
    lines_as_html,
    link,
    list_url,
    party,
    shorter,
)
from gigstream.lib.admin.drawings import Drawing, Picture, bars, line
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
    "CorrectionForm",
    "Drawing",
    "Figures",
    "NewestChoices",
    "NewestDates",
    "NewestYesNo",
    "Picture",
    "ProfileAdmin",
    "ReadOnlyAdmin",
    "ReasonForm",
    "ReportAdmin",
    "Table",
    "Told",
    "act_on",
    "admin_url",
    "bars",
    "by_email",
    "by_hash",
    "by_number",
    "by_text",
    "by_uuid",
    "by_words",
    "by_words_in_newest",
    "each",
    "isolated",
    "line",
    "lines_as_html",
    "link",
    "list_url",
    "party",
    "register_first_time",
    "register_for_reason",
    "shorter",
    "show_everywhere",
    "show_on",
]
