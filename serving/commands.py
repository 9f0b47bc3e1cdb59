"""The commands of an operator: who holds a key, and whether the record is whole. They parse, call and print."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features.errors import ConfigError
from features.home import Home

GOOD_FOR_DAYS = 365

access_app = typer.Typer(help="Who may ask: keys, their roles and stations.", no_args_is_help=True)
audit_app = typer.Typer(help="The record of who asked what.", no_args_is_help=True)
console = Console(soft_wrap=True, highlight=False)


@access_app.command()
def grant(
    role: Annotated[str, typer.Option(help="What its holder is; see the table in serving/roles.py.")],
    station: Annotated[str | None, typer.Option(help="The station, for who works at one.")] = None,
    name: Annotated[str, typer.Option(help="Whose key it is, for `access list`.")] = "",
    expires: Annotated[str | None, typer.Option(help="Last day it is good for; a year from now by default.")] = None,
) -> None:
    """Make a key and show it, this once; only a hash of it is kept."""
    from serving.access import granted
    from serving.grants import Asked

    now = datetime.now(UTC)
    until = _day(expires) if expires else now.date() + timedelta(days=GOOD_FOR_DAYS)
    key, made = granted(_home(), Asked(role, station, name, until), now=now)
    console.print(f"{key}")
    console.print(f"It is not shown again. Id {made.key_id}, {made.role}, good until {made.expires_on}.")


@access_app.command("list")
def list_keys() -> None:
    """All keys ever granted, without their secrets."""
    from serving.access import open_grants

    table = Table("id", "role", "station", "name", "granted", "good until", "revoked", box=None)
    for each in open_grants(_home()).all():
        cells = (
            each.key_id,
            each.role,
            each.station,
            each.name,
            each.granted_at[:10],
            each.expires_on,
            each.revoked_at,
        )
        table.add_row(*(escape(cell or "") for cell in cells))
    console.print(table)


@access_app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The id of the key, as `access list` shows it.")]) -> None:
    """Make a key worthless from the next request on."""
    from serving.access import revoked

    gone = revoked(_home(), key_id, now=datetime.now(UTC))
    console.print(f"Revoked: {gone.key_id}, {gone.role}.")


@audit_app.command()
def verify(
    head: Annotated[list[Path] | None, typer.Option(help="A head that was sent elsewhere; may be repeated.")] = None,
) -> None:
    """Check every entry of the record, and that none is gone; ends with 1 when something is wrong."""
    from serving.audit import verify as check

    verdict = check(_home().records, head or [])
    for finding in verdict.findings:
        console.print(f"[red]{finding}[/]")
    alarms = f"; alarms of unusual volume: {verdict.alarms}" if verdict.alarms else ""
    console.print(f"{verdict.entries:,} entries, head {verdict.head.link[:12]} at {verdict.head.seq}{alarms}.")
    if not verdict.whole:
        raise typer.Exit(1)
    console.print("The record is whole.")


def _home() -> Home:
    home = Home.of_environment()
    home.settle()
    return home


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError("access: --expires takes a day such as 2027-12-31.") from None
