"""Proofs of a creator's own shares of distributions, as they are recorded on the chain."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Amount, Choice, Id, Instant, Text, Whole, YesNo
from gigstream.api.views import json_response
from payments.models import DistributionShare
from payments.oracle.enums import OperationStatus
from payments.oracle.selectors.shares import ShareProof, prove_share
from workers.sign_in.views import MyView


class ShareLeaf(serializers.Serializer):
    """Content of the leaf of a share."""

    amount = Amount(allow_zero=True)
    creator = Id()
    distribution = Id()
    plays = Whole()
    salt = Text(help_text="known to you alone: without it nobody can find your share by its hash")
    weight = Text(help_text="a whole number in digits")


class ShareProofStep(serializers.Serializer):
    """A step of a proof: the hash beside the path."""

    hash = Text()
    on_left = YesNo()


class DistributionRecord(serializers.Serializer):
    """The record of a distribution on the chain, as `readDistribution` of the contract shows it."""

    operation_id = Id()
    platform_id = Id()
    number = Whole(help_text="of the distribution, for its platform")
    total = Amount()
    root = Text(help_text="root of the Merkle tree over all shares (RFC 6962)")  # type: ignore[assignment]
    contract = Text()
    status = Choice(choices=OperationStatus.values, help_text="confirmed once it was read back")
    tx_hash = Text(allow_null=True)
    block_number = Whole(allow_null=True)
    confirmed_at = Instant(allow_null=True)


class ShareProofAnswer(serializers.Serializer):
    """A share, the record of its distribution, and the steps from one to the other."""

    share = ShareLeaf()
    index = Whole(help_text="place among the shares of the distribution, from 0")
    steps = ShareProofStep(many=True)
    record = DistributionRecord()


def proof_as_json(proof: ShareProof) -> dict[str, Any]:
    """Return the proof with the record that it leads to."""
    record = proof.record
    return {
        "share": proof.content.as_json(),
        "index": proof.index,
        "steps": [{"hash": step.hash.hex(), "on_left": step.on_left} for step in proof.steps],
        "record": {
            "operation_id": record.pk,
            "platform_id": record.platform_id,
            **{name: record.details[name] for name in ("number", "total", "root")},
            "contract": record.contract,
            "status": record.status,
            "tx_hash": record.tx_hash or None,
            "block_number": record.block_number,
            "confirmed_at": record.read_back_at,
        },
    }


class MyShareProof(MyView):
    """`me/distributions/{number}/proof`."""

    endpoints = {"GET": Endpoint("prove_my_distribution_share", ShareProofAnswer, may_be_refused=True)}

    def get(self, request: Request, number: int) -> HttpResponse:
        """Prove that your share stands under the root of its distribution on the chain."""
        own = DistributionShare.objects.filter(creator__worker=self.worker(request), pk=number)
        share = own.select_related("distribution").first()
        if share is None:
            raise Http404
        return json_response(200, proof_as_json(prove_share(share)))


urlpatterns = [
    path("me/distributions/<int:number>/proof", MyShareProof.as_view(), name="me-distribution-proof"),
]
