"""The words that the code is written in, as docs/house.md has them under "Words"."""

import re
from collections import Counter

import pytest

from tests.support.language import docstrings, module_functions, words
from tests.support.repository import ROOT, name_of, text_files

# Words that a docstring of a function does not begin with: it begins with a verb, or with "Whether".
NO_VERB = re.compile(
    r"what|who|whose|whom|where|how|when|why|which|the|a|an|every|all|each|one|no|nothing|nobody|everything"
    r"|something|somebody|whoever|whatever|it|they|those|these|this|that|there|from|in|of|as|at|by|for|to|with"
    r"|after|before|only|another|never|until|its|our|one's|django's|postgresql's|raises|returns|prints|opens"
    r"|does|changes|sends|makes|writes|takes|gives|holds|keeps|tells|says"
)
# Words that the docstring of a class or module does not begin with: it begins with the noun that they are.
NO_NOUN = re.compile(
    r"what|who|whose|whom|where|how|when|why|which|nothing|nobody|everything|whoever|whatever|it|they|those"
    r"|there|same|whether|return|returns"
)
# How often at most, for each 1,000 words of docstrings and comments.
RATES = {
    "what": ({"what", "whatever"}, 2),
    "one": ({"one", "ones"}, 4),
    "ask, tell": ({"ask", "asks", "asked", "asking", "tell", "tells", "told", "telling"}, 1),
}
ONE_WORD_NAMES = 0.2
# Metaphors and homonyms, each with the field's word. The lists of docs/house.md and of this file name them.
BANNED = {
    r"bells?|doorbells?|ring_\w+|_ring": "nudge",
    r"purses?|slips?": "payout batch, TaskPayments, PaymentLine",
    r"doors?": "Endpoint",
    r"witness(es)?": "chain_check",
    r"[Tt]wins?": "simulator",
    r"standing": "status, TaskFigures, CreditAssessment",
    r"whoever|whatever": "the noun",
    r"Told|ask_for|ask_to_\w+|asked_at": "ActionResult, request, enqueue, as_of",
    r"_shown|shown_\w+": "task_as_json",
}
WORDS_OF_CODE = (".py", ".sql", ".html", ".txt")
EXEMPT = {"tests/house/test_language.py", "docs/house.md"}


def test_the_docstring_of_a_function_begins_with_a_verb():
    found = [
        f"{one.place}: {one.text.splitlines()[0]}"
        for one in docstrings()
        if one.kind == "function" and (NO_VERB.fullmatch(one.first_word) or not one.first_word[:1].isalpha())
    ]

    assert found == []


def test_the_docstring_of_a_class_or_module_begins_with_a_noun():
    found = [
        f"{one.place}: {one.text.splitlines()[0]}"
        for one in docstrings()
        if one.kind == "noun"
        and (NO_NOUN.fullmatch(one.first_word) or one.text.lower().startswith("the same"))
    ]

    assert found == []


@pytest.mark.parametrize("kind", RATES)
def test_filler_is_rare(kind):
    counted, most = RATES[kind]
    everything = words()
    places = Counter(place.partition(":")[0] for place, word in everything if word in counted)
    rate = 1000 * places.total() / len(everything)

    assert rate < most, f"{rate:.1f} in 1,000; most of them in {places.most_common(10)}"


def test_few_functions_at_module_level_have_a_name_of_one_word():
    names = list(module_functions())
    short = [f"{place} {name}" for place, name in names if "_" not in name.strip("_")]

    assert len(short) < ONE_WORD_NAMES * len(names), f"{len(short)} of {len(names)}"


@pytest.mark.parametrize("pattern", BANNED)
def test_a_word_that_the_field_does_not_use_is_not_used(pattern):
    word = re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")
    found = []
    for path in text_files():
        name = name_of(path)
        if path.suffix not in WORDS_OF_CODE or name in EXEMPT or not (ROOT / name).is_file():
            continue
        text = path.read_text(encoding="utf-8")
        for hit in word.finditer(text):
            number = text.count("\n", 0, hit.start()) + 1
            found.append(f"{name}:{number}: {text.splitlines()[number - 1].strip()}")

    assert found == [], f"write {BANNED[pattern]}"
