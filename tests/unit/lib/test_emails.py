"""Email addresses: each, in any spelling, is kept as the same text, to which every server can deliver."""

import unicodedata

import pytest

from gigstream.core.people.emails import InvalidEmail, normal_email

ANA = "ana@example.com"
BOOKS = "ana@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (ANA, ANA),
        (" ana@example.com ", ANA),
        ("ANA@EXAMPLE.COM", ANA),
        ("ana+pay@example.com", "ana+pay@example.com"),
        ("ana@b\u00fccher.example", BOOKS),
        ("ana@BU\u0308CHER.example", BOOKS),
        (unicodedata.normalize("NFD", "ana@b\u00fccher.example"), BOOKS),
        (BOOKS, BOOKS),
        ("ana@XN--BCHER-KVA.example", BOOKS),
        ("ana@ex\u24d0mple.com", ANA),  # circled a
        ("ana@\uff45xample.com", ANA),  # full width e
        ("ana@\u017fhop.example", "ana@shop.example"),  # long s
        # A letter of its own: dotless i. It is another domain, and never taken for the domain with i.
        ("ana@\u0131shop.example", "ana@xn--shop-kza.example"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_spellings_of_one_address_are_kept_as_one(written, kept):
    assert normal_email(written) == kept
    assert normal_email(kept) == kept
    assert kept.isascii()


@pytest.mark.parametrize(
    "written",
    [
        "x@" + "\u00fc" * 63 + ".com",  # no label of DNS is so long in ASCII
        "\u00fc@example.com",
        "an\u00e4@example.com",
        "a\u00adna@example.com",  # soft hyphen
        "ana@exa\u00admple.com",
        "\u24d0na@example.com",  # circled a
        "an\u2024a@example.com",  # the single dot leader
        "ana@example\u2024com",
        "\u017fam@example.com",  # long s
        "m\u0131ke@example.com",  # dotless i
        "ana\u200b@example.com",
        "a" * 65 + "@example.com",
        "ana@localhost",
        "ana@mail.local",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        '"ana lima"@example.com',
        "Ana <ana@example.com>",
        "ana@example.com, bo@example.com",
        "ana@example.com\nBcc: bo@example.com",
        "ana..lima@example.com",
        ".ana@example.com",
        "ana@example.com.",
        "ana@-example.com",
        "ana",
        "@example.com",
        "ana@",
        "",
        "\x00@example.com",
        "ana@" + "a." * 130 + "com",
    ],
)
def test_what_no_letter_can_reach_everywhere_is_refused(written):
    with pytest.raises(InvalidEmail, match="must be an email address") as refusal:
        normal_email(written)
    assert (refusal.value.code, refusal.value.status) == ("invalid_email", 400)
