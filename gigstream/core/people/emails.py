"""Email addresses in the form in which they are stored, compared and written to."""

from gigstream.core.errors import Refusal

LONGEST = 254


class InvalidEmail(Refusal):
    """The text is not an email address to which every mail server can deliver."""

    code = "invalid_email"
    status = 400


def normal_email(text: str) -> str:
    """Return the address in lower case and ASCII, its domain as DNS has it, so that all spellings of an
    address give the same text. Raise InvalidEmail.

    Before the @ only ASCII is accepted, because servers without SMTPUTF8 (RFC 6531) refuse other addresses;
    domains may be in any script (IDNA 2008, mapped by UTS 46).
    """
    # Imported with the first address: commands, which see none, start sooner.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(" "), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise InvalidEmail(f"must be an email address: {error}") from error
    if found.ascii_email is None or len(found.ascii_email) > LONGEST:
        raise InvalidEmail(f"must be an email address of at most {LONGEST} characters in ASCII")
    return found.ascii_email.lower()
