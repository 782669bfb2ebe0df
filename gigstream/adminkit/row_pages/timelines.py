"""Timelines: all that has happened to a row, in one order, out of sources that the apps register.

Each source reads its own rows through an index, newest first, from the position at which the page before
ended; a page of the timeline merges them by time. The number of statements is that of the sources.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet, TextChoices
from django.http import HttpRequest

from gigstream.adminkit.drawings import may_see
from gigstream.adminkit.names import Names, Pair
from gigstream.adminkit.subjects import subjects_of

PAGE = 40
_BETWEEN = "~"
_SUBJECTS = "_subjects_of_timeline"


class TimelineKind(TextChoices):
    MONEY = "money", "Money"
    STATUS = "status", "Status"
    DECISIONS = "decisions", "Decisions"
    STAFF = "staff", "Staff"
    NOTES = "notes", "Notes"
    MACHINES = "machines", "Machines"


# Kinds of moments, each with the condition of its rows.
Kinds = Mapping[TimelineKind, Q]
# Routine work of machines is left out until it is chosen.
USUAL = frozenset(TimelineKind) - {TimelineKind.MACHINES}


class InvalidPosition(ValueError):
    """A position in a timeline that no page has led to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An event of a timeline. `by`, `requested_by` and `decided_by` are actors as in "staff:3", `about` is
    another row that it leads to, `url` the page with more about it. `change` returns the changed
    values in words, with the names of the rows `named`."""

    at: datetime
    kind: TimelineKind
    text: str
    by: str = ""
    requested_by: str = ""
    decided_by: str = ""
    about: Pair | None = None
    amount: str = ""
    why: str = ""
    change: Callable[[Names], str] | None = None
    named: Sequence[Pair] = ()
    url: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Moments of a source, newest first, each with its position, and whether older ones follow."""

    moments: Sequence[tuple[str, Moment]]
    has_more: bool


class Source(Protocol):
    """A source of moments, for staff who may see the rows of `model`."""

    @property
    def name(self) -> str:
        """The name in positions."""

    @property
    def model(self) -> type[models.Model]:
        """The model of the rows that it reads."""

    @property
    def kinds(self) -> Kinds:
        """The kinds of its moments."""

    def read(self, row: Any, wanted: frozenset[TimelineKind], position: str, most: int) -> Found:
        """Return up to `most` moments of the kinds wanted that are older than the position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """Moments that are rows of a model, one each. `rows` returns the rows of a subject, `at` is the column
    of their time, `is_numbered` says that their ids alone give their order, and `prepare` reads more
    for the moments of a page."""

    name: str
    model: type[models.Model]
    rows: Callable[[Any], QuerySet]
    moment: Callable[[Any], Moment]
    kinds: Kinds
    at: str = "created_at"
    is_numbered: bool = False
    prepare: Callable[[Sequence[Any]], None] = lambda rows: None

    def read(self, row: Any, wanted: frozenset[TimelineKind], position: str, most: int) -> Found:
        """Return up to `most` moments of the kinds wanted that are older than the position."""
        chosen = Q()
        for kind in sorted(self.kinds.keys() & wanted):
            chosen |= self.kinds[kind]
        order = ("-pk",) if self.is_numbered else (f"-{self.at}", "-pk")
        older = self._older_than(position) if position else Q()
        rows = list(self.rows(row).filter(chosen, older).order_by(*order)[: most + 1])
        self.prepare(rows[:most])
        moments = [(self._position_of(one), self.moment(one)) for one in rows[:most]]
        return Found(moments, len(rows) > most)

    def _position_of(self, row: Any) -> str:
        if self.is_numbered:
            return str(row.pk)
        return f"{attrgetter(self.at)(row).isoformat()}{_BETWEEN}{row.pk}"

    def _older_than(self, position: str) -> Q:
        key: Any = self.model._meta.pk
        try:
            if self.is_numbered:
                return Q(pk__lt=key.to_python(position))
            at, _, pk = position.partition(_BETWEEN)
            instant = datetime.fromisoformat(at)
            value = key.to_python(pk)
        except (ValidationError, ValueError) as error:
            raise InvalidPosition(position) from error
        if instant.tzinfo is None:
            raise InvalidPosition(position)
        # The first condition is the range of the index.
        before = Q(**{f"{self.at}__lt": instant}) | Q(pk__lt=value)
        return Q(**{f"{self.at}__lte": instant}) & before


_sources: dict[type[models.Model], list[Source]] = {}
_followed: dict[type[models.Model], Callable[[Any], Sequence[Pair]]] = {}


def add_to_timeline(model: type[models.Model], *sources: Source) -> None:
    """Add the sources to the timeline of the model's rows; those of `models.Model` are in every timeline."""
    _sources.setdefault(model, []).extend(sources)


