"""The main pages in light, dark and 390 px: nothing sticks out, fails to load or keeps people out."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.urls import reverse

from gigstream.adminkit.actions.addresses import act_url
from loans.models import Loan
from payments.models import Stream, Transaction
from platforms.models import Dispute, Platform
from tests.support.pages.browsers import DESK, FOR_TWO, Person, Staff
from tests.support.pages.chromium import AXE
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]

PHONE = {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# Only the colours of a dark page are its own; the rest of it was looked at in light.
COLOURS = ["color-contrast", "link-in-text-block"]
FAULTS = """async (rules) => {
    const found = await axe.run(document, {runOnly: rules});
    return found.violations
        .filter(one => ["serious", "critical"].includes(one.impact))
        .map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | ")}`);
}"""
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def main_pages() -> dict[str, str]:
    """Their addresses, by name."""
    rows = {
        "worker": Worker.objects.get(full_name="Alice Johnson"),
        "platform": Platform.objects.get(name="QuickTask"),
        "stream": Stream.objects.filter(status="active").earliest("pk"),
        "payout": Transaction.objects.filter(type="payout", status="confirmed").earliest("pk"),
        "loan": Loan.objects.get(worker__full_name="Bob Smith"),
        "dispute": Dispute.objects.earliest("pk"),
    }
    lists = ("payments_transaction", "payments_stream", "workers_worker", "audit_auditlog", "loans_loan")
    return {
        "overview": reverse("admin:index"),
        "queue-approvals": reverse("console:queue", args=["approvals"]),
        "queue-loans": reverse("console:queue", args=["loans"]),
        "queue-failed": reverse("console:queue", args=["failed"]),
        "notices": reverse("console:notices"),
        "my-notices": reverse("console:notice-ways"),
        **{f"list-{name.partition('_')[2]}": reverse(f"admin:{name}_changelist") for name in lists},
        "report-volume": reverse("admin:payments_dailytransactionsummary_changelist"),
        **{
            name: reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
            for name, row in rows.items()
        },
        "statement": reverse("admin:payments_statement", args=[rows["worker"].pk]),
        "portfolio": reverse("admin:loans_portfolio"),
        "integrity": reverse("admin:audit_integrity"),
        "second-factor": reverse("console:second-factor"),
        **{
            f"confirm-{name}": act_url(type(row), action, [str(row.pk)])
            for name, row, action in (
                ("loan", Loan.objects.get(amount=FOR_TWO), "approve"),
                ("dispute", rows["dispute"], "resolve"),
                ("payout", rows["payout"], "cancel"),
                ("worker", rows["worker"], "hold_payouts"),
            )
        },
        "confirm-stop": reverse("admin:payments_paymentswitch_act", args=["stop"]),
        "search": f"{reverse('admin:search')}?q=nobody",
    }


@dataclass
class Looker:
    """A reader who opens a page after the other and notes the faults."""

    person: Person
    pictures: Path | None
    wrong: list[str] = field(default_factory=list)

    def visit(self, name: str, url: str) -> None:
        """Look at the page in light, then as narrow as a phone, then, loaded anew, in dark."""
        page = self.person.page
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        response = self.person.open(url)
        if response.status != 200:
            self.wrong.append(f"{name}: {response.status}")
        self._look(name, "light", RULES)
        page.set_viewport_size(PHONE)
        self._look(name, "390px", RULES)
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="dark")
        page.reload()
        self._look(name, "dark", COLOURS)
        self.wrong += [f"{name}: {fault}" for fault in self.person.faults]
        self.person.faults.clear()

    def _look(self, name: str, look: str, rules: list[str]) -> None:
        page = self.person.page
        page.wait_for_function("document.fonts.status === 'loaded'")
        # The timeline of a row's page loads by itself.
        page.wait_for_function("!document.querySelector('[hx-trigger=load]')")
        if self.pictures:
            page.screenshot(path=self.pictures / f"{name}-{look}.png", full_page=True)
        if (sticks_out := page.evaluate(STICKS_OUT)) > 0:
            self.wrong.append(f"{name}, {look}: {sticks_out} px wider than the window")
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        self.wrong += [f"{name}, {look}: {fault}" for fault in page.evaluate(FAULTS, rules)]


def test_the_main_pages_are_whole_and_open_to_everybody(staff: Staff, request):
    pictures = request.config.getoption("screenshots")
    stranger = Looker(staff.stranger("superuser"), pictures)
    stranger.visit("log-in", reverse("admin:login"))
    superuser = Looker(staff.sit("superuser"), pictures)
    for name, url in main_pages().items():
        superuser.visit(name, url)

    assert [*stranger.wrong, *superuser.wrong] == []
