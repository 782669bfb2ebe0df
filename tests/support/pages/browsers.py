"""People of the staff at their browsers."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, User
from django_otp.oath import totp
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from gigstream.demo.people import STAFF_BY_ROLE, STAFF_PASSWORD, STAFF_USERNAME
from gigstream.staff.models import Authenticator

DESK = {"width": 1280, "height": 900}
# An advance that a person may not approve alone.
FOR_TWO = "450"
SECOND, NEWCOMER = "second@gigstream.example", "newcomer@gigstream.example"


def code_of(key: str, *, ahead: int = 0) -> str:
    """Return the app's code now, or so many steps of 30 seconds later."""
    return f"{totp(bytes.fromhex(key), t0=-30 * ahead):06}"


def hire(username: str, role: str) -> None:
    """Hire another member of staff."""
    member = User.objects.create_user(username, username, STAFF_PASSWORD, is_staff=True)
    member.groups.add(Group.objects.get(name=role))


def give_apps() -> dict[str, str]:
    """Give everybody of the staff an authenticator; return the keys by name."""
    keys = {member: secrets.token_hex(20) for member in User.objects.filter(is_staff=True)}
    for member, key in keys.items():
        Authenticator.objects.create(user=member, key=key, confirmed=True)
    return {member.username: key for member, key in keys.items()}


@dataclass
class Person:
    """Somebody at a desk. `faults` are the browser's complaints: scripts that fail, resources that do not
    load, requests that the content policy forbids."""

    username: str
    page: Page
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, said: ConsoleMessage) -> None:
        # A refused page is reported as an error as well.
        if said.type == "error" and "status of 403" not in said.text:
            self.faults.append(f"{said.location.get('url')}: {said.text}")

    @property
    def main(self) -> Locator:
        """The page without its menu."""
        return self.page.locator("#main")

    def open(self, path: str) -> Response:
        response = self.page.goto(path)
        assert response is not None
        return response

    def sign_in(self, code: str) -> None:
        self.open("/admin/login/")
        self.fills_in(code)

    def fills_in(self, code: str) -> None:
        """Log in on the page that asks for it."""
        self.page.get_by_label("Username").fill(self.username)
        self.page.get_by_label("Password").fill(STAFF_PASSWORD)
        self.page.get_by_label("Code").fill(code)
        self.press("Log in")

    @property
    def menu(self) -> Locator:
        return self.page.locator("#nav-sidebar")

    def goes_to(self, group: str, words: str) -> None:
        """Go there by the menu, whose group may be folded away."""
        entry = self.menu.get_by_role("link", name=words)
        if not entry.is_visible():
            self.menu.get_by_role("button", name=group, expanded=False).press("Enter")
        entry.click()

    def finds(self, name: str) -> None:
        """Find it by the box of the menu."""
        box = self.menu.get_by_role("searchbox")
        box.fill(name)
        box.press("Enter")

    def offer(self, words: str | re.Pattern[str]) -> Locator:
        """Return the buttons with these words, and the links to pages of actions."""
        exact = isinstance(words, str)
        buttons = self.page.get_by_role("button", name=words, exact=exact)
        return buttons.or_(self.main.get_by_role("link", name=words, exact=exact))

    def press(self, words: str) -> None:
        self.offer(words).click()

    def sees(self, *texts: str | re.Pattern[str]) -> None:
        for text in texts:
            expect(self.main).to_contain_text(text)

    def misses(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).not_to_contain_text(text)

    def is_asked(self) -> None:
        """Require that the page describes the act and waits for an answer."""
        expect(self.main.locator("form.confirm")).to_be_visible()

    def confirms(self, words: str, reason: str) -> None:
        """Confirm the page's question, before anything is done."""
        self.is_asked()
        self.main.get_by_label("Reason").fill(reason)
        self.press(words)


def _username(who: str) -> str:
    """Return the username of a role's only member, of the superuser, or of the person with that name."""
    return STAFF_USERNAME if who == "superuser" else STAFF_BY_ROLE.get(who, who)


@dataclass
class Staff:
    """Everybody, each with a browser's profile that stays signed in. `keys` are those of their apps."""

    browser: Browser
    url: str
    keys: dict[str, str]
    profiles: dict[str, BrowserContext] = field(default_factory=dict)

    def profile(self, **options: Any) -> BrowserContext:
        """Open a browser that nobody has signed in with, unless the options say so."""
        return self.browser.new_context(**{"base_url": self.url, "viewport": DESK, **options})

    def stranger(self, who: str) -> Person:
        """Return the person with that name or role, before they sign in."""
        return Person(_username(who), self.profile().new_page())

    def sit(self, who: str) -> Person:
        """Return the person, signed in, with a new page."""
        if who not in self.profiles:
            person = self.stranger(who)
            person.sign_in(code_of(self.keys[person.username]))
            expect(person.page).to_have_url(re.compile("/admin/$"))
            assert person.faults == []
            self.profiles[who] = person.page.context
            return person
        return Person(_username(who), self.profiles[who].new_page())
