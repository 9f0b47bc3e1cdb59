"""The command that shows the ledger of promotions, refusals and rollbacks, and says whether it is whole."""

from dataclasses import asdict

import typer

from features.home import Home
from training.options import JsonOption
from training.terminal import console, say, write_json

DAY = len("2026-01-01")  # of an ISO time


def ledger(json_file: JsonOption = None) -> None:
    """Every decision on which model answers, and whether store and home hold them as they were written; 1 if not."""
    from training.ledger import verify

    verdict = verify(Home.settled())
    for entry in verdict.entries:
        told = entry.decision
        row = (str(entry.seq), told.champion.promoted_at[:DAY], told.champion.name, told.who, told.decision)
        say("  ".join(row))
        say(f"    {told.why}")
    for finding in verdict.findings:
        console.print(finding, style="red", markup=False)
    last = verdict.entries[-1].link[:12] if verdict.entries else "none"
    console.print(f"{len(verdict.entries)} entries, last link {last}.")
    write_json(json_file, asdict(verdict))
    if verdict.findings:
        raise typer.Exit(1)
    console.print("The ledger is whole.")
