"""Register of the kinds of notices; each app registers its own, with the way in which a role gets them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.notices.enums import NoticeWay

# A member of several roles gets a notice in the first of these ways that one of the roles has.
_STRONGEST_FIRST = (NoticeWay.EMAIL, NoticeWay.DIGEST, NoticeWay.PAGE, NoticeWay.NOTHING)


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notice: `label` says in a letter's subject and on the page what has happened, `when` on the
    page of choices when it comes. `way` holds until a member of staff chooses another, unless `by_role` has
    one for the name of their role."""

    name: str
    label: str
    when: str
    way: NoticeWay
    by_role: Mapping[str, NoticeWay] = field(default_factory=dict)

    def default_way(self, roles: Iterable[str]) -> NoticeWay:
        """Return the way for a member with these roles who has chosen none."""
        found = {self.by_role.get(role, self.way) for role in roles} or {self.way}
        return next(way for way in _STRONGEST_FIRST if way in found)


_kinds: dict[str, NoticeKind] = {}


def register_notice_kind(kind: NoticeKind) -> NoticeKind:
    """Add a kind of notice. Raises ValueError for a name that is registered already."""
    if kind.name in _kinds:
        raise ValueError(f"there are already notices of kind {kind.name}")
    _kinds[kind.name] = kind
    return kind


def all_notice_kinds() -> Mapping[str, NoticeKind]:
    """Return the registered kinds by their names."""
    return _kinds


def find_notice_kind(name: str) -> NoticeKind | None:
    """Return the kind of that name, None for one that only earlier versions have kept."""
    return _kinds.get(name)
