"""The signal map, as written down, and the receivers of the domain's rules in their places."""

from pathlib import Path

from gigstream.management.commands.signal_map import signal_map

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "signal-map.txt"

# The receivers that the domain names, each in the app that owns the event.
RULES = {
    "update_worker_statistics": {"platforms.figures"},
    "update_platform_statistics": {"platforms.figures"},
    "update_reputation_score": {"reputation.scores"},
    "update_stream_amounts": {"payments.streams"},
    "update_worker_last_active": {"platforms.figures", "payments.settlement.transactions"},
    "update_account_ages": {"workers.profiles"},
}


def listeners() -> dict[str, list[str]]:
    """Return the map as data: each signal, and the dotted names of its receivers."""
    blocks = (block.splitlines() for block in signal_map().strip().split("\n\n"))
    return {announced: [line.strip() for line in lines] for announced, *lines in blocks}


def test_the_committed_map_is_the_real_one():
    assert COMMITTED.read_text(encoding="utf-8") == signal_map(), (
        "who listens to what has changed; see that it is meant, then run"
        " `python manage.py signal_map > docs/signal-map.txt`"
    )


def test_the_six_rules_are_in_the_apps_that_own_the_events():
    found: dict[str, set[str]] = {}
    for names in listeners().values():
        for dotted in names:
            app, _, function = dotted.partition(".receivers.")
            if function in RULES:
                found.setdefault(function, set()).add(app)

    assert found == RULES


def test_each_rule_hears_single_saves_and_batches():
    heard = listeners()

    for announced in ("post_save of platforms.Task", "platforms.tasks_moved_in_bulk"):
        assert "platforms.figures.receivers.update_worker_statistics" in heard[announced]
        assert "platforms.figures.receivers.update_platform_statistics" in heard[announced]
    for announced in ("post_save of payments.Transaction", "payments.transactions_created"):
        assert heard[announced][0] == "payments.settlement.transactions.receivers.update_worker_last_active"
    assert heard["post_save of platforms.Task"][-1] == "platforms.figures.receivers.update_worker_last_active"
    assert heard["pre_save of reputation.ReputationEvent"] == [
        "reputation.scores.receivers.update_reputation_score"
    ]
    assert heard["pre_save of payments.Stream"] == ["payments.streams.receivers.update_stream_amounts"]
    assert heard["workers.day_passed"] == ["workers.profiles.receivers.update_account_ages"]


def test_a_receiver_belongs_to_one_of_our_apps():
    strangers = {
        dotted
        for names in listeners().values()
        for dotted in names
        if dotted != "(nobody)" and ".receivers." not in dotted
    }

    assert strangers == set()
