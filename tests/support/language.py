"""The words of the code: docstrings, comments, and the names of functions at module level."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.repository import name_of, text_files, tree_of

WORD = re.compile(r"[a-z][a-z']*")
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
Functions = ast.FunctionDef | ast.AsyncFunctionDef
# Decorators of functions that are used as a value.
VALUES = ("property", "fixture")


@dataclass(frozen=True)
class Docstring:
    """A docstring, its place, and its owner's kind: `function`, `noun` (a class or module), or `other`."""

    place: str
    kind: str
    text: str

    @property
    def first_word(self) -> str:
        return self.text.split()[0].strip(",.:;`").lower()


@cache
def sources() -> tuple[Path, ...]:
    """Return the Python files of the product and its tests, without migrations."""
    return tuple(path for path in text_files() if path.suffix == ".py" and "migrations" not in path.parts)


@cache
def docstrings() -> tuple[Docstring, ...]:
    """Return every docstring."""
    return tuple(
        Docstring(f"{name_of(path)}:{getattr(node, 'lineno', 1)}", _kind_of(node), text)
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, Documented) and (text := ast.get_docstring(node))
    )


def _kind_of(node: Documented) -> str:
    """Return the kind of a docstring's owner.

    A property or fixture may be read as a verb or as a noun, and the name of a test is a sentence already:
    they are `other`.
    """
    if not isinstance(node, Functions):
        return "noun"
    is_value = any(value in ast.unparse(one) for one in node.decorator_list for value in VALUES)
    return "other" if is_value or node.name.startswith("test_") else "function"


def comments() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of every comment."""
    for path in sources():
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type == tokenize.COMMENT:
                yield f"{name_of(path)}:{token.start[0]}", token.string


@cache
def words() -> tuple[tuple[str, str], ...]:
    """Return the place of every docstring and comment with each of its words, in lower case."""
    texts = [*((one.place, one.text) for one in docstrings()), *comments()]
    return tuple((place, word) for place, text in texts for word in WORD.findall(text.lower()))


def module_functions() -> Iterator[tuple[str, str]]:
    """Yield the place and the name of every function at the top of a module of the product."""
    for path in sources():
        if not name_of(path).startswith("tests/"):
            for node in tree_of(path).body:
                if isinstance(node, Functions):
                    yield f"{name_of(path)}:{node.lineno}", node.name
