"""Kinds of rows that are found by parts, and the condition by which each is."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest

from audit.models import Approval
from gigstream.adminkit.search import any_condition, finds_parts
from loans.models import Loan
from payments.models import PayoutHold, Stream, Transaction
from platforms.models import CreatorProfile, Dispute, Platform, Task, Work
from reputation.models import Quest
from workers.models import Worker

# In the order in which they are shown: people first.
KINDS: tuple[type[models.Model], ...] = (
    Worker,
    Platform,
    CreatorProfile,
    Task,
    Stream,
    Transaction,
    Loan,
    PayoutHold,
    Dispute,
    Quest,
    Work,
    Approval,
)


def part_conditions(request: HttpRequest, term: str) -> dict[type[models.Model], Q]:
    """Return the conditions by which rows of the kinds that this member of staff may see have the term as a
    part of what names them: those of the search box above their list."""
    found = {}
    for model in KINDS:
        options: Any = admin.site._registry[model]
        if options.has_view_permission(request):
            condition = any_condition(filter(finds_parts, options.searches), model, term)
            if condition is not None:
                found[model] = condition
    return found
