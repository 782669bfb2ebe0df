"""Inviting workers over the API, and accepting."""

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import Email, Id, NothingForm, StrictSerializer, Text
from gigstream.lib.encryption import plain_text
from platforms import services
from platforms.http import PlatformView
from platforms.models import Invitation
from workers.http import MyView

COLUMNS = ("id", "created_at", "email", "sent_at", "expires_at", "accepted_at", "worker_id", "full_name")

InvitationRow = described(
    "InvitationRow",
    Invitation,
    COLUMNS,
    email=Text(allow_blank=True, help_text="empty once it is accepted"),
    full_name=Text(allow_null=True, help_text="of the worker who has accepted it"),
)


class InviteForm(StrictSerializer):
    """Whom to ask."""

    email = Email()


class InvitationQuery(StrictSerializer):
    """How a list of invitations is narrowed."""

    accepted = serializers.ChoiceField(choices=["true", "false"], required=False)


class TokenForm(StrictSerializer):
    """What the email holds."""

    token = Text(max_length=200)


class Joined(serializers.Serializer):
    """Who may give you tasks now."""

    platform_id = Id()
    platform_name = Text()


def _joined(invitation: Invitation) -> dict[str, Any]:
    platform = invitation.platform
    return {"platform_id": platform.pk, "platform_name": platform.name}


def shown(invitation: Invitation) -> dict[str, Any]:
    """The invitation as its platform sees it."""
    worker = invitation.worker
    own = {name: getattr(invitation, name) for name in COLUMNS[:-1]}
    return {**own, "full_name": worker.full_name if worker else None}


class InvitationView(PlatformView):
    """Whatever a platform does with its own invitations."""

    resource = "workers"

    def own(self) -> QuerySet[Invitation]:
        return Invitation.objects.filter(
            Q(expires_at__gt=Now()) | Q(accepted_at__isnull=False), platform=self.platform
        )


class Invite(InvitationView):
    """`workers/invite`."""

    doors = {"POST": Door("invite_worker", InvitationRow, takes=InviteForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """Ask somebody by email to be known to you. The answer does not depend on whether they are here."""
        given = self.read(request)
        return self.perform(
            request, lambda: (202, shown(services.invite_worker(platform_id=self.platform.pk, **given)))
        )


class Invitations(InvitationView):
    """`workers/invitations`."""

    query = InvitationQuery
    doors = {"GET": Door("list_invitations", InvitationRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """Whom you have asked, newest first, and who has accepted. Those that expire are gone."""
        rows = self.own().annotate(full_name=F("worker__full_name"))
        if accepted := self.read_query(request).get("accepted"):
            rows = rows.filter(accepted_at__isnull=accepted == "false")
        return self.paged(request, rows.values(*COLUMNS), show=_with_address)


def _with_address(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "email": plain_text(Invitation, "email", pk=row["id"], value=row["email"])}


MyInvitationRow = described(
    "MyInvitationRow",
    Invitation,
    ("id", "created_at", "platform_id", "expires_at"),
    platform_name=Text(help_text="who would like to give you work"),
)


class MyInvitationView(MyView):
    """Invitations that were sent to the worker's own email address and wait for an answer."""

    def own(self, request: Request) -> QuerySet[Invitation]:
        return services.invitations_to(self.worker(request))


class MyInvitations(MyInvitationView):
    """`me/invitations`."""

    doors = {"GET": Door("list_my_invitations", MyInvitationRow, listed=True)}

    def get(self, request: Request) -> HttpResponse:
        """Who would like to give you work, newest first. If you do nothing, they are told nothing."""
        rows = self.own(request).annotate(platform_name=F("platform__name"))
        return self.paged(
            request, rows.values("id", "created_at", "platform_id", "expires_at", "platform_name")
        )


class AcceptMyInvitation(MyInvitationView):
    """`me/invitations/{id}/accept`."""

    doors = {"POST": Door("accept_my_invitation", Joined, takes=NothingForm)}

    def post(self, request: Request, invitation_id: UUID) -> HttpResponse:
        """Accept an invitation from your list, as by the token in its email."""
        self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            if not self.own(request).filter(pk=invitation_id).exists():
                raise Http404
            accepted = services.accept_my_invitation(worker_id=worker.pk, invitation_id=invitation_id)
            return 200, _joined(accepted)

        return self.perform(request, act)


class AcceptInvitation(MyView):
    """`me/invitations/accept`."""

    doors = {"POST": Door("accept_invitation", Joined, takes=TokenForm)}

    def post(self, request: Request) -> HttpResponse:
        """Be known to the platform that has sent the token: it sees your name and may give you tasks."""
        given = self.read(request)
        worker = self.worker(request)

        def act() -> tuple[int, Any]:
            return 200, _joined(services.accept_invitation(worker_id=worker.pk, **given))

        return self.perform(request, act)
