"""Statements of workers as PDF files."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from gigstream.core.money import usdc
from payments.statements.selectors.statements import Money, Statement

MEDIA_TYPE = "application/pdf"
_MAIN = "NotoSans[wght].ttf"
# In millimetres: the time, the words, the three amounts; together the width between the margins.
_WIDTHS = (32, 74, 28, 28, 28)
_HEIGHT = 4.6
_WORDS_FIT = 58
# Stands for a letter that no font here has.
_UNKNOWN = "\ufffd"
_REPLACED = f"Letters that could not be printed stand as {_UNKNOWN}."


def as_pdf(statement: Statement, *, name: str, identity: str, made_at: datetime) -> bytes:
    """Return the statement as a PDF of A4 pages. `name` may be in any script; where no font here has a letter
    of it, the page says that letters are replaced, and `identity` identifies the worker."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_margins(10, 12)
    pdf.set_auto_page_break(True, margin=15)
    pdf.set_creation_date(made_at)
    pdf.set_title(f"Statement {_span_text(statement)}")
    pdf.add_page()
    replaced = _take_fonts(pdf, {name, identity, *(line.about for line in statement.lines)})
    _write_head(pdf, statement, (name.translate(replaced), identity), made_at)
    if _UNKNOWN in replaced.values():
        pdf.cell(0, 6, _REPLACED, new_x="LMARGIN", new_y="NEXT")
    _write_row(pdf, ("Time (UTC)", "", "Available", "In transit", "Owed"), filled=True)
    _write_row(pdf, ("", "Opening balance", *_balance_texts(statement.opening)))
    for line in statement.lines:
        _write_row(pdf, (f"{line.at:%Y-%m-%d %H:%M:%S}", line.words, *_change_texts(line.change)))
        if line.about:
            _write_note(pdf, line.about.translate(replaced))
    _write_row(pdf, ("", "Closing balance", *_balance_texts(statement.closing)), filled=True)
    pdf.ln(_HEIGHT)
    _write_row(pdf, ("Totals", "", "Available", "In transit", "Owed"), filled=True)
    for total in statement.totals:
        _write_row(pdf, (f"{total.entries} x", total.words, *_change_texts(total.change)))
    return bytes(pdf.output())


def pdf_response(file: bytes, name: str) -> HttpResponse:
    """Return the response that downloads the file as `statement-{name}.pdf`."""
    return HttpResponse(
        file,
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="statement-{name}.pdf"'},
    )


def _span_text(statement: Statement) -> str:
    return f"{statement.start:%Y-%m-%d} to {statement.end - timedelta(microseconds=1):%Y-%m-%d}"


def _write_head(pdf: Any, statement: Statement, owner: Sequence[str], made_at: datetime) -> None:
    _set_size(pdf, 16)
    pdf.cell(0, 9, "GigStream: statement", new_x="LMARGIN", new_y="NEXT")
    for text in (*owner, f"{_span_text(statement)}, UTC. Amounts in USDC."):
        _set_size(pdf, 10)
        pdf.cell(0, 5.5, text, new_x="LMARGIN", new_y="NEXT")
    _set_size(pdf, 8)
    pdf.cell(0, 6, f"Made at {made_at:%Y-%m-%d %H:%M:%S} UTC.", new_x="LMARGIN", new_y="NEXT")


def _set_size(pdf: Any, points: int) -> None:
    """Set the main font in this size. Setting it twice brings it back after letters of another font."""
    pdf.set_font("main", size=points + 1)
    pdf.set_font("main", size=points)


def _write_row(pdf: Any, cells: Sequence[str], *, filled: bool = False) -> None:
    pdf.set_fill_color(232)
    for number, (width, text) in enumerate(zip(_WIDTHS, cells, strict=True)):
        last = number == len(cells) - 1
        after: dict[str, Any] = {"new_x": "LMARGIN", "new_y": "NEXT"} if last else {}
        pdf.cell(width, _HEIGHT, text, align="R" if number > 1 else "L", fill=filled, **after)


def _write_note(pdf: Any, text: str) -> None:
    """Write the subject of the line above, in grey, cut to the width that the amounts leave."""
    short = text if len(text) <= _WORDS_FIT else f"{text[:_WORDS_FIT]}…"
    pdf.set_text_color(110)
    pdf.cell(_WIDTHS[0], _HEIGHT)
    pdf.cell(0, _HEIGHT, short, new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(0)
    _set_size(pdf, 8)


def _balance_texts(money: Money) -> Iterator[str]:
    return (_amount_text(value) for value in (money.available, money.in_transit, money.owed))


def _change_texts(money: Money) -> Iterator[str]:
    """Yield the changes with their signs, and an empty text for no change."""
    values = (money.available, money.in_transit, money.owed)
    return (f"{'+' if value > 0 else ''}{_amount_text(value)}" if value else "" for value in values)


def _amount_text(value: Decimal) -> str:
    return usdc(value).removesuffix(" USDC")


def _take_fonts(pdf: Any, texts: set[str]) -> Mapping[int, str]:
    """Load the main font, and the other fonts whose letters the texts need. Return the replacements of the
    characters that none of them has: an empty text for invisible characters."""
    pdf.add_font("main", fname=_font_folder() / _MAIN)
    pdf.set_font("main", size=8)
    missing = set(map(ord, "".join(texts))) - _letters_of(_font_folder() / _MAIN)
    others = []
    for path in _other_fonts():
        if missing & _letters_of(path):
            missing -= _letters_of(path)
            pdf.add_font(path.stem, fname=path)
            others.append(path.stem)
        if not missing:
            break
    if others:
        pdf.set_fallback_fonts(others, exact_match=False)
        # Joins and orders the letters of scripts that need it.
        pdf.set_text_shaping(True)
    return {code: _UNKNOWN if unicodedata.category(chr(code))[0] in "LMNPS" else "" for code in missing}


@cache
def _font_folder() -> Path:
    import manimgx_fonts

    return Path(manimgx_fonts.__file__).parent


@cache
def _other_fonts() -> Sequence[Path]:
    """Return the fonts to fall back on, the largest last."""
    import noto_cjk_sans_jp_regular as cjk

    small = (path for path in _font_folder().glob("*.ttf") if path.name != _MAIN)
    return (*sorted(small), Path(cjk.__file__).parent / cjk.FONT_FILE)


@cache
def _letters_of(path: Path) -> frozenset[int]:
    """Return the characters that the font has."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
