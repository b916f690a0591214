from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from db.accounts.users import Role
from resolvers.rules import Clean, Input, NotNull, TimeZone, lowered, optional, stripped

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200


def _email(value: str) -> str:
    return validate_email(value, check_deliverability=False).normalized.lower()


def account_name(identifier: str) -> str:
    """A user name, or an e-mail address as it was kept when it was registered."""
    name = lowered(identifier[:254]).replace("\x00", "")
    try:
        return _email(name)
    except EmailNotValidError:
        return name


Email = Annotated[str, StringConstraints(max_length=254), BeforeValidator(lowered), AfterValidator(_email)]
Username = Annotated[
    str, StringConstraints(min_length=3, max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]*$"), BeforeValidator(lowered)
]
Password = Annotated[str, StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)]


Name = Annotated[str, stripped(100), Clean]


class Register(Input):
    """A new user."""

    email: Email = Field(description="Unique; compared in lower case.")
    name: Name = Field(description="What others see, 1 to 100 characters.")
    password: Password = Field(description="8 to 200 characters.")
    username: Username | None = optional("Another name to sign in with; unique, lower case.")
    time_zone: TimeZone = Field("UTC", description="IANA name, such as Europe/Berlin; tells when a day begins.")


class UpdateUser(Input):
    """What is left out stays as it is."""

    email: Annotated[Email | None, NotNull] = optional("Unique; compared in lower case.")
    name: Annotated[Name | None, NotNull] = optional("1 to 100 characters.")
    username: Username | None = optional("Another name to sign in with; null takes it away.")
    time_zone: Annotated[TimeZone | None, NotNull] = optional("IANA name, such as Europe/Berlin.")


class ChangePassword(Input):
    """A new password for oneself."""

    current_password: str = Field(description="The one in force.", max_length=LONGEST_PASSWORD)
    new_password: Password = Field(description="8 to 200 characters.")


class UserFilter(Input):
    """All that is given must hold."""

    role: Role | None = optional("Exactly this role.")
    search: Name | None = optional("A part of name or e-mail address, in any case.")
