"""A worker's statement on paper."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from gigstream.lib.money import usdc
from payments.statements import Money, Statement

MEDIA_TYPE = "application/pdf"
_MAIN = "NotoSans[wght].ttf"
# In millimetres: the time, the words, the three amounts; together what the page has between its edges.
_WIDTHS = (32, 74, 28, 28, 28)
_HEIGHT = 4.6
_WORDS_FIT = 58
# What stands for a letter that no font here has.
_UNKNOWN = "\ufffd"
_REPLACED = f"Letters that could not be printed stand as {_UNKNOWN}."


def as_pdf(statement: Statement, *, name: str, identity: str, made_at: datetime) -> bytes:
    """The statement as a PDF of A4 pages. `name` may be in any script; where no font here has a letter of it,
    the page says that letters are replaced, and `identity` tells whose it is."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_margins(10, 12)
    pdf.set_auto_page_break(True, margin=15)
    pdf.set_creation_date(made_at)
    pdf.set_title(f"Statement {_span(statement)}")
    pdf.add_page()
    replaced = _take_fonts(pdf, {name, identity, *(line.about for line in statement.lines)})
    _head(pdf, statement, (name.translate(replaced), identity), made_at)
    if _UNKNOWN in replaced.values():
        pdf.cell(0, 6, _REPLACED, new_x="LMARGIN", new_y="NEXT")
    _row(pdf, ("Time (UTC)", "", "Available", "In transit", "Owed"), filled=True)
    _row(pdf, ("", "Opening balance", *_amounts(statement.opening)))
    for line in statement.lines:
        _row(pdf, (f"{line.at:%Y-%m-%d %H:%M:%S}", line.words, *_changes(line.change)))
        if line.about:
            _note(pdf, line.about.translate(replaced))
    _row(pdf, ("", "Closing balance", *_amounts(statement.closing)), filled=True)
    pdf.ln(_HEIGHT)
    _row(pdf, ("Totals", "", "Available", "In transit", "Owed"), filled=True)
    for total in statement.totals:
        _row(pdf, (f"{total.entries} x", total.words, *_changes(total.change)))
    return bytes(pdf.output())


def answer(file: bytes, name: str) -> HttpResponse:
    """The file, under a name that says what it is."""
    return HttpResponse(
        file,
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="statement-{name}.pdf"'},
    )


def _span(statement: Statement) -> str:
    return f"{statement.start:%Y-%m-%d} to {statement.end - timedelta(microseconds=1):%Y-%m-%d}"


def _head(pdf: Any, statement: Statement, whose: Sequence[str], made_at: datetime) -> None:
    _size(pdf, 16)
    pdf.cell(0, 9, "GigStream: statement", new_x="LMARGIN", new_y="NEXT")
    for text in (*whose, f"{_span(statement)}, UTC. Amounts in USDC."):
        _size(pdf, 10)
        pdf.cell(0, 5.5, text, new_x="LMARGIN", new_y="NEXT")
    _size(pdf, 8)
    pdf.cell(0, 6, f"Made at {made_at:%Y-%m-%d %H:%M:%S} UTC.", new_x="LMARGIN", new_y="NEXT")


def _size(pdf: Any, points: int) -> None:
    """The main font in this size, said anew: after letters of another font the page goes on in theirs."""
    pdf.set_font("main", size=points + 1)
    pdf.set_font("main", size=points)


def _row(pdf: Any, cells: Sequence[str], *, filled: bool = False) -> None:
    pdf.set_fill_color(232)
    for number, (width, text) in enumerate(zip(_WIDTHS, cells, strict=True)):
        last = number == len(cells) - 1
        after: dict[str, Any] = {"new_x": "LMARGIN", "new_y": "NEXT"} if last else {}
        pdf.cell(width, _HEIGHT, text, align="R" if number > 1 else "L", fill=filled, **after)


def _note(pdf: Any, text: str) -> None:
    """What the line above is about, in grey, cut to the width that the amounts leave."""
    short = text if len(text) <= _WORDS_FIT else f"{text[:_WORDS_FIT]}…"
    pdf.set_text_color(110)
    pdf.cell(_WIDTHS[0], _HEIGHT)
    pdf.cell(0, _HEIGHT, short, new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(0)
    _size(pdf, 8)


def _amounts(money: Money) -> Iterator[str]:
    return (_amount(value) for value in (money.available, money.in_transit, money.owed))


def _changes(money: Money) -> Iterator[str]:
    """Signed; what did not change is left empty."""
    values = (money.available, money.in_transit, money.owed)
    return (f"{'+' if value > 0 else ''}{_amount(value)}" if value else "" for value in values)


def _amount(value: Decimal) -> str:
    return usdc(value).removesuffix(" USDC")


def _take_fonts(pdf: Any, texts: set[str]) -> Mapping[int, str]:
    """The main font, and of the others those whose letters the texts need. Returns what is to stand for the
    characters that none of them has: nothing for those that cannot be seen."""
    pdf.add_font("main", fname=_folder() / _MAIN)
    pdf.set_font("main", size=8)
    missing = set(map(ord, "".join(texts))) - _letters(_folder() / _MAIN)
    others = []
    for path in _others():
        if missing & _letters(path):
            missing -= _letters(path)
            pdf.add_font(path.stem, fname=path)
            others.append(path.stem)
        if not missing:
            break
    if others:
        pdf.set_fallback_fonts(others, exact_match=False)
        # Joins and orders the letters of scripts that need it.
        pdf.set_text_shaping(True)
    return {one: _UNKNOWN if unicodedata.category(chr(one))[0] in "LMNPS" else "" for one in missing}


@cache
def _folder() -> Path:
    import manimgx_fonts

    return Path(manimgx_fonts.__file__).parent


@cache
def _others() -> Sequence[Path]:
    """The fonts to fall back on, the largest last."""
    import noto_cjk_sans_jp_regular as cjk

    small = (path for path in _folder().glob("*.ttf") if path.name != _MAIN)
    return (*sorted(small), Path(cjk.__file__).parent / cjk.FONT_FILE)


@cache
def _letters(path: Path) -> frozenset[int]:
    """The characters that the font has."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
