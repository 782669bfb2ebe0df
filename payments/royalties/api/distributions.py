"""A platform's distributions and pools over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm
from gigstream.api.pagination import narrow_rows
from gigstream.api.views import RowCommand, json_response
from gigstream.core.clock import database_now
from payments import services
from payments.models import Distribution, DistributionShare, Pool, PoolMember, PoolWrite
from payments.royalties.api.schemas import (
    ARRIVAL_COLUMNS,
    DISTRIBUTION_COLUMNS,
    MEMBER_COLUMNS,
    POOL_COLUMNS,
    SHARE_COLUMNS,
    ArrivalRow,
    DistributionForm,
    DistributionRow,
    DistributionsQuery,
    MemberRow,
    MoneyForm,
    PoolForm,
    PoolRow,
    PoolsQuery,
    ShareRow,
    UnitsForm,
    WholeDistribution,
    columns_of,
    distribution_as_json,
    member_as_json,
    pool_as_json,
    with_names,
)
from payments.royalties.enums import DistributionStatus
from payments.royalties.selectors import find_stale
from platforms.platforms.views import PlatformView

NEWEST, OLDEST = ("-id",), ("id",)


class DistributionView(PlatformView):
    """Base view of a platform's own distributions."""

    resource = "distributions"

    def own(self) -> QuerySet[Distribution]:
        return Distribution.objects.filter(platform=self.platform)


class Distributions(DistributionView):
    """`distributions`."""

    moves_money = True
    query = DistributionsQuery
    endpoints = {
        "GET": Endpoint("list_distributions", DistributionRow, listed=True),
        "POST": Endpoint("draft_distribution", DistributionRow, takes=DistributionForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List your distributions, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*DISTRIBUTION_COLUMNS, "total_weight"), show=with_names())

    def post(self, request: Request) -> HttpResponse:
        """Draft a distribution: a sum, shared by the use of some days. The house approves it."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            found = services.draft_distribution(platform_id=self.platform.pk, **given)
            return 201, distribution_as_json(found)

        return self.perform(request, act)


class OneDistribution(DistributionView):
    """`distributions/{id}`."""

    endpoints = {"GET": Endpoint("get_distribution", WholeDistribution)}

    def get(self, request: Request, distribution_id: UUID) -> HttpResponse:
        """Return a distribution, and of a draft the reasons for which it waits."""
        found, waits_for = self.own_one(pk=distribution_id), []
        if found.status == DistributionStatus.DRAFT:
            waits_for = find_stale(found.platform_id, first=found.first, last=found.last, now=database_now())
        return json_response(200, {**distribution_as_json(found), "waits_for": waits_for})


class Shares(DistributionView):
    """`distributions/{id}/shares`."""

    endpoints = {"GET": Endpoint("list_distribution_shares", ShareRow, listed=True)}

    def get(self, request: Request, distribution_id: UUID) -> HttpResponse:
        """List the creators' shares, in the order of their numbers."""
        shares = DistributionShare.objects.filter(distribution=self.own_one(pk=distribution_id))
        rows = shares.values(*columns_of(SHARE_COLUMNS, "weight"))
        return self.paged(request, rows, show=with_names(), order=OLDEST)


class DistributionCommand(DistributionView, RowCommand):
    """Base view of `distributions/{id}/…`: a command on a draft, answered with it as it is then."""

    row_id = "distribution_id"
    as_json = staticmethod(distribution_as_json)


class Recount(DistributionCommand):
    """Share the sum of a draft anew, by the use as it is counted now."""

    endpoints = {"POST": Endpoint("recount_distribution", DistributionRow, takes=NothingForm)}
    service = staticmethod(services.recount_distribution)


class Cancel(DistributionCommand):
    """Drop a draft."""

    endpoints = {"POST": Endpoint("cancel_distribution", DistributionRow, takes=NothingForm)}
    service = staticmethod(services.cancel_distribution)


class PoolView(PlatformView):
    """Base view of a platform's own pools."""

    resource = "distributions"

    def own(self) -> QuerySet[Pool]:
        return Pool.objects.filter(platform=self.platform)


