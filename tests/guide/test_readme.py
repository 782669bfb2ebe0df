"""The README's five minutes: its examples give the shown output beside the demo's data."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings
from django.core.management import call_command

from audit.books.services import all_invariants
from gigstream.core.clock import database_now
from gigstream.core.errors import IllegalMove
from payments import services as payments
from payments.models import Stream
from tests.support.factories import settle

README = (Path(settings.BASE_DIR) / "README.md").read_text(encoding="utf-8")
# Indented blocks of a numbered step: a program and, after it, its output.
BLOCKS = [
    (dedent(code), dedent(shown))
    for code, shown in re.findall(r"   ```python\n(.*?)   ```\n   ```\n(.*?)   ```", README, re.DOTALL)
]


def printed(code: str, names: dict[str, object]) -> str:
    out = StringIO()
    with redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - the README's own program
    return out.getvalue()


@pytest.mark.long_form
@pytest.mark.django_db
def test_the_five_minutes_come_out_as_they_are_told():
    call_command("seed_demo", stdout=StringIO())
    assert f"lists {_word(Stream.objects.count())}" in README
    assert f"{_word(Stream.objects.filter(status='active').count())} are active" in README
    names: dict[str, object] = {}
    (pay, paid), (look, looked) = BLOCKS

    assert printed(pay, names) == paid
    payments.create_due_payouts()
    settle(database_now())
    status, amount, tx_hash = printed(look, names).split()
    assert [status, amount] == looked.split()[:2]
    assert re.fullmatch(r"0x[0-9a-f]{64}", tx_hash)
    with pytest.raises(IllegalMove, match="is completed: it may become disputed, not completed"):
        printed("platforms.complete_task(task_id=task.pk)", names)


def test_the_number_of_invariants_is_the_one_that_is_told():
    assert f"{len(all_invariants())} of {len(all_invariants())} invariants hold" in README


def _word(count: int) -> str:
    return ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][count]
