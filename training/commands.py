"""The commands of the laboratory: invent a city, check it, ask its oracle, judge by it. They parse, call, print."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.errors import ConfigError
from features.home import Home
from training.options import JsonOption, day, refuse_unheeded
from training.terminal import console, counting, print_figures, print_table, steps, write_json

if TYPE_CHECKING:
    from training.city import Plan
    from training.city.oracle import Question


# Options that go unheeded where another says what is to be done.
OF_A_CITY = ("preset", "persons", "years", "seed", "until", "bias")
OF_A_QUESTION = ("draws", "horizon_days")


def simulate(  # noqa: PLR0913 (the options of a command)
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="New or empty folder to write; none with --check.")] = None,
    *,
    preset: Annotated[str, typer.Option(help="guiyang, fugu or demo.")] = "guiyang",
    persons: Annotated[int | None, typer.Option(help="Persons; those of the preset by default.")] = None,
    years: Annotated[int | None, typer.Option(help="Years of records; those of the preset by default.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another city.")] = 7,
    until: Annotated[str, typer.Option(help="The last day of the records.")] = "2025-12-31",
    bias: Annotated[
        str, typer.Option(help="none, or testing: some groups are tested more; the same persons with the same traits.")
    ] = "none",
    processes: Annotated[int, typer.Option(help="The city is the same for any number.")] = os.cpu_count() or 1,
    check: Annotated[bool, typer.Option("--check", help="Compare with what is known; write no city.")] = False,
    oracle: Annotated[
        str | None, typer.Option(help="Sundays, comma-separated: what the hidden state says of the days after them.")
    ] = None,
    draws: Annotated[int, typer.Option(help="With --oracle: futures simulated for each person.")] = 200,
    horizon_days: Annotated[int, typer.Option(help="With --oracle: how far ahead.")] = 90,
    json_file: JsonOption = None,
) -> None:
    """Invent a city: the tables of its seven sources, and apart, in truth/, what no record says.

    With --oracle a folder that holds a city already keeps it, and is asked about the city it holds.
    """
    from training import city
    from training.city.oracle import Question, holds_city, refuse

    held = folder is not None and oracle is not None and holds_city(folder)
    _refuse_unheeded(context, check=check, asks=oracle is not None, held=held)
    plan = city.plan(preset, persons=persons, years=years, seed=seed, until=day(until, option="--until"), bias=bias)
    if check:
        _check(plan, processes, json_file)
        return
    if folder is None:
        raise ConfigError("simulate: name a new or empty folder to write the city into, or --check.")
    dates = tuple(day(part, option="--oracle") for part in oracle.split(",")) if oracle is not None else ()
    question = Question(dates, horizon_days=horizon_days, draws=draws) if oracle is not None else None
    if question is not None and not held:
        refuse(plan, question)  # before hours of work, not after
    figures = {} if held else _invent(plan, folder, processes)
    if question is not None:
        figures |= _ask(folder, question, processes)
    write_json(json_file, figures)


def _refuse_unheeded(context: typer.Context, *, check: bool, asks: bool, held: bool) -> None:
    """ConfigError when an option is given that would change nothing."""
    cases = (
        (check, ("folder", "oracle", *OF_A_QUESTION), "--check writes no city and asks no oracle"),
        (not asks, OF_A_QUESTION, "there is no --oracle to ask"),
        (held, OF_A_CITY, "the folder holds a city, and the oracle is asked about that one"),
    )
    refuse_unheeded(context, cases)


def _check(plan: "Plan", processes: int, json_file: Path | None) -> None:
    """The city beside what is known; exit 1 outside the tolerance."""
    from training.city.check import HEADS, check

    with counting(_invention(plan)) as tell:
        found = check(plan, processes=processes, tell=tell)
    print_table(HEADS, [each.line() for each in found])
    write_json(json_file, {"findings": [each.plain() for each in found]})
    if not all(each.holds for each in found):
        console.print("[red]Outside the tolerance:[/] the simulated city is not like the real one.")
        raise typer.Exit(1)


def _invent(plan: "Plan", folder: Path, processes: int) -> dict[str, Any]:
    """Write the city; its plan and the number of its events."""
    from training import city

    with counting(_invention(plan)) as tell:
        told = city.simulate(plan, folder, processes=processes, tell=tell)
    console.print(f"{told.count['records']:,} events of {plan.persons:,} persons: {folder}")
    return {"plan": asdict(plan) | {"until": plan.until.isoformat()}, "events": told.count["records"]}


def _ask(folder: Path, question: "Question", processes: int) -> dict[str, Any]:
    """Write the oracle's answer beside the truth; what was asked, and what it said of each date on average."""
    from training.city.oracle import on_average, write_oracle

    with counting(f"ask the oracle of {folder}, {question.draws} draws a person") as tell:
        answer = write_oracle(folder, question, processes=processes, tell=tell)
    means = on_average(answer)
    by_date = means.assign(as_of=means["as_of"].dt.date.astype("str")).to_dict("records")
    lines = [[f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row.values()] for row in by_date]
    print_table(list(means.columns), lines)
    console.print(f"{len(answer):,} answers, kept with the truth of {folder}")
    return {"oracle": {"horizon_days": question.horizon_days, "draws": question.draws, "answers": by_date}}


def _invention(plan: "Plan") -> str:
    return f"invent {plan.persons:,} persons over {plan.years} years ({plan.preset})"


def judge_by_truth(home: Home, config: Path | None, truth: Path, json_file: Path | None) -> None:
    """The relapse backtest at the dates an oracle was asked about, and each model's share of its skill."""
    from training import oracle

    with steps() as tell:
        figures = oracle.backtest(home, config, truth, tell)
    print_figures(figures)
    for outcome in oracle.OUTCOMES:
        print_table(oracle.heads(outcome), oracle.lines(figures["oracle"][outcome]))
    for told in figures["oracle"].get("interval_coverage", {}).values():
        print_table(oracle.COVERAGE_HEADS, oracle.coverage_lines(told))
    write_json(json_file, figures)
