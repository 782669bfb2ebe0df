"""The text of an advance's terms: the same text for the same terms, and its hash."""

import hashlib
from decimal import Decimal
from uuid import UUID

import pytest

from loans.applications.terms import Terms

WORKER = UUID("01900000-0000-7000-8000-000000000001")
OTHER = UUID("01900000-0000-7000-8000-000000000002")


def test_equal_amounts_have_one_text_however_they_are_written():
    texts = {Terms(WORKER, Decimal(text), 350, 30).text for text in ("100", "100.0", "1E+2", "100.000000")}

    assert texts == {
        "GigStream advance, terms 1\n"
        f"worker: {WORKER}\n"
        "amount: 100.000000 USDC\n"
        "fee: 3.500000 USDC (350 basis points)\n"
        "total due: 103.500000 USDC\n"
        "repayment: up to 20.700000 USDC of each earning, and never more than half of it\n"
        "due: 30 days after the advance is paid out"
    }


def test_the_hash_is_sha256_of_the_text():
    terms = Terms(WORKER, Decimal("2"), 200, 30)

    assert terms.hash == hashlib.sha256(terms.text.encode("utf-8")).hexdigest()
    assert "up to 1.000000 USDC of each earning" in terms.text


@pytest.mark.parametrize(
    "other",
    [
        Terms(OTHER, Decimal("100"), 350, 30),
        Terms(WORKER, Decimal("100.000001"), 350, 30),
        Terms(WORKER, Decimal("100"), 351, 30),
        Terms(WORKER, Decimal("100"), 350, 31),
    ],
)
def test_any_other_term_is_another_hash(other):
    assert Terms(WORKER, Decimal("100"), 350, 30).hash != other.hash
