"""`docs/domain.md` against the code: its tables are compared with enums, rules, views and settings."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from gigstream import settings
from gigstream.core.postgres.reports import Report
from loans.applications.enums import LOAN_MOVES
from payments.ledger.entry_kinds import registered_kinds
from payments.ledger.enums import HOUSE_ACCOUNTS, MAY_GO_BELOW_ZERO, PLATFORM_ACCOUNTS, WORKER_ACCOUNTS
from payments.settlement.transactions.enums import TRANSACTION_MOVES
from payments.streams.enums import STREAM_MOVES
from platforms.catalogue.enums import CREATOR_MOVES
from platforms.events.enums import DELIVERY_MOVES
from platforms.tasks.enums import TASK_MOVES
from platforms.usage.enums import FINDING_MOVES
from reputation.scores.enums import TIER_FLOORS, ReputationEventType
from tests.house.test_signal_map import RULES
from tests.support.repository import ROOT, name_of
from workers.profiles.enums import WORKER_MOVES, PayoutSchedule

DOCUMENT = (ROOT / "docs" / "domain.md").read_text(encoding="utf-8")
MOVES = {
    "worker": WORKER_MOVES,
    "task": TASK_MOVES,
    "stream": STREAM_MOVES,
    "transaction": TRANSACTION_MOVES,
    "loan": LOAN_MOVES,
    "webhook delivery": DELIVERY_MOVES,
    "creator": CREATOR_MOVES,
    "finding": FINDING_MOVES,
}
OWNERS = {"worker": WORKER_ACCOUNTS, "platform": PLATFORM_ACCOUNTS, "house": HOUSE_ACCOUNTS}
# A way of a kind of entry: `platform escrow -> worker available`; accounts of the house stand alone.
WAY = re.compile(r"(\w+(?: \w+)?) -> (\w+(?: \w+)?)")


def rows(first_heading: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this heading; each heading is there once."""
    (table,) = re.findall(rf"^\| {first_heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", DOCUMENT, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


def named(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


@pytest.mark.parametrize("model", MOVES)
def test_the_legal_moves_of_a_model_are_those_of_its_enum(model):
    (cell,) = [moves for name, moves in rows("model") if name == model]
    said = {}
    both_ways = re.sub(r"(\w+) <-> (\w+)", r"\1 -> \2; \2 -> \1", cell.split(", by a replay")[0])
    for move in both_ways.split("; "):
        before, after = move.split(" -> ")
        said[before] = set(after.split(", "))
    each = said.pop("each of these", set())
    said |= {status: each for status in said.get("pending", ()) if each}

    assert said == {str(before): set(after) for before, after in MOVES[model].items() if after}


def test_the_accounts_are_those_of_the_ledger():
    said = {(named(name)[0], owner, below) for name, owner, below, _ in rows("account")}

    assert said == {
        (str(name), owner, "yes" if name in MAY_GO_BELOW_ZERO else "no")
        for owner, names in OWNERS.items()
        for name in names
    }


def test_each_kind_of_entry_moves_money_as_the_invariant_allows():
    def of_whom(account: str) -> str:
        return f"house {account}" if account in HOUSE_ACCOUNTS else account

    said = {
        (kind, of_whom(debit), of_whom(credit))
        for kinds, ways in rows("kind")
        for kind in named(kinds)
        for debit, credit in WAY.findall(ways)
    }

    assert said == {(kind.name, *move) for kind in registered_kinds() for move in kind.moves}


def test_every_module_with_invariants_has_its_row():
    folders = (Path(app.path) for app in apps.get_app_configs())
    own = [folder for folder in folders if folder.parent in (ROOT, ROOT / "gigstream")]
    modules = {
        path for folder in own for path in folder.rglob("*.py") if "    Invariant(" in path.read_text()
    }
    said = {path for where, _ in rows("where") for path in re.findall(r"`([\w/]+\.py)`", where)}

    assert said == {name_of(path) for path in modules}


def first_words(heading: str) -> set[str]:
    """Return the words in backticks in the first column of a table."""
    return {name for first, *_ in rows(heading) for name in named(first)}


def test_the_rules_the_views_and_the_words_are_all_there():
    views = {model._meta.db_table for model in apps.get_models() if issubclass(model, Report)}

    assert first_words("receiver") == set(RULES)
    assert first_words("view") == views
    assert first_words("schedule") == set(PayoutSchedule.values)
    assert first_words("event") == set(ReputationEventType.values)
    text = " ".join(DOCUMENT.split())
    assert [tier for floor, tier in TIER_FLOORS if floor and f"{tier} from {floor}" not in text] == []


def test_the_numbers_are_the_defaults_of_the_settings():
    """A setting stands in parentheses behind its number, or before it: `PAYOUT_MINIMUM` (1 USDC)."""
    source = Path(settings.__file__).read_text(encoding="utf-8")
    defaults = dict(re.findall(r'^(\w+) = env\.\w+\("\w+", default="?([\d.]+)"?\)', source, re.MULTILINE))
    checked, wrong = set(), []
    for match in re.finditer(r"\(`([A-Z_]+)`\)|`([A-Z_]+)` \(", DOCUMENT):
        name = match[1] or match[2]
        if name not in defaults:
            continue
        checked.add(name)
        near = DOCUMENT[match.start() - 70 : match.start()] if match[1] else DOCUMENT[match.end() :][:10]
        if not re.search(rf"(?<![\d.]){re.escape(defaults[name])}(?![\d.]*\d)", near):
            wrong.append(f"{name} is {defaults[name]}, not as in {near!r}")

    assert len(checked) >= 10
    assert wrong == []
