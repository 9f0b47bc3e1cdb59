"""The commands of features: what was known on a day, what each feature means, the proof that none sees the future."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.errors import ConfigError
from features.home import Home
from features.out_file import to_write
from training.options import ConfigOption, JsonOption, Task, day, refuse_unheeded
from training.terminal import console, print_table, steps, write_json, write_table

if TYPE_CHECKING:
    from training.feature_files import Asked
    from training.proof import Proof


# Options that go unheeded where another says what is to be done.
OF_A_PLAN = ("events", "persons")
OF_A_TABLE = ("as_of", "out", "memory_mb", "dry_run", *OF_A_PLAN)


def features(  # noqa: PLR0913 (the options of a command)
    context: typer.Context,
    task: Annotated[Task, typer.Argument()] = "relapse",
    *,
    as_of: Annotated[str | None, typer.Option("--as-of", help="One or more dates, comma-separated.")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV or Parquet file to write.", callback=to_write())] = None,
    config: ConfigOption = None,
    memory_mb: Annotated[int, typer.Option(help="Work on parts of whole persons, so that this suffices.")] = 2000,
    events: Annotated[int | None, typer.Option(min=1, help="Plan for this many events (with --dry-run).")] = None,
    persons: Annotated[int | None, typer.Option(min=1, help="Plan for this many persons (with --dry-run).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it will take; write nothing.")] = False,
    dictionary: Annotated[bool, typer.Option("--dictionary", help="Say what the features mean.")] = False,
    language: Annotated[str, typer.Option(help="Language of the dictionary: zh-CN or en.")] = "zh-CN",
    json_file: JsonOption = None,
) -> None:
    """What was known on a day: one row for each person or area and as-of date, one column for each feature."""
    _refuse_unheeded(context, task, dictionary=dictionary, dry_run=dry_run)
    if dictionary:
        _show_dictionary(task, config, language, json_file)
        return
    if as_of is None or (out is None and not dry_run):
        raise ConfigError("features: give the dates with --as-of and the file to write with --out, or --dictionary.")
    if task == "hotspot" and dry_run:
        raise ConfigError("features: --dry-run plans the features of persons; those of areas take seconds.")
    dates = [day(part) for part in as_of.split(",")]
    if out is None or dry_run:
        from training.feature_files import Asked

        suffix = ".parquet" if out is None else out.suffix
        _show_plan(config, dates, Asked(memory_mb, suffix, events, persons), json_file)
    elif task == "hotspot":
        _write_area_features(config, dates, out, json_file)
    else:
        _write_features(config, dates, memory_mb, out, json_file)


def _refuse_unheeded(context: typer.Context, task: Task, *, dictionary: bool, dry_run: bool) -> None:
    """ConfigError when an option is given that would change nothing."""
    of_areas = task == "hotspot"
    cases = (
        (dictionary, OF_A_TABLE, "--dictionary says what features mean and computes none"),
        (dictionary and of_areas, ["config"], "the features of areas are the same for all configurations"),
        (not dictionary, ["language"], "only --dictionary speaks a language"),
        (not dry_run, OF_A_PLAN, "only --dry-run plans"),
        (of_areas, ["memory_mb"], "the features of areas take little memory"),
    )
    refuse_unheeded(context, cases)


def prove_no_leak(
    as_of: Annotated[str, typer.Option("--as-of", help="The date whose future is poisoned.")],
    edits: Annotated[int, typer.Option(min=1, help="Random edits to what occurred or became known later.")] = 1000,
    seed: Annotated[int, typer.Option(help="Another seed makes other edits.")] = 7,
    config: ConfigOption = None,
    json_file: JsonOption = None,
) -> None:
    """Poison the future on a copy of the store, and show that no feature, score or reason moves."""
    from training import runs
    from training.proof import Poison

    with steps() as tell:
        proof = runs.prove_no_leak(Home.settled(), config, day(as_of), Poison(edits, seed), tell)
    write_json(json_file, asdict(proof))
    _show_proof(proof)
    if proof.moved or not proof.suffices:
        raise typer.Exit(1)


def _show_dictionary(task: Task, config: Path | None, language: str, json_file: Path | None) -> None:
    """What each function of the catalogue means, and each column of a configuration; as JSON both, when asked for."""
    from features.dictionary import cell_heads, cells, dictionary, functions, widest_name
    from features.relapse import chosen
    from training.config import read

    if task == "hotspot":
        _show_area_dictionary(language, json_file)
        return
    columns = chosen(read(config).features)
    catalogue, entries = functions(columns, language), dictionary(columns, language)
    for told in (catalogue, entries) if config else (catalogue,):
        print_table(cell_heads(language), [cells(entry, language) for entry in told], first=widest_name(told))
    both = {"functions": catalogue, "features": entries}
    write_json(json_file, {part: [asdict(entry) for entry in told] for part, told in both.items()})


def _show_area_dictionary(language: str, json_file: Path | None) -> None:
    """What each function of the area features means; as JSON each column too, when asked for."""
    from features.area_dictionary import area_cells, area_dictionary, area_functions, area_heads
    from features.hotspot import FEATURES

    catalogue, columns = area_functions(FEATURES, language), area_dictionary(FEATURES, language)
    rows = [area_cells(entry) for entry in catalogue]
    print_table(area_heads(language), rows, first=max(len(line) for name, *_ in rows for line in name.splitlines()))
    both = {"functions": catalogue, "features": columns}
    write_json(json_file, {part: [asdict(entry) for entry in told] for part, told in both.items()})


def _write_features(config: Path | None, dates: list[date], memory_mb: int, out: Path, json_file: Path | None) -> None:
    from training import feature_files, runs

    with steps() as tell:
        snapshot, wanted = runs.relapse_features(Home.settled(), config, dates, tell)
        rows = feature_files.write(snapshot, wanted, out, memory_mb=memory_mb, tell=tell)
    console.print(f"{rows:,} rows: {out}")
    remarks = feature_files.remarks(snapshot, wanted, rows)
    for remark in remarks:
        console.print(remark)
    write_json(json_file, {"rows": rows, "remarks": remarks})


def _write_area_features(config: Path | None, dates: list[date], out: Path, json_file: Path | None) -> None:
    from training import runs

    with steps() as tell:
        table = runs.area_features(Home.settled(), config, dates, tell)
        write_table(out, table)
    console.print(f"{len(table):,} rows: {out}")
    write_json(json_file, {"rows": len(table), "remarks": []})


def _show_plan(config: Path | None, dates: list[date], asked: "Asked", json_file: Path | None) -> None:
    from training import feature_files, runs

    with steps() as tell:
        snapshot, wanted = runs.relapse_features(Home.settled(), config, dates, tell)
        tell("sample")
        plan = feature_files.plan(snapshot, wanted, asked)
    print_table(("", "plan"), plan.lines())
    write_json(json_file, asdict(plan))


def _show_proof(proof: "Proof") -> None:
    done = ", ".join(f"{n} {sort}" for sort, n in proof.edits.items())
    console.print(
        f"{sum(proof.edits.values()):,} edits: {done}. "
        f"Compared: {proof.persons:,} persons, {proof.columns} columns, {proof.scored:,} scores."
    )
    if not proof.with_scores:
        console.print("No scores and reasons were watched, for no model is promoted yet: waystation promote relapse.")
    if proof.not_exercised:
        share = f"{len(proof.not_exercised)} of {proof.with_a_future} columns that have a future"
        console.print(f"Not exercised, so of these nothing is proved: {share}: {', '.join(proof.not_exercised)}")
    if proof.moved:
        console.print(f"[red]THE FUTURE LEAKS[/] into {len(proof.moved)} columns: {', '.join(proof.moved)}")
    elif proof.suffices:
        console.print("Nothing moved.")
    else:
        console.print("[red]Too little was exercised[/] to prove anything: give more --edits, or an earlier --as-of.")
