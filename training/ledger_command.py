"""The command that shows the ledger of promotions, refusals and rollbacks, and says whether it is whole."""

from dataclasses import asdict

import typer

from features.home import Home
from training.options import JsonOption
from training.terminal import console, print_table, write_json

HEADS = ("no", "day", "model", "who", "decision, and why")
DAY = len("2026-01-01")  # of an ISO time


def ledger(json_file: JsonOption = None) -> None:
    """Every decision on which model answers, and whether store and home hold them as they were written; 1 if not."""
    from training.ledger import verify

    verdict = verify(Home.settled())
    decided = [(each.seq, each.decision) for each in verdict.entries]
    print_table(
        HEADS,
        [
            (str(seq), each.champion.promoted_at[:DAY], each.champion.name, each.who, f"{each.decision}: {each.why}")
            for seq, each in decided
        ],
    )
    for finding in verdict.findings:
        console.print(f"[red]{finding}[/]")
    last = verdict.entries[-1].link[:12] if verdict.entries else "none"
    console.print(f"{len(verdict.entries)} entries, last link {last}.")
    write_json(json_file, asdict(verdict))
    if verdict.findings:
        raise typer.Exit(1)
    console.print("The ledger is whole.")
