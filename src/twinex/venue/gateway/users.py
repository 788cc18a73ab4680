"""Who may log in: users with their password hashes, addresses and limits (`spec/session.md`).

users = Users.read("users.toml")            # made by `twinex venue user`
user = users.find("7")
user.accepts(password)                      # scrypt: some 50 ms, off the hot loop
users.token(user, 20260105)                 # a password for the rest of the day
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_COST, _BLOCK, _PARALLEL = 1 << 14, 8, 1
_SALT_BYTES = 16
TOKEN_CHARACTERS = 10
PASSWORD_MOST = 10
_KEY_BYTES = 32
_NAME, _HASH = re.compile("D?[1-9][0-9]*"), re.compile(r"(?:[0-9a-f]{2})+\$[0-9a-f]{64}")
_NAME_MOST = 6  # characters in a login request
_LIMIT_MOST = 10**9


class UsersInvalid(Exception):  # noqa: N818
    """A users file that cannot be used; the text says what to change."""


def hash_password(password: str) -> str:
    """`salt$hash` in hexadecimal, by scrypt."""
    salt = os.urandom(_SALT_BYTES)
    return f"{salt.hex()}${_scrypt(password, salt).hex()}"


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=32)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class User:
    """A seat (`name` "7") or a member's drop copy ("D12").

    `networks`: from where it may come; none: from anywhere. `messages_per_s`: 0 = no limit.
    Raises ValueError for what is no such user: the gateway relies on it.
    """

    name: str
    password_hash: str = field(repr=False)
    networks: tuple[Network, ...] = ()
    messages_per_s: int = 0

    def __post_init__(self) -> None:
        # "07" would be a second user of seat 7: two sessions on one stream.
        if not _NAME.fullmatch(self.name) or len(self.name) > _NAME_MOST:
            raise ValueError(f"user {self.name!r}: a seat's number, or D and a member's number")
        if not _HASH.fullmatch(self.password_hash):
            raise ValueError(f"user {self.name}: its password is a hash that `venue user` makes")
        if not 0 <= self.messages_per_s <= _LIMIT_MOST:
            raise ValueError(f"user {self.name}: messages_per_s is 0 to {_LIMIT_MOST}")

    @property
    def seat(self) -> int:
        """Its seat; 0 of a drop copy."""
        return 0 if self.member else int(self.name)

    @property
    def member(self) -> int:
        """Of a drop copy its member; else 0."""
        return int(self.name[1:]) if self.name.startswith("D") else 0

    def may_come_from(self, address: str) -> bool:
        """Is it bound to no address, or to this one?"""
        came = ipaddress.ip_address(address)
        return not self.networks or any(came in network for network in self.networks)

    def accepts(self, password: str) -> bool:
        """Is that its password?"""
        salt, _, expected = self.password_hash.partition("$")
        made = _scrypt(password, bytes.fromhex(salt)).hex()
        return hmac.compare_digest(made, expected)


class Users:
    """All users of a market. `key`: the secret behind day tokens; the same on both systems."""

    def __init__(self, users: Iterable[User], key: bytes = b"") -> None:
        self._users: Mapping[str, User] = {user.name: user for user in users}
        self._key = key or os.urandom(_KEY_BYTES)

    def __len__(self) -> int:
        return len(self._users)

    def find(self, name: str) -> User | None:
        """The user of that name."""
        return self._users.get(name)

    def token(self, user: User, trading_day: int) -> str:
        """The day token of a user: good as its password until the day ends."""
        text = f"{trading_day} {user.name}".encode()
        made = hmac.new(self._key, text, hashlib.sha256).digest()
        return base64.b32encode(made)[:TOKEN_CHARACTERS].decode()

    def is_token(self, user: User, trading_day: int, password: str) -> bool:
        """Is that the user's token of this day?"""
        return hmac.compare_digest(self.token(user, trading_day), password)

    @staticmethod
    def content(path: Path | str) -> dict[str, Any]:
        """What a file says. Raises UsersInvalid."""
        try:
            return tomllib.loads(Path(path).read_text())
        except FileNotFoundError:
            raise UsersInvalid(f"{path}: no such file: `twinex venue user` makes it") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsersInvalid(f"{path}: {error}") from error

    @classmethod
    def read(cls, path: Path | str) -> "Users":
        """From a file. Raises UsersInvalid."""
        content = cls.content(path)
        try:
            key = bytes.fromhex(content.pop("token_key", ""))
            users = [_user(name, entry) for name, entry in content.pop("user", {}).items()]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsersInvalid(f"{path}: {error}") from error
        if content:
            raise UsersInvalid(f"{path}: what is {', '.join(content)}? known: token_key, user")
        return cls(users, key)


def users_text(content: Mapping[str, Any]) -> str:
    """A users file. Raises UsersInvalid for a user that `Users.read` would not take."""
    lines = ["# Who may log in: passwords are scrypt hashes, the key makes day tokens. A secret."]
    lines.append(f'token_key = "{content["token_key"]}"')
    for name, entry in content["user"].items():
        try:
            _user(name, entry)
        except (ValueError, TypeError) as error:
            raise UsersInvalid(str(error)) from error
        lines += ["", f"[user.{name}]", *(f"{key} = {json.dumps(entry[key])}" for key in entry)]
    return "\n".join(lines) + "\n"


def _user(name: str, entry: Mapping[str, object]) -> User:
    known = {"password", "addresses", "messages_per_s"}
    if set(entry) - known:
        raise ValueError(f"user {name}: what is {', '.join(sorted(set(entry) - known))}?")
    addresses, limit = entry.get("addresses", []), entry.get("messages_per_s", 0)
    hashed = entry.get("password")
    if not isinstance(hashed, str) or not isinstance(addresses, list) or not isinstance(limit, int):
        raise ValueError(f"user {name}: password (a hash), addresses (a list), messages_per_s")
    return User(name, hashed, tuple(map(ipaddress.ip_network, addresses)), limit)
