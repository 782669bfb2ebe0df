"""The main pages in light, dark and 390 px: nothing sticks out, fails to load or keeps people out."""

import pytest
from django.urls import reverse

from loans.models import Loan
from payments.models import Stream, Transaction
from platforms.models import Dispute, Platform
from tests.browser.chromium import AXE
from tests.browser.staff import DESK, Person, Staff
from workers.models import Worker

pytestmark = pytest.mark.django_db

LOOKS = {
    "light": {"color_scheme": "light", "viewport": DESK},
    "dark": {"color_scheme": "dark", "viewport": DESK},
    "390px": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True},
}
FAULTS = """async () => {
    const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]});
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
        "search": f"{reverse('admin:search')}?q=nobody",
    }


@pytest.mark.parametrize("look", LOOKS)
def test_the_main_pages_are_whole_and_open_to_everybody(staff: Staff, request, look):
    pictures = request.config.getoption("screenshots")
    axe = AXE.read_text(encoding="utf-8")
    profile = staff.signed_in("superuser", **LOOKS[look], reduced_motion="reduce")
    wrong = []
    stranger = staff.profile(**LOOKS[look])
    visits = [(stranger, "log-in", reverse("admin:login"))]
    visits += [(profile, name, url) for name, url in main_pages().items()]
    for context, name, url in visits:
        person = Person("superuser", context.new_page())
        response = person.open(url)
        person.page.wait_for_function("document.fonts.status === 'loaded'")
        if pictures:
            person.page.screenshot(path=pictures / f"{name}-{look}.png", full_page=True)
        if response.status != 200:
            wrong.append((name, response.status))
        if (sticks_out := person.page.evaluate(STICKS_OUT)) > 0:
            wrong.append((name, f"{sticks_out} px wider than the window"))
        person.page.evaluate(axe)
        wrong += [(name, fault) for fault in [*person.page.evaluate(FAULTS), *person.faults]]
        person.page.close()

    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong)
