"""The risk score's own SQL over figures of every size: its bounds, and figures that may only help or only
harm."""

import itertools
import random
from pathlib import Path

import pytest
from django.conf import settings
from psycopg.types.json import Jsonb

from gigstream.core import sql
from loans.policy.reports import POINTS, WorkerRiskAssessment
from loans.policy.selectors.factors import factors_of
from tests.support.factories import WorkerFactory

pytestmark = pytest.mark.django_db
VIEW = Path(settings.BASE_DIR) / "loans" / "migrations" / "sql" / "worker_risk_assessment.sql"
# The inputs of the rule, by their names in the view: the least and the most.
FACTS = {
    "w.reputation_score": (0, 1000),
    "age.days": (0, 400),
    "work.completed_tasks": (0, 120),
    "work.counted_tasks": (0, 120),
    "work.on_time_tasks": (0, 120),
    "work.completed_tasks_30_days": (0, 60),
    "work.ended_tasks_30_days": (0, 60),
    "work.counted_rating": (None, 1, 5),
    "disputed.disputes": (0, 9),
    "lent.ended_loans": (0, 12),
    "lent.repaid_on_time_loans": (0, 12),
    "pay.weeks_with_earnings": (0, 8),
    "pay.variation": (None, 0, 3),
}
BEST = {name: bounds[-1] for name, bounds in FACTS.items()} | {"disputed.disputes": 0, "pay.variation": 0}


def rule():
    """Return the text of the view from the points to the score."""
    text = VIEW.read_text(encoding="utf-8")
    begins = text.index("CROSS JOIN LATERAL (\n    SELECT round(w.reputation_score")
    ends = text.index("CROSS JOIN LATERAL", text.index(") points", begins))
    return text[begins : text.index(") risk", ends) + len(") risk")]


def scored(people):
    """Return the points and scores of these people, each figure by its name."""
    groups = {name.partition(".")[0] for name in FACTS}
    columns = {
        group: ", ".join(
            f"(fact->>'{name}')::numeric AS {name.partition('.')[2]}"
            for name in FACTS
            if name.startswith(f"{group}.")
        )
        for group in groups
    }
    lateral = " ".join(f"CROSS JOIN LATERAL (SELECT {columns[group]}) {group}" for group in columns)
    statement = f"""
        SELECT points.*, risk.score
        FROM jsonb_array_elements(%(people)s::jsonb) WITH ORDINALITY AS people(fact, number)
        {lateral} {rule()} ORDER BY number
    """
    return sql.rows(statement, {"people": Jsonb(people)})


def someone(chance):
    """Facts that can be together."""
    person = {}
    for name, (*lowest, highest) in FACTS.items():
        if None in lowest and chance.random() < 0.2:
            person[name] = None
        elif None in lowest:
            person[name] = round(chance.uniform(lowest[-1], highest), 2)
        else:
            person[name] = chance.randint(lowest[0], highest)
    for part, whole in (
        ("work.counted_tasks", "work.completed_tasks"),
        ("work.on_time_tasks", "work.completed_tasks"),
        ("work.completed_tasks_30_days", "work.ended_tasks_30_days"),
        ("lent.repaid_on_time_loans", "lent.ended_loans"),
    ):
        person[part] = min(person[part], person[whole])
    return person


def crowd(seed, count=1500):
    chance = random.Random(seed)
    return [someone(chance) for _ in range(count)]


def test_every_score_is_within_0_and_1000_and_the_rounded_sum_of_its_points():
    found = scored(crowd(1))

    assert all(0 <= row["score"] <= 1000 for row in found)
    for row in found:
        total = sum(row[name] for name in POINTS)
        assert abs(min(max(total, 0), 1000) - row["score"]) <= 0.5
    # The crowd reaches far: a narrow crowd might miss the bounds by chance.
    assert min(row["score"] for row in found) < 250
    assert max(row["score"] for row in found) > 850


HIGHEST = {"reputation": 300, "age": 150, "task": 250, "performance": 200, "dispute": 100}


def test_every_factor_keeps_its_bounds():
    for row in scored(crowd(2)):
        assert all(0 <= row[f"{name}_points"] <= most for name, most in HIGHEST.items())
        assert row["loan_points"] in {-50, 0, 50}
        assert row["earnings_points"] in {-30, 0, 30}


def test_the_least_and_the_most_of_everything():
    worst = {name: bounds[-2] for name, bounds in FACTS.items()} | {
        "disputed.disputes": 9,
        "lent.ended_loans": 4,
        "pay.weeks_with_earnings": 8,
        "pay.variation": 3,
        "work.counted_rating": None,
    }

    low, high = scored([worst, BEST])

    assert (low["score"], high["score"]) == (0, 1000)


@pytest.mark.parametrize(
    "name, sign",
    [
        ("w.reputation_score", 1),
        ("age.days", 1),
        ("work.on_time_tasks", 1),
        ("work.completed_tasks_30_days", 1),
        ("work.counted_rating", 1),
        ("disputed.disputes", -1),
        ("lent.repaid_on_time_loans", 1),
    ],
)
def test_more_of_it_never_harms_or_never_helps(name, sign):
    """All else is equal. More completed tasks are left out: a late task lowers the rate of those on time."""
    people = [one for one in crowd(name, 800) if one[name] is not None]
    more = []
    wholes = {
        "work.on_time_tasks": "work.completed_tasks",
        "work.completed_tasks_30_days": "work.ended_tasks_30_days",
        "lent.repaid_on_time_loans": "lent.ended_loans",
    }
    for one in people:
        most = one[wholes[name]] if name in wholes else FACTS[name][-1]
        more.append({**one, name: min(one[name] + 1, most)})

    before, after = scored(people), scored(more)

    steps = [(new["score"] - old["score"]) * sign for old, new in zip(before, after, strict=True)]
    assert min(steps) >= 0
    assert max(steps) > 0


def test_a_task_completed_on_time_never_harms():
    people = crowd(4)
    ever = ("work.completed_tasks", "work.counted_tasks", "work.on_time_tasks")
    counts = (*ever, "work.completed_tasks_30_days", "work.ended_tasks_30_days")
    more = [{**one, **{name: one[name] + 1 for name in counts}} for one in people]

    before, after = scored(people), scored(more)

    assert all(new["score"] >= old["score"] for old, new in zip(before, after, strict=True))


def test_steady_pay_is_never_worth_less_than_volatile():
    base = someone(random.Random(5)) | {"pay.weeks_with_earnings": 8}
    variations = [0, 0.49, 0.5, 0.75, 1.0, 1.01, 3]

    people = [{**base, "pay.variation": one} for one in variations]

    points = [row["earnings_points"] for row in scored(people)]

    assert points == [30, 30, 0, 0, 0, -30, -30]
    assert all(new <= old for old, new in itertools.pairwise(points))


def test_the_words_know_every_factor_and_its_most():
    factors = factors_of(WorkerRiskAssessment.objects.get(worker=WorkerFactory()))

    assert [f"{one.name}_points" for one in factors] == list(POINTS)
    (best,) = scored([BEST])
    assert [one.highest for one in factors] == [best[name] for name in POINTS]
