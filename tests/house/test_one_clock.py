"""Time has one home: `money_clock()` in SQL, `database_now` and `DatabaseNow` in Python."""

import re

from tests.support.repository import ROOT, name_of, text_files

OTHER_CLOCKS = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\(\)"
    r"|\b(?:CURRENT_TIMESTAMP|CURRENT_DATE|LOCALTIMESTAMP)\b|(?<!Database)\bNow\(\)|timezone\.now\b"
    r"|datetime\.(?:now|utcnow)\("
)
PRODUCT = ("audit", "gigstream", "loans", "payments", "platforms", "reputation", "workers")
# Each with the reason why it has a clock of its own.
EXCEPTIONS = {
    "gigstream/core/migrations/sql/money_clock.sql": "the home",
    "gigstream/console/templatetags/staff_calendar.py": "the years that a calendar offers",
    "gigstream/network/mail_files.py": "the name of a file",
    "gigstream/management/commands/demo.py": "how long a start took",
    "platforms/events/services/deliveries.py": "the time of an HTTP request, in its signature",
}
ELSEWHERE = ("gigstream/simulators/",)


def test_nothing_else_reads_a_clock():
    found = []
    for path in text_files():
        name = name_of(path)
        if not name.startswith(PRODUCT) or path.suffix not in {".py", ".sql"} or name in EXCEPTIONS:
            continue
        if name.startswith(ELSEWHERE):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            # When a row was last written, as `auto_now` notes it, decides nothing.
            if OTHER_CLOCKS.search(line) and "updated_at" not in line:
                found.append(f"{name}:{number}: {line.strip()}")

    assert found == []


def test_each_exception_is_needed():
    needless = [name for name in EXCEPTIONS if not OTHER_CLOCKS.search((ROOT / name).read_text("utf-8"))]

    assert needless == []