class Pools(PoolView):
    """`pools`."""

    query = PoolsQuery
    endpoints = {
        "GET": Endpoint("list_pools", PoolRow, listed=True),
        "POST": Endpoint("create_pool", PoolRow, takes=PoolForm, status=201),
    }

    def get(self, request: Request) -> HttpResponse:
        """List your pools, newest first."""
        rows = narrow_rows(self.own(), self.read_query(request))
        return self.paged(request, rows.values(*POOL_COLUMNS))

    def post(self, request: Request) -> HttpResponse:
        """Make a pool. Creators get units of it next."""
        given = self.read(request)

        def act() -> tuple[int, Any]:
            return 201, pool_as_json(services.create_pool(platform_id=self.platform.pk, **given))

        return self.perform(request, act)


class OnePool(PoolView):
    """`pools/{id}`."""

    endpoints = {"GET": Endpoint("get_pool", PoolRow)}

    def get(self, request: Request, pool_id: UUID) -> HttpResponse:
        """Return a pool."""
        return json_response(200, pool_as_json(self.own_one(pk=pool_id)))


class Members(PoolView):
    """`pools/{id}/members`."""

    moves_money = True
    endpoints = {
        "GET": Endpoint("list_pool_members", MemberRow, listed=True),
        "POST": Endpoint("set_pool_units", MemberRow, takes=UnitsForm),
    }

    def get(self, request: Request, pool_id: UUID) -> HttpResponse:
        """List the creators who hold units of the pool, or held some, newest first."""
        members = PoolMember.objects.filter(pool=self.own_one(pk=pool_id))
        return self.paged(
            request, members.values(*columns_of(MEMBER_COLUMNS)), show=with_names(), order=NEWEST
        )

    def post(self, request: Request, pool_id: UUID) -> HttpResponse:
        """Set the units that a creator holds from now on. All that was due until now is paid."""
        given = self.read(request)
        pool = self.own_one(pk=pool_id)

        def act() -> tuple[int, Any]:
            return 200, member_as_json(services.set_pool_units(pool_id=pool.pk, **given))

        return self.perform(request, act)


class Arrivals(PoolView):
    """`pools/{id}/money`."""

    moves_money = True
    endpoints = {
        "GET": Endpoint("list_pool_money", ArrivalRow, listed=True),
        "POST": Endpoint("add_to_pool", ArrivalRow, takes=MoneyForm, status=201),
    }

    def get(self, request: Request, pool_id: UUID) -> HttpResponse:
        """List the money that the pool has received, newest first."""
        arrivals = PoolWrite.objects.filter(pool=self.own_one(pk=pool_id))
        return self.paged(request, arrivals.values(*ARRIVAL_COLUMNS), order=NEWEST)

    def post(self, request: Request, pool_id: UUID) -> HttpResponse:
        """Share money among all members by their units, by one write for any number of them."""
        given = self.read(request)
        pool = self.own_one(pk=pool_id)

        def act() -> tuple[int, Any]:
            arrival = services.add_to_pool(pool_id=pool.pk, **given)
            return 201, {name: getattr(arrival, name) for name in ARRIVAL_COLUMNS}

        return self.perform(request, act)


class Close(PoolView, RowCommand):
    """Close the pool: its members are paid the rest, to the last micro-USDC."""

    row_id = "pool_id"
    as_json = staticmethod(pool_as_json)
    endpoints = {"POST": Endpoint("close_pool", PoolRow, takes=NothingForm)}
    service = staticmethod(services.close_pool)


_ONE, _POOL = "distributions/<id:distribution_id>", "pools/<id:pool_id>"

urlpatterns = [
    path("distributions", Distributions.as_view(), name="distributions"),
    path(_ONE, OneDistribution.as_view(), name="distribution"),
    path(f"{_ONE}/shares", Shares.as_view(), name="distribution-shares"),
    path(f"{_ONE}/recount", Recount.as_view(), name="distribution-recount"),
    path(f"{_ONE}/cancel", Cancel.as_view(), name="distribution-cancel"),
    path("pools", Pools.as_view(), name="pools"),
    path(_POOL, OnePool.as_view(), name="pool"),
    path(f"{_POOL}/members", Members.as_view(), name="pool-members"),
    path(f"{_POOL}/money", Arrivals.as_view(), name="pool-money"),
    path(f"{_POOL}/close", Close.as_view(), name="pool-close"),
]
