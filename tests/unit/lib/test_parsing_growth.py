"""Parsers of outside text: eight times the input takes about eight times the work, for any input."""

import contextlib
import gc
import time
from collections.abc import Callable

import pytest
from rest_framework.exceptions import ParseError

from gigstream.api.parsing import LARGEST_BODY, MOST_NAMES, parse_json
from gigstream.core import money, spreadsheets
from gigstream.core.errors import Refusal
from gigstream.core.people import masking
from platforms.platforms.selectors import _KEY
from workers.wallets.messages import _MESSAGE

SMALL, LARGE = 30_000, 240_000
# Eight times the input is 64 times the work for a quadratic parser, 8 for a parser that looks at each byte
# once.
MOST_GROWTH = 24
DEEP = b"[" * 33


def names(count: int, last: bytes) -> bytes:
    return b"{" + b",".join(b'"%d":0' % number for number in range(count)) + b"," + last + b"}"


def json_of(body: Callable[[int], bytes]) -> Callable[[int], Callable[[], object]]:
    def build(size: int) -> Callable[[], object]:
        made = body(size)
        return lambda: parse_json(made)

    return build


def text_for(
    use: Callable[[str], object], text: Callable[[int], str]
) -> Callable[[int], Callable[[], object]]:
    def build(size: int) -> Callable[[], object]:
        made = text(size)
        return lambda: use(made)

    return build


# The input (by its size in bytes) and its parser.
WORST_CASES: dict[str, Callable[[int], Callable[[], object]]] = {
    "names, one twice at the end": json_of(lambda size: names(size // 10, b'"0":1')),
    "objects full of names": json_of(
        lambda size: b"[" + b",".join([names(900, b'"a":1')] * (size // 8_900)) + b"]"
    ),
    "escaped quotes in a string that nobody closes": json_of(lambda size: DEEP + b'"' + b'\\"' * (size // 2)),
    "quotes": json_of(lambda size: DEEP + b'"' * size),
    "backslashes": json_of(lambda size: DEEP + b'"' + b"\\" * (size - 1)),
    "quote and backslash in turn": json_of(lambda size: DEEP + b'"\\' * (size // 2)),
    "a long number": json_of(lambda size: b"1" * size),
    "a long fraction": json_of(lambda size: b"1." + b"3" * size),
    "empty lists": json_of(lambda size: b"[" + b",".join([b"[]"] * (size // 3)) + b"]"),
    "text beyond ASCII": json_of(lambda size: b'"' + "é".encode() * (size // 2) + b'"'),
    "line breaks before a fault": json_of(lambda size: b"\n" * size + b"x"),
    "a word without an at sign": text_for(masking.mask_text, lambda size: "a" * size),
    "an address without a dot": text_for(masking.mask_text, lambda size: "a@" + "b" * size),
    "at signs": text_for(masking.mask_text, lambda size: "a@" * (size // 2)),
    "plus signs and digits": text_for(masking.mask_text, lambda size: "+1" * (size // 2)),
    "hexadecimal digits": text_for(masking.mask_text, lambda size: "0x" + "0x" * (size // 2)),
    "spaces before no formula": text_for(spreadsheets.plain_text, lambda size: " " * size + "x"),
    "digits of an amount": text_for(money.exact_amount, lambda size: "1" * size),
    "an API key": text_for(_KEY.fullmatch, lambda size: "gs_test_abcd_" + "a" * size + "!"),
    "a message of a wallet": text_for(_MESSAGE.fullmatch, lambda size: "a://" * (size // 4)),
    "a statement of a wallet": text_for(
        _MESSAGE.fullmatch,
        lambda size: (
            "a wants you to sign in with your Ethereum account:\n0x"
            + "0" * 40
            + "\n\n"
            + "a" * size
            + "\nURI"
        ),
    ),
}


def seconds_of(run: Callable[[], object]) -> float:
    """Return the processor time of the quickest of five runs, refusals included, without collections of
    garbage: those grow with the objects that all tests before have left, and not with the input."""
    quickest = float("inf")
    gc.disable()
    try:
        for _ in range(5):
            begun = time.process_time()
            with contextlib.suppress(ParseError, Refusal):
                run()
            quickest = min(quickest, time.process_time() - begun)
    finally:
        gc.enable()
    return quickest


@pytest.mark.parametrize("name", WORST_CASES)
def test_eight_times_the_input_is_no_more_than_its_share_of_work(name: str) -> None:
    small, large = (seconds_of(WORST_CASES[name](size)) for size in (SMALL, LARGE))

    # Less than a hundredth of a second at the largest is no way to hold a processor.
    assert large < max(MOST_GROWTH * small, 0.01), f"{SMALL}: {small:.5f} s, {LARGE}: {large:.5f} s"


def test_an_object_has_at_most_a_thousand_names() -> None:
    assert len(parse_json(names(MOST_NAMES - 1, b'"a":1'))) == MOST_NAMES
    with pytest.raises(ParseError, match="at most 1,000 names"):
        parse_json(names(MOST_NAMES, b'"a":1'))


def test_a_repeated_name_is_named() -> None:
    with pytest.raises(ParseError, match="the name '7' is given twice"):
        parse_json(names(500, b'"7":1'))


def test_brackets_within_a_string_are_no_depth() -> None:
    text = r"\"[[" * 40

    assert parse_json(b'["%s"]' % text.encode()) == [text.replace("\\", "")]
    assert LARGEST_BODY > LARGE
