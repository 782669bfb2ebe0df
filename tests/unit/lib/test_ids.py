"""Public ids are UUIDv7: unique, and in the order in which they were made."""

from gigstream.core.ids import new_id


def test_ids_are_version_7_unique_and_ordered():
    ids = [new_id() for _ in range(10_000)]

    assert {made.version for made in ids} == {7}
    assert len(set(ids)) == 10_000
    assert ids == sorted(ids)
    assert [str(made) for made in ids] == sorted(str(made) for made in ids)
