"""`twinex venue`: a market that strangers can trade on, over TCP."""

import json
import secrets
import signal
import string
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from twinex.commands.options import Durability
from twinex.commands.output import console, error_console, warm_up

if TYPE_CHECKING:
    from twinex.venue.gateway.users import Users
    from twinex.venue.venue import Venue

EPILOG = """
[bold]Examples[/bold]

twinex venue run                        a market to try: CFFEX, four members, open at once

twinex venue user users.toml 1 2 D1     users with new passwords, shown once

twinex venue run shfe --users users.toml --calendar --port 5001

twinex venue do days/20260706 phase phase=no_trading

twinex venue do days/20260706 status
"""
_PASSWORD_LETTERS = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 10

app = typer.Typer(
    help="A market over TCP: run it, let users in, act on it.", no_args_is_help=True, epilog=EPILOG
)


class VenueCommandError(Exception):
    """What was asked for does not fit what is there; the text says what to change."""


@app.command()
def run(
    market: Annotated[
        str, typer.Argument(help="A market of markets/, or the path of a market file (.toml).")
    ] = "cffex",
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The trading day."),
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, max=10_000, help="Member m has seat m, accounts 2m-1 and 2m.")
    ] = 4,
    users: Annotated[
        Path | None,
        typer.Option(help="Who may log in (`twinex venue user`); without it users are made up."),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: one that is free.")] = 5001,
    directory: Annotated[
        Path, typer.Option(help="Where days are kept; this one in its own folder YYYYMMDD.")
    ] = Path("days"),
    durability: Durability = "memory",
    calendar: Annotated[
        bool, typer.Option("--calendar", help="Phases by the market's calendar and the clock.")
    ] = False,
    spin_us: Annotated[
        int, typer.Option(min=0, help="Look for work so long before sleeping: quicker, busier.")
    ] = 50,
) -> None:
    """Serve a market until Ctrl-C, or `twinex venue do DAY stop`. A day that is there goes on.

    Without --calendar every product trades continuously at once.
    """
    from twinex.day.settings import DEFAULT_DAY
    from twinex.venue.gateway.control import Control
    from twinex.venue.gateway.gateway import Gateway
    from twinex.venue.gateway.operator import Operator
    from twinex.venue.reference import load_market

    shown = console()
    warm_up(shown, gateway=True)
    trading_day = date.date() if date else DEFAULT_DAY
    place = directory / f"{trading_day:%Y%m%d}"
    known = _users(users, members, shown)
    with _opened(market, trading_day, members, place, durability, calendar) as venue:
        gateway = Gateway(
            venue, known, host=host, port=port, spin_us=spin_us, on_session=_say_session
        )
        operator = Operator(gateway, venue, place)
        control = Control(place, operator.answer)
        for wanted in (signal.SIGINT, signal.SIGTERM):
            signal.signal(wanted, lambda *_: gateway.stop())
        if calendar:
            operator.follow_calendar(load_market(market), trading_day)
        shown.print(
            f"{market}, {trading_day}: members log in at {gateway.address[0]}:{gateway.address[1]}"
            f" (spec/session.md); the day is kept in {place}. Ctrl-C stops.",
            soft_wrap=True,
        )
        try:
            gateway.run()
        finally:
            control.close()
        shown.print(f"stopped at sequence {venue.sequence:,}; run it again and the day goes on")


def _opened(
    market: str, trading_day: Any, members: int, place: Path, durability: Any, calendar: bool
) -> "Venue":
    """The day as it was left in `place`, or a new one."""
    from twinex.venue.opening import open_market
    from twinex.venue.venue import Venue
    from twinex.venue.wire import codes

    options = {"durability": durability, "on_alarm": _say_alarm}
    if place.exists():
        return Venue.reopen(place, **options)
    place.parent.mkdir(parents=True, exist_ok=True)
    phase = codes.PHASE_BEFORE_TRADING if calendar else codes.PHASE_CONTINUOUS
    options |= {"directory": place, "phase": phase}
    return open_market(market, trading_day, members=members, **options).venue


def _users(path: Path | None, members: int, shown: Console) -> "Users":
    """From the file; without one, made up and shown."""
    from twinex.venue.gateway.users import User, Users, hash_password

    if path is not None:
        return Users.read(path)
    passwords = {str(seat): _new_password() for seat in range(1, members + 1)}
    _show_passwords(passwords, shown)
    return Users(User(name, hash_password(word)) for name, word in passwords.items())


@app.command()
def user(
    file: Annotated[Path, typer.Argument(help="The users file (TOML); made if it is not there.")],
    names: Annotated[
        list[str], typer.Argument(help="Seats' numbers, or D and a member's number (drop copies).")
    ],
    address: Annotated[
        list[str] | None,
        typer.Option(help="From where they may come (192.0.2.7, 192.0.2.0/24); again for more."),
    ] = None,
    messages_per_s: Annotated[int, typer.Option(min=0, help="Its limit; 0 = none.")] = 0,
) -> None:
    """Give users a new password each, shown once; the file keeps its hash alone."""
    from twinex.venue.gateway.users import Users, hash_password, users_text

    content: dict[str, Any] = {"token_key": secrets.token_hex(32)}
    if file.exists():
        content = Users.content(file)
    passwords = {name: _new_password() for name in names}
    for name, word in passwords.items():
        entry: dict[str, object] = {"password": hash_password(word), "addresses": address or []}
        content.setdefault("user", {})[name] = entry | {"messages_per_s": messages_per_s}
    text = users_text(content)
    file.touch(mode=0o600)
    file.write_text(text)
    _show_passwords(passwords, console())


def _new_password() -> str:
    return "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_LENGTH))


def _show_passwords(passwords: dict[str, str], shown: Console) -> None:
    table = Table(box=None)
    table.add_column("user")
    table.add_column("password (shown once)")
    for name, word in passwords.items():
        table.add_row(name, word)
    shown.print(table)


@app.command(name="do")
def do(
    day: Annotated[Path, typer.Argument(help="The directory of the day that runs.")],
    what: Annotated[str, typer.Argument(help="status, phase, halt, limits, kick, end or stop.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="What it needs.")
    ] = None,
) -> None:
    """Ask a running venue to do something.

    status · phase phase=continuous, with product=1 for one of them · halt instrument=1, with
    halted=0 to go on · limits instrument=1 lower_limit=N upper_limit=N (1/10000) · kick user=7 ·
    end (of the day) · stop
    """
    from twinex.venue.gateway.control import ask

    request: dict[str, object] = {"do": what}
    for field in fields or []:
        name, equals, value = field.partition("=")
        if not equals:
            raise VenueCommandError(f"{field!r}: a name, =, and a value")
        request[name] = int(value) if value.lstrip("-").isdecimal() else value
    done = ask(day, request)
    shown = console()
    if isinstance(done, dict):
        shown.print_json(json.dumps(done))
    else:
        shown.print(done)


def _say_session(what: str, who: str, address: str) -> None:
    error_console().print(f"{what.lower()} user {who} from {address}")


def _say_alarm(text: str) -> None:
    error_console().print(f"[bold red]alarm[/] {text}")
