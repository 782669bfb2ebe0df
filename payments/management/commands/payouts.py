from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.log.context import acting_as, current_actor
from audit.log.enums import ActorType
from gigstream.core.errors import Refusal
from payments import services
from payments.models import PaymentSwitch
from payments.settlement.switches.enums import SwitchScope


class Command(BaseCommand):
    help = "stop payouts at once, or ask for a second person to let them go on; earnings go on all the while"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["stop", "go-on", "status"])
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--platform", default="", help="id: only of workers who have worked for it")
        only.add_argument("--provider", default="", help="name: only those that it would send")
        parser.add_argument("--reason", default="", help="why")
        parser.add_argument(
            "--by", default="", help="who asks for it; the operator of the machine unless given"
        )

    def handle(self, *, act: str, **options: Any) -> None:
        """Print what is stopped now."""
        scope, subject = _scope(options)
        by = options["by"] or current_actor().id or "operator"
        try:
            if act != "status" and not options["reason"]:
                raise CommandError("say why: --reason")
            if act == "stop":
                services.stop_payments(scope=scope, subject=subject, reason=options["reason"], by=by)
            elif act == "go-on":
                with acting_as(ActorType.SYSTEM, f"operator:{by}"):
                    asked = services.request_go_on(scope=scope, subject=subject, reason=options["reason"])
                self.stdout.write(f"waits for a second person, in the admin: approval {asked.pk}")
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        for switch in PaymentSwitch.objects.filter(on_at=None).order_by("created_at"):
            at = f"{switch.created_at:%Y-%m-%d %H:%M}"
            self.stdout.write(f"stopped: {switch} since {at} by {switch.off_by}: {switch.reason}")


def _scope(options: dict[str, Any]) -> tuple[SwitchScope, str]:
    for scope in (SwitchScope.PLATFORM, SwitchScope.PROVIDER):
        if options[scope]:
            return scope, options[scope]
    return SwitchScope.PAYOUTS, ""
