"""Names: a line of readable text, in every script."""

import pytest

from gigstream.core.people.names import InvalidName, normal_name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ana  Lima ", "Ana  Lima"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("O'Brien-Smith, Jr. 3rd", "O'Brien-Smith, Jr. 3rd"),
        ("\u0645\u0631\u06cc\u0645 \u0645\u06cc\u200c\u0631\u0648\u062f", None),  # Persian, with a joiner
        ("\u0915\u094d\u200d\u0937", None),  # Hindi, with a joiner
        ("\u05d3\u05d5\u05d3", None),
        ("\u738b\u5c0f\u660e", None),
        ("\U0001f600", None),
        ("5", None),
    ],
)
def test_a_name_is_kept_composed_and_trimmed(written, kept):
    assert normal_name(written) == (written if kept is None else kept)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "\u200b\u200b",  # zero width spaces
        "\u200d",
        "\u3164",  # Hangul filler
        "\u2800",  # empty braille pattern
        "\u0301",  # an accent on nothing
        "Ana\u202eamiL",  # right-to-left override
        "\u2067Ana\u2069",
        "Ana\u200fLima",
        "Ana\u061cLima",
        "Ana\u200bLima",
        "Ana\nLima",
        "Ana\r\nBcc: bo@example.com",
        "Ana\tLima",
        "Ana\x00",
        "Ana\x1b[31m",
        "Ana\u2028Lima",
        "Ana\u0085Lima",
        "Ana\ufeff",
        "Ana\ue000",
    ],
)
def test_what_breaks_the_line_turns_it_around_or_shows_nothing_is_refused(written):
    with pytest.raises(InvalidName) as refusal:
        normal_name(written)
    assert (refusal.value.code, refusal.value.status) == ("invalid_name", 400)
