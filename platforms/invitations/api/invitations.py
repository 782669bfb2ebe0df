"""Invitations over the API, for platforms and for workers."""

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import Email, Id, NothingForm, StrictSerializer, Text
from gigstream.api.schema.describing import describe_rows
from gigstream.core.clock import DatabaseNow
from gigstream.core.encryption import plain_text
from platforms import services
from platforms.models import Invitation
from platforms.platforms.views import PlatformView
from workers.sign_in.views import MyView

COLUMNS = ("id", "created_at", "email", "sent_at", "expires_at", "accepted_at", "worker_id", "full_name")

InvitationRow = describe_rows(
    "InvitationRow",
    Invitation,
    COLUMNS,
    email=Text(allow_blank=True, help_text="empty once it is accepted"),
    full_name=Text(allow_null=True, help_text="of the worker who has accepted it"),
)


class InviteForm(StrictSerializer):
    """An invitation to be sent."""

    email = Email()


class InvitationQuery(StrictSerializer):
    """Filters of a list of invitations."""

    accepted = serializers.ChoiceField(choices=["true", "false"], required=False)


class TokenForm(StrictSerializer):
    """The token from an invitation's email."""

    token = Text(max_length=200)


class Joined(serializers.Serializer):
    """The platform that may give you tasks now."""

    platform_id = Id()
    platform_name = Text()


def _platform_as_json(invitation: Invitation) -> dict[str, Any]:
    platform = invitation.platform
    return {"platform_id": platform.pk, "platform_name": platform.name}


def invitation_as_json(invitation: Invitation) -> dict[str, Any]:
    """Return the invitation as its platform sees it."""
    worker = invitation.worker
    own = {name: getattr(invitation, name) for name in COLUMNS[:-1]}
    return {**own, "full_name": worker.full_name if worker else None}


class InvitationView(PlatformView):
    """Base view of a platform's own invitations."""

    resource = "workers"

    def own(self) -> QuerySet[Invitation]:
        return Invitation.objects.filter(
            Q(expires_at__gt=DatabaseNow()) | Q(accepted_at__isnull=False), platform=self.platform
        )


class Invite(InvitationView):
    """`workers/invite`."""

    endpoints = {"POST": Endpoint("invite_worker", InvitationRow, takes=InviteForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """Invite somebody by email to work for you. The answer is the same whether or not they are here."""
        given = self.read(request)
        return self.perform(
            request,
            lambda: (202, invitation_as_json(services.invite_worker(platform_id=self.platform.pk, **given))),
        )


class Invitations(InvitationView):
    """`workers/invitations`."""

    query = InvitationQuery
    endpoints = {"GET": Endpoint("list_invitations", InvitationRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List your invitations, newest first, with the workers who have accepted. Expired ones are
        deleted."""
        rows = self.own().annotate(full_name=F("worker__full_name"))
        if accepted := self.read_query(request).get("accepted"):
            rows = rows.filter(accepted_at__isnull=accepted == "false")
        return self.paged(request, rows.values(*COLUMNS), show=_with_address)


def _with_address(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "email": plain_text(Invitation, "email", pk=row["id"], value=row["email"])}


MyInvitationRow = describe_rows(
    "MyInvitationRow",
    Invitation,
    ("id", "created_at", "platform_id", "expires_at"),
    platform_name=Text(help_text="the platform that would like to give you work"),
)


class MyInvitationView(MyView):
    """Base view of invitations that were sent to the worker's own address and wait for an answer."""

    def own(self, request: Request) -> QuerySet[Invitation]:
        return services.invitations_to(worker=self.worker(request))


class MyInvitations(MyInvitationView):
    """`me/invitations`."""

    endpoints = {"GET": Endpoint("list_my_invitations", MyInvitationRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """List the platforms that would like to give you work, newest first. If you do nothing, they learn
        nothing."""
        rows = self.own(request).annotate(platform_name=F("platform__name"))
        return self.paged(
            request, rows.values("id", "created_at", "platform_id", "expires_at", "platform_name")
        )


class AcceptMyInvitation(MyInvitationView):
    """`me/invitations/{id}/accept`."""

    endpoints = {"POST": Endpoint("accept_my_invitation", Joined, takes=NothingForm)}

    def post(self, request: Request, invitation_id: UUID) -> HttpResponse:
        """Accept an invitation from your list, as by the token in its email."""
        self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            if not self.own(request).filter(pk=invitation_id).exists():
                raise Http404
            accepted = services.accept_my_invitation(worker_id=worker.pk, invitation_id=invitation_id)
            return 200, _platform_as_json(accepted)

        return self.perform(request, act)


class AcceptInvitation(MyView):
    """`me/invitations/accept`."""

    endpoints = {"POST": Endpoint("accept_invitation", Joined, takes=TokenForm)}

    def post(self, request: Request) -> HttpResponse:
        """Accept the invitation with this token: the platform sees your name and may give you tasks."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            return 200, _platform_as_json(services.accept_invitation(worker_id=worker.pk, **given))

        return self.perform(request, act)
