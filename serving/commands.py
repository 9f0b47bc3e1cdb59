"""The commands of an operator: who holds a key, and whether the record is whole. They parse, call and print."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from features.errors import ConfigError
from features.home import Home
from features.out_file import to_write
from serving.private_files import keep_to_owner

if TYPE_CHECKING:
    from serving.grants import Grant

GOOD_FOR_DAYS = 365

access_app = typer.Typer(help="Who may ask: keys, their roles and stations.", no_args_is_help=True)
audit_app = typer.Typer(help="The record of who asked what.", no_args_is_help=True)


console = Console(soft_wrap=True, highlight=False)
notices = Console(stderr=True, soft_wrap=True, highlight=False)  # what is no part of the answer: a key can be piped


@access_app.command()
def grant(
    role: Annotated[str, typer.Option(help="What its holder is; see the table in serving/roles.py.")],
    station: Annotated[str | None, typer.Option(help="The station, for who works at one.")] = None,
    name: Annotated[str, typer.Option(help="Whose key it is, for `access list`.")] = "",
    expires: Annotated[str | None, typer.Option(help="Last day it is good for; a year from now by default.")] = None,
    *,
    new_station: Annotated[bool, typer.Option("--new-station", help="The station has no records yet.")] = False,
) -> None:
    """Make a key and show it, this once; only a hash of it is kept."""
    from serving.access import granted
    from serving.grants import Asked

    now, home = datetime.now(UTC), Home.settled()
    until = _until(expires, today=now.date()) if expires else now.date() + timedelta(days=GOOD_FOR_DAYS)
    if station and not new_station:
        _refuse_unknown(home, station)
    key, made = granted(home, Asked(role, station, name, until), now=now)
    console.print(f"{key}")
    notices.print(f"It is not shown again. Id {made.key_id}, {made.role}, good until {made.expires_on}.")


@access_app.command("list")
def list_keys(
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write them to this file.", callback=to_write(option="--json"))
    ] = None,
) -> None:
    """All keys ever granted, without their secrets."""
    from serving.access import open_grants

    grants = open_grants(Home.settled()).all()
    console.print(_table(grants))
    if json_file is not None:
        keep_to_owner(json_file)
        plain = {"keys": [asdict(each) for each in grants]}
        json_file.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        console.print(f"written: {json_file}")


def _table(grants: "Sequence[Grant]") -> Table:
    """A line for each key. In a narrow window cells wrap; ids, roles and days stay whole, even over the edge."""
    table = Table(box=None)
    whole = {
        "id": [each.key_id for each in grants],
        "role": [each.role for each in grants],
        "station": [],
        "name": [],
        "granted": ["2026-01-01"],
        "good until": ["2026-01-01"],
        "revoked": ["2026-01-01"],
    }
    for head, texts in whole.items():
        table.add_column(head, overflow="fold", min_width=max(map(len, (head, *texts))))
    for each in grants:
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
    return table


@access_app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The id of the key, as `access list` shows it.")]) -> None:
    """Make a key worthless from the next request on."""
    from serving.access import revoked

    gone = revoked(Home.settled(), key_id, now=datetime.now(UTC))
    console.print(f"Revoked: {gone.key_id}, {gone.role}.")


@audit_app.command()
def verify(
    head: Annotated[list[Path] | None, typer.Option(help="A head that was sent elsewhere; may be repeated.")] = None,
) -> None:
    """Check every entry of the record, and that none is gone; ends with 1 when something is wrong."""
    from serving.audit import verify as check

    verdict = check(Home.settled().records, head or [])
    for finding in verdict.findings:
        console.print(f"[red]{finding}[/]")
    for seq, day in verdict.alarms:
        console.print(f"Alarm: entry {seq} of {day}, unusual volume.")
    alarms = f"; alarms of unusual volume: {len(verdict.alarms)}" if verdict.alarms else ""
    console.print(f"{verdict.entries:,} entries, head {verdict.head.link[:12]} at {verdict.head.seq}{alarms}.")
    if not verdict.whole:
        raise typer.Exit(1)
    console.print("The record is whole.")


def _until(text: str, *, today: date) -> date:
    """The last day a key is to be good for; ConfigError where it is over."""
    try:
        until = date.fromisoformat(text)
    except ValueError:
        raise ConfigError("access: --expires takes a day such as 2027-12-31.") from None
    if until < today:
        raise ConfigError(
            "access: the day of --expires is over, so the key would be good for nothing; name a later one."
        )
    return until


def _refuse_unknown(home: Home, station: str) -> None:
    """ConfigError where nobody ever heard of the station: its key would see nobody, and a slip would not show."""
    from features.store import Store
    from serving.stations import is_known

    with Store.open(home.store_url) as store:
        if not is_known(store, station):
            raise ConfigError(
                "access: no record and no list of stations names that station; see that --station is spelled as in the "
                "records, take these in first (`waystation ingest`), or say --new-station where there are none yet."
            )
