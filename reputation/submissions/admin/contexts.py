"""Context of decisions about submissions."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from gigstream.adminkit import (
    ContextLine,
    add_context,
    against,
    isolate_text,
    link_with_reference,
    name_rows_by,
)
from reputation.models import Submission
from reputation.quests.admin.contexts import QuestRecord, quest_records, worker_lines
from reputation.submissions.services.reviewing import describe_reward


def _context(rows: Sequence[Submission]) -> dict[Any, list[ContextLine]]:
    """Return quest, reward, worker and proof, and how often the same file was handed in, by two
    statements."""
    records = quest_records({row.worker_id for row in rows})
    files = {row.sha256 for row in rows if row.sha256}
    counted = Submission.objects.filter(sha256__in=files).order_by().values_list("sha256")
    copies = dict(counted.annotate(count=Count("pk"))) if files else {}
    found = {}
    for row in rows:
        lines = [
            ContextLine("Quest", link_with_reference(row.quest) or ""),
            ContextLine("Reward", describe_reward(row)),
            *worker_lines(row.worker, records.get(row.worker_id, QuestRecord())),
            ContextLine("Proof", isolate_text(row.link or row.get_proof_display())),
        ]
        if copies.get(row.sha256, 0) > 1:
            others = copies[row.sha256] - 1
            lines.append(against("The same file", f"was handed in {others} more times"))
        if row.appeal:
            lines.append(ContextLine("Appeal", isolate_text(row.appeal)))
        found[row.pk] = lines
    return found


add_context(Submission, _context)
name_rows_by(Submission, "quest__title")
