from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.log.context import acting_as, current_actor
from audit.log.enums import ActorType
from gigstream.core.errors import Refusal
from payments import services
from payments.models import ChainCursor, ObservedTransfer
from payments.settlement.deposits.enums import ObservedStatus
from platforms.models import Platform


class Command(BaseCommand):
    help = (
        "what was sent to our wallets on chain and waits for staff: ask to credit it; or read the chain again"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("waiting", help="list them, and how far the chain was read")
        credit = acts.add_parser("credit", help="one of them is a platform's deposit after all")
        credit.add_argument("number", type=int)
        credit.add_argument("--platform", type=UUID, required=True, help="its id")
        credit.add_argument("--by", default="", help="who says so; the operator of the machine unless given")
        credit.add_argument("--reason", required=True, help="how that is known")
        again = acts.add_parser("read-again", help="look once more at the blocks from this one on")
        again.add_argument("block", type=int)

    def handle(self, *, act: str, **options: Any) -> None:
        """Print one line for each transfer that waits."""
        try:
            if act == "credit":
                by = options["by"] or current_actor().id or "operator"
                with acting_as(ActorType.SYSTEM, f"operator:{by}"):
                    asked = services.request_credit(
                        observed_id=options["number"],
                        platform_id=options["platform"],
                        reason=options["reason"],
                    )
                self.stdout.write(f"waits for a second person, in the admin: approval {asked.pk}")
            elif act == "read-again":
                services.read_again_from(block=options["block"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except (ObservedTransfer.DoesNotExist, Platform.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        for cursor in ChainCursor.objects.order_by("pk"):
            self.stdout.write(f"{cursor.token} was read up to block {cursor.block_number}")
        waiting = ObservedTransfer.objects.filter(status=ObservedStatus.UNKNOWN_PLATFORM).order_by("pk")
        for row in waiting:
            self.stdout.write(f"{row.pk:>8} {row.amount:>16} to {row.to_wallet} in {row.tx_hash}: {row.note}")
