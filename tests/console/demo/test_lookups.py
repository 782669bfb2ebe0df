"""Addresses of lists: names of filters are answered, every other lookup is refused, and none is a 500."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, models, transaction
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse

from gigstream.adminkit import list_url
from gigstream.demo import people as demo_data
from tests.support.pages.admin import member
from tests.support.pages.seeded import SUPERUSER

# Values that no column holds, or that no date, number or text can be.
HOSTILE = ("99999", "9999", "x")
pytestmark = [pytest.mark.usefixtures("without_the_menu"), pytest.mark.long_form]


def lists():
    return {model: list_url(model) for model in admin.site._registry}


def statuses(client, url, **query):
    response = client.get(url, query)
    return response.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["startswith", "regex", "exact", "contains", "gte"])
def test_nobody_reads_a_password_hash_letter_by_letter(end):
    reader = member("reader", "auth.view_user")
    assert statuses(reader.client, list_url(User)) == 200
    assert statuses(reader.client, list_url(User), **{f"password__{end}": "bcrypt"}) == 400


def test_columns_that_no_filter_names_are_refused_in_every_list(demo):
    answered = []
    for model, url in lists().items():
        options = admin.site._registry[model]
        named = {
            re.split(r"__", str(one[0] if isinstance(one, tuple) else one))[0] for one in options.list_filter
        }
        named |= {name.split("__")[0] for name in getattr(options, "belongs", ())}
        named |= {str(options.date_hierarchy).split("__")[0]}
        for field in model._meta.concrete_fields:
            if field.name not in named and not isinstance(field, models.ForeignKey):
                try:
                    opened(model, url, {f"{field.name}__startswith": "a"})
                except SuspiciousOperation:
                    continue
                answered.append((url, field.name))

    assert answered == []


def test_filters_that_a_list_offers_are_answered(demo):
    """Every link of every list's filters and calendar leads to a page."""
    refused = []
    for model, url in lists().items():
        page = demo.clients[SUPERUSER].get(url)
        links = sorted(set(re.findall(r'href="(\?[^"]+)"', page.content.decode())))
        for link in links:
            try:
                opened(model, url, QueryDict(unescape(link)[1:]).dict())
            except (IncorrectLookupParameters, SuspiciousOperation) as error:
                refused.append((url, link, repr(error)))

    assert refused == []


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_that_cannot_be_is_refused_before_the_database_fails(demo, value):
    faults = []
    for model, url in lists().items():
        names = [*looked_up(admin.site._registry[model]), "q", "p", "o", "e", "all"]
        for name in names:
            try:
                opened(model, url, {name: value})
            except (IncorrectLookupParameters, SuspiciousOperation):
                continue
            except (ValueError, TypeError, OverflowError, ArithmeticError, DatabaseError) as error:
                faults.append((url, name, repr(error)))

    assert faults == []


def looked_up(options):
    """Return the names of lookups that the list's filters, links and calendar make."""
    calendar = options.date_hierarchy or "created_at"
    names = [f"{calendar}__{part}" for part in ("year", "month", "day", "gte")]
    for one in [*options.list_filter, *getattr(options, "belongs", ())]:
        if isinstance(one, tuple | str):
            name = one[0] if isinstance(one, tuple) else one
            names += [f"{name}__exact", f"{name}__gte", f"{name}__isnull"]
        else:
            names.append(one.parameter_name)
    return names


def opened(model, url, query):
    """Return the first row of the list that the query leaves, without drawing its page."""
    request = RequestFactory().get(url, query)
    request.user = User.objects.get(username=demo_data.STAFF_USERNAME)
    with transaction.atomic():
        found = admin.site._registry[model].get_changelist_instance(request)
        return list(found.result_list[:1])


@pytest.mark.parametrize("path", ["search/?q=a%00", "login/?next=%00", "%00/", "queue/payouts/?whose=%00"])
def test_a_null_character_in_an_address_is_refused(demo, path):
    assert demo.clients[SUPERUSER].get(reverse("admin:index") + path).status_code in (200, 400, 404)


def test_a_null_character_in_the_id_of_a_row_is_refused(demo):
    for model in lists():
        label = model._meta.label_lower.replace(".", "_")
        path = reverse(f"admin:{label}_change", args=["1"]).replace("/1/", "/1%00/")
        assert demo.clients[SUPERUSER].get(path).status_code == 400
