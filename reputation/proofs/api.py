"""A worker's transactions for quests, and referrals, over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api import pagination
from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Choice, Id, StrictSerializer, Text, Whole, YesNo
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from reputation.models import ChainProof, Referral
from reputation.proofs import services
from reputation.proofs.calculations import referral_code
from reputation.proofs.enums import ProofStatus
from reputation.quests.api.me import MyQuestView
from workers.sign_in.views import MyView, PeriodQuery

PROOF_COLUMNS = (
    "id",
    "created_at",
    "quest_id",
    "tx_hash",
    "status",
    "received_at",
    "block_number",
    "amount",
    "decided_at",
    "event_id",
    "code",
    "message",
    "numbers",
)
_AMOUNT = Text(allow_null=True, help_text="in the smallest units of its token")
ChainProofRow = describe_rows("ChainProofRow", ChainProof, PROOF_COLUMNS, amount=_AMOUNT)


class TransactionForm(StrictSerializer):
    """A transaction on the chain that the worker has sent."""

    tx_hash = Text(max_length=66)


class TransactionQuery(PeriodQuery):
    status = Choice(choices=ProofStatus.values, required=False)
    quest_id = Id(required=False)


class ReferrerForm(StrictSerializer):
    code = Text(max_length=64, help_text="the referral code of the worker who referred you")


class MyReferralsAnswer(serializers.Serializer):
    """The worker's own referral code, and who has used it."""

    code = Text(help_text="for workers who join: they name it within 14 days")
    named = Whole(help_text="workers who have named it")
    counted = Whole(help_text="those of them who have been paid for a first task")
    is_referred = YesNo(help_text="whether you have named who referred you")


def _proof_as_json(proof: ChainProof) -> dict[str, Any]:
    return _row_as_json({name: getattr(proof, name) for name in PROOF_COLUMNS})


def _row_as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "amount": None if row["amount"] is None else f"{row['amount']:f}"}


class NameTransaction(MyQuestView):
    """`me/quests/{id}/transactions`."""

    moves_money = True
    endpoints = {"POST": Endpoint("name_transaction", ChainProofRow, takes=TransactionForm, status=202)}

    def post(self, request: Request, quest_id: UUID) -> HttpResponse:
        """Name the transaction by which you have done what the quest asks for. It is looked up on the chain:
        `me/quest-transactions` shows what came of it."""
        given = self.read(request)
        worker = self.worker(request)
        self.require_quest(request, quest_id)

        def act() -> tuple[int, Any]:
            proof = services.name_transaction(quest_id=quest_id, worker_id=worker.pk, **given)
            return 202, _proof_as_json(proof)

        return self.perform(request, act)


class MyTransactions(MyView):
    """`me/quest-transactions`."""

    query = TransactionQuery
    endpoints = {"GET": Endpoint("list_my_quest_transactions", ChainProofRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the transactions that you have named for quests, newest first."""
        mine = ChainProof.objects.filter(worker=self.worker(request))
        rows = pagination.narrow_rows(mine, self.read_query(request)).values(*PROOF_COLUMNS)
        page, cursor = pagination.read_page(rows, request.query_params)
        return json_response(200, {"items": [_row_as_json(row) for row in page], "next": cursor})


class ReferralsView(MyView):
    """Base view of the worker's referrals."""

    def answer(self, worker_id: UUID) -> dict[str, Any]:
        """Return the worker's code, and how it was used."""
        own = Referral.objects.filter(referrer=worker_id)
        return {
            "code": referral_code(worker_id),
            "named": own.count(),
            "counted": own.exclude(counted_at=None).count(),
            "is_referred": Referral.objects.filter(worker=worker_id).exists(),
        }


class MyReferrals(ReferralsView):
    """`me/referrals`."""

    endpoints = {"GET": Endpoint("get_my_referrals", MyReferralsAnswer)}

    def get(self, request: Request) -> HttpResponse:
        """Return your referral code, and how many workers have come by it."""
        return json_response(200, self.answer(self.worker(request).pk))


class NameReferrer(ReferralsView):
    """`me/referrals/referrer`."""

    endpoints = {"POST": Endpoint("name_referrer", MyReferralsAnswer, takes=ReferrerForm)}

    def post(self, request: Request) -> HttpResponse:
        """Name the worker who referred you, within 14 days and before your first completed task."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            services.name_referrer(worker_id=worker.pk, **given)
            return 200, self.answer(worker.pk)

        return self.perform(request, act)


urlpatterns = [
    path(
        "me/quests/<id:quest_id>/transactions", NameTransaction.as_view(), name="me-quest-transactions-of-one"
    ),
    path("me/quest-transactions", MyTransactions.as_view(), name="me-quest-transactions"),
    path("me/referrals", MyReferrals.as_view(), name="me-referrals"),
    path("me/referrals/referrer", NameReferrer.as_view(), name="me-referrer"),
]