def sources_of(model: type[models.Model]) -> list[Source]:
    """Return the sources of the model's timeline; one of its own takes the place of one of every model that
    has the same name."""
    own = _sources.get(model, [])
    named = {source.name for source in own}
    return [*own, *(one for one in _sources.get(models.Model, []) if one.name not in named)]


def follow_rows(model: type[models.Model], others: Callable[[Any], Sequence[Pair]]) -> None:
    """Add to the timeline of the model's rows the records about `others`, types and ids, beside those about
    rows that stand for it. `others` may read from the database: it is called once for a row."""
    _followed[model] = others


def timeline_subjects(row: models.Model) -> list[Pair]:
    """Return types and ids of the rows whose records are in the timeline of this one."""
    kept: list[Pair] | None = row.__dict__.get(_SUBJECTS)
    if kept is None:
        others = _followed.get(type(row), lambda row: ())
        kept = row.__dict__[_SUBJECTS] = [*subjects_of(row), *others(row)]
    return kept


def of_subjects(pairs: Sequence[Pair], kind: str, key: str) -> Q:
    """Return the condition of rows about one of these subjects, by the columns of its kind and id."""
    condition = Q()
    for name, value in pairs:
        condition |= Q(**{kind: name, key: value})
    return condition


def kinds_of(model: type[models.Model]) -> list[TimelineKind]:
    """Return the kinds of moments that the model's timeline may have, in their order."""
    known = {kind for source in sources_of(model) for kind in source.kinds}
    return [kind for kind in TimelineKind if kind in known]


@dataclass(slots=True)
class TimelinePage:
    """Moments, newest first, and the position from which the next page goes on, empty at the end."""

    moments: list[Moment] = field(default_factory=list)
    position: str = ""


def read_timeline(
    request: HttpRequest, row: models.Model, *, kind: str = "", position: str = "", most: int = PAGE
) -> TimelinePage:
    """Return a page of the row's timeline: of one kind, or of all but the machines' routine.

    Raises InvalidPosition.
    """
    wanted = frozenset({TimelineKind(kind)}) if kind else USUAL
    places = _decode_position(position)
    sources = [
        one for one in sources_of(type(row)) if wanted & one.kinds.keys() and may_see(request, one.model)
    ]
    found = {one.name: one.read(row, wanted, places.get(one.name, ""), most) for one in sources}
    left = {name: list(reversed(one.moments)) for name, one in found.items()}
    page = TimelinePage()
    # A source whose moments are used up may have newer ones than all others: there the page ends.
    while len(page.moments) < most and not any(found[name].has_more and not left[name] for name in left):
        name = max(filter(left.get, left), key=lambda one: left[one][-1][1].at, default="")
        if not name:
            break
        places[name], moment = left[name].pop()
        page.moments.append(moment)
    if any(left.values()) or any(one.has_more for one in found.values()):
        page.position = _encode_position(places)
    return page


def _encode_position(places: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(places, separators=(",", ":")).encode()).decode()


def _decode_position(text: str) -> dict[str, str]:
    """Return the position within each source by its name. Raises InvalidPosition."""
    if not text:
        return {}
    try:
        places = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, ValueError) as error:
        raise InvalidPosition(text) from error
    if not isinstance(places, dict) or not all(isinstance(one, str) for one in places.values()):
        raise InvalidPosition(text)
    return places
