"""The front door: the command line. It parses, calls and prints; the work is done in the packages it calls."""

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from features.errors import ConfigError, WaystationError, sentence
from features.home import SETTINGS, Home
from features.languages import LANGUAGES
from features.out_file import to_write
from serving.area_commands import observed, warnings
from serving.bulletin_command import bulletin
from serving.commands import access_app, audit_app
from serving.forecast_command import forecast_command
from serving.score_command import score
from training import fresh
from training.commands import judge_by_truth, simulate
from training.feature_commands import features, prove_no_leak
from training.ledger_command import ledger
from training.monitor_command import monitor
from training.options import (
    ConfigOption,
    HorizonOption,
    HorizonWeeksOption,
    JsonOption,
    Task,
    horizons_of,
    refuse_unheeded,
)
from training.terminal import console, near, print_figures, print_table, say, step, steps, write_json

if TYPE_CHECKING:
    from serving.ask import Service
    from serving.replay import Replayed
    from training.demo import Ready

LOOPBACK = "127.0.0.1"
OF_FILES = ("areas", "unit", "horizon_weeks", "origins", "known_lag_days", "coordinates")  # with --incidents alone

app = typer.Typer(
    help="Explained relapse risk and hotspot forecasts for community drug rehabilitation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a traceback must not print a person's values
)
store_app = typer.Typer(help="What is in the history store.", no_args_is_help=True)
app.add_typer(store_app, name="store")
app.add_typer(access_app, name="access")
app.add_typer(audit_app, name="audit")


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the score instead of staying up.")] = False,
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 3000,
) -> None:
    """From nothing to a running service on an invented city, in a home of its own (.waystation/demo)."""
    from serving.ask import Service
    from serving.first_key import key_of_a_worker
    from serving.run import start
    from training.demo import make_ready

    home = Home(Home.of_environment().path / "demo")
    home.settle(alone=True)
    console.print(f"The demo lives in {near(home.path)}; delete that folder to start anew.")
    ready = make_ready(home, step, now=_now())
    key = key_of_a_worker(home, ready.person_id, now=datetime.now(UTC))
    with step("start the service"):
        process = start(home, host=LOOPBACK, port=port, log=home.path / "service.log")
        service = Service(LOOPBACK, port, key)
        try:
            service.wait_until_ready(seconds=60, alive=lambda: process.poll() is None)
        except WaystationError:
            process.terminate()
            console.print(f"What the service said is in {near(home.path / 'service.log')}.")
            raise
    try:
        _show_answers(service, ready.person_id, ready.as_of)
        _show_addresses(port, ready, key)
        if not once:
            console.print("Ctrl-C ends the service.")
            process.wait()
    except KeyboardInterrupt:
        console.print("stopping ...")
    finally:
        process.terminate()
        process.wait()


app.command()(simulate)
app.command()(features)
app.command("prove-no-leak")(prove_no_leak)
app.command()(monitor)
app.command()(score)
app.command("forecast")(forecast_command(fresh.read, fresh.fitted))
app.command()(warnings)
app.command()(observed)
app.command()(bulletin)
app.command()(ledger)


@app.command()
def ingest(  # noqa: PLR0913 (the options of a command)
    path: Annotated[Path, typer.Argument(help="A folder of tables, or one file (CSV, CSV.GZ, Parquet).")],
    mapping: Annotated[Path | None, typer.Option(help="TOML file that says how foreign tables become ours.")] = None,
    batch: Annotated[str | None, typer.Option(help="Name of the batch; the digest of its content by default.")] = None,
    *,
    backfill: Annotated[bool, typer.Option("--backfill", help="First load: trust the declared known_on.")] = False,
    coordinates: Annotated[str | None, typer.Option(help="wgs84, as without it, or gcj02 to be converted.")] = None,
    json_file: JsonOption = None,
) -> None:
    """Take in supervision histories; what fails goes to quarantine with every reason."""
    from features.intake import ingest as take_in
    from features.mapping import read_mapping
    from features.store import Store

    home, today = Home.settled(), datetime.now(UTC).date()
    with step("ingest"), Store.open(home.store_url) as store:
        how = read_mapping(mapping) if mapping else None
        report = take_in(
            path, store, mapping=how, batch_id=batch, backfill=backfill, coordinates=coordinates, received_on=today
        )
    heads, *rows = report.lines()
    print_table(heads, rows)
    for table, reason, n in report.reasons():
        say(f"quarantined from {table}: {n} rows: {reason}")
    for note in report.notes:
        say(note)
    if report.unmapped:
        say(f"not read (the mapping does not name them): {', '.join(report.unmapped)}")
    if report.repeated:
        console.print("This batch was taken in before; nothing changed.")
    console.print(f"store: {report.state_digest[:12]}")
    write_json(json_file, asdict(report))


@app.command()
def train(  # noqa: PLR0913 (the options of a command)
    context: typer.Context,
    task: Task,
    *,
    config: ConfigOption = None,
    horizon_days: HorizonOption = None,
    horizon_weeks: HorizonWeeksOption = None,
    json_file: JsonOption = None,
) -> None:
    """Train a model on the store, judge it, and track it as the challenger of its name."""
    from training import feedback, runs

    horizons = horizons_of(context, task, horizon_days, horizon_weeks)
    with steps() as tell:
        trained = runs.train(Home.settled(), task, config, tell, horizons=horizons, feedback=feedback.feedback)
    for run in trained:
        console.print(f"{run.name}: version {run.tracked.version}, run {run.tracked.run}, snapshot {run.snapshot[:12]}")
        print_figures(run.figures)
    write_json(json_file, {run.name: run.figures for run in trained})


@app.command()
def backtest(  # noqa: PLR0913 (the options of a command)
    context: typer.Context,
    task: Task,
    *,
    config: ConfigOption = None,
    incidents: Annotated[Path | None, typer.Option(help="Hotspots without a store: CSV of date and place.")] = None,
    areas: Annotated[Path | None, typer.Option(help="With --incidents: areas, CSV or GeoJSON.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="With --incidents: grid:METRES (grid:500 if left out), h3:RESOLUTION or area.")
    ] = None,
    horizon_weeks: Annotated[list[int] | None, typer.Option(help="With --incidents: 1 to 8; may be repeated.")] = None,
    origins: Annotated[int | None, typer.Option(min=2, help="With --incidents: forecasts, a horizon apart.")] = None,
    known_lag_days: Annotated[int, typer.Option(min=0, help="With --incidents: known so long after.")] = 14,
    coordinates: Annotated[str, typer.Option(help="With --incidents: wgs84, or gcj02 to be converted.")] = "wgs84",
    truth: Annotated[
        Path | None, typer.Option(help="Relapse on an invented city: its folder, for the share of the oracle's skill.")
    ] = None,
    json_file: JsonOption = None,
) -> None:
    """Judge a model beside its baselines on rows it was not fitted on."""
    from training import runs

    if truth is not None and task != "relapse":
        raise ConfigError("backtest: --truth is for relapse; name the task `relapse`.")
    if incidents is not None and task != "hotspot":
        raise ConfigError("backtest: --incidents is for hotspots; name the task `hotspot`.")
    refuse_unheeded(context, [(incidents is None, OF_FILES, "it goes with --incidents FILE, which is not given")])
    if truth is not None:
        judge_by_truth(Home.settled(), config, truth, json_file)
        return
    if incidents is not None:
        weeks = tuple(dict.fromkeys(horizon_weeks or ()))
        city = runs.CityFiles(incidents, areas, unit, weeks, origins, known_lag_days, coordinates)
        with steps() as tell:
            figures = runs.backtest_files(city, config, tell)
    else:
        with steps() as tell:
            figures = runs.backtest(Home.settled(), task, config, tell)
    print_figures(figures)
    write_json(json_file, figures)


@app.command()
def promote(  # noqa: PLR0913 (the options of a command)
    context: typer.Context,
    task: Task,
    run: Annotated[str | None, typer.Argument(help="An MLflow run; the challenger's by default.")] = None,
    *,
    config: ConfigOption = None,
    horizon_days: HorizonOption = None,
    horizon_weeks: HorizonWeeksOption = None,
) -> None:
    """Let a trained model answer, if it passes the gate; the decision is appended to the ledger."""
    from models.champion import REFUSED
    from training import feedback, relapse_feedback, runs
    from training.config import read_all
    from training.promote import promote as decide

    horizons = horizons_of(context, task, horizon_days, horizon_weeks)
    home, is_relapse = Home.settled(), task == "relapse"
    configs = read_all(config, horizons) if is_relapse else runs.hotspot_configs(config, horizons)
    rules = {each.name: each for each in configs}
    simulated = relapse_feedback.feedback if is_relapse else feedback.feedback
    with step("look at every item of the gate"):
        decisions = [
            decide(home, name, run, now=_now(), config=rules[name], feedback=simulated)
            for name in runs.names(task, config, horizons)
        ]
    for decision in decisions:
        _print_decision(decision)
    if any(decision.decision == REFUSED for decision in decisions):
        raise typer.Exit(1)


@app.command()
def rollback(
    context: typer.Context,
    task: Task,
    config: ConfigOption = None,
    horizon_days: HorizonOption = None,
    horizon_weeks: HorizonWeeksOption = None,
) -> None:
    """Let the champion before the present one answer again."""
    from training import runs
    from training.promote import rollback as back

    horizons = horizons_of(context, task, horizon_days, horizon_weeks)
    for name in runs.names(task, config, horizons):
        _print_decision(back(Home.settled(), name, now=_now()))


@app.command()
def replay(answer: Annotated[str, typer.Argument(help="The score_id or answer_id of an answer.")]) -> None:
    """A score, a forecast or warnings again, from the state of the store and the model of then; 1 if they differ.

    The risk is compared with the record, bit for bit. Reasons are not in the record: those shown are computed anew, and
    checked to add up to the risk. Of forecasts and warnings the record holds marks, so what differs is told by part.
    """
    from features.store import Store
    from serving.area_replay import ReplayedAreas
    from serving.replay import replay as again
    from training.promote import stored_as

    home = Home.settled()
    with Store.open(home.store_url) as store:
        told = again(home.records, store, answer, partial(stored_as, home))
    if isinstance(told, ReplayedAreas):
        console.print(f"{told.kind} again, model {told.model}, state {told.snapshot[:12]}")
        console.print(told.sentence, style=None if told.same else "red", markup=False)
    else:
        _show_score(told)
    if not told.same:
        raise typer.Exit(1)


def _show_score(told: "Replayed") -> None:
    print_table(("log-odds", "feature"), [(f"{share:+.4f}", name) for name, share in told.reasons[:10]])
    console.print(f"recorded {told.recorded!r}, again {told.again!r}, model {told.model}, state {told.snapshot[:12]}")
    console.print("The same risk, bit for bit." if told.same else "[red]Not the same risk.[/]")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Other than loopback only once somebody holds a key.")] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 3000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer; one for each core.")] = 1,
) -> None:
    """Serve the promoted models over HTTP, to whom `waystation access grant` gave a key."""
    from serving.run import access_is_on
    from serving.run import serve as run_service

    home = Home.settled()
    if not access_is_on(home):
        console.print("Nobody holds a key yet, so nobody is answered. Grant one: waystation access grant --help")
    run_service(home, host=host, port=port, workers=workers)


@store_app.command("info")
def store_info(json_file: JsonOption = None) -> None:
    """Rows, days, batches, quarantine, snapshots and size of the store."""
    from features.store import Store
    from features.storeinfo import describe

    home = Home.settled()
    with Store.open(home.store_url) as store:
        info = describe(store, home.snapshots)
    print_table(("", "rows", "occurred", "known"), info.lines())
    say("\n".join(info.sentences()))
    write_json(json_file, info.to_plain())


@store_app.command("quarantine")
def store_quarantine(
    out: Annotated[
        Path, typer.Option(help="CSV file to write: mend its cells and send it again.", callback=to_write(".csv"))
    ],
    file: Annotated[str | None, typer.Option(help="The source file whose rows are wanted.")] = None,
) -> None:
    """Write what could not be stored, with reasons; mended, send it again (rows of a first load with --backfill)."""
    from features.mending import to_mend
    from features.spreadsheets import write_csv
    from features.store import Store

    with Store.open(Home.settled().store_url) as store:
        rows = to_mend(store.quarantine(), file)
    write_csv(rows, out)
    say(f"{len(rows)} rows: {out}")


def _show_answers(service: "Service", person_id: str, as_of: date) -> None:
    """One score and one forecast, asked over HTTP, in both languages."""
    day = as_of.isoformat()
    question = {"person_id": person_id, "as_of": day, "purpose": "support_plan", "most": 5}
    for language in LANGUAGES:
        told = service.score(question, language=language)
        console.rule(f"POST /v1/scores  {language}")
        console.print(f"risk {told['risk']:.1%} within {told['horizon_days']} days of {told['as_of']}. {told['note']}")
        rows = [(f"{each['contribution']:+.2f}", each["effect"], each["text"]) for each in told["reasons"]]
        print_table(("log-odds", "effect", "reason"), rows)
    for language in LANGUAGES:
        areas = service.forecast(as_of=day, weeks=4, level="township", language=language)["features"]
        highest = sorted((area["properties"] for area in areas), key=_forecast_order)[:5]
        console.rule(f"GET /v1/hotspots?as_of={day}&weeks=4&level=township  {language}")
        print_table(("area", "expected"), [(area["name"], area["text"]) for area in highest])


def _forecast_order(area: dict[str, Any]) -> tuple[float, float]:
    return -area["expected"], area["among_highest"]  # areas in one band are told apart by how high they are in all


def _show_addresses(port: int, ready: "Ready", key: str) -> None:
    home = ready.home
    console.rule()
    console.print(f"service   http://{LOOPBACK}:{port}   (this machine only)")
    console.print(f"key       {key}   (a worker of the person's station, for two days)")
    console.print(f"its pages http://{LOOPBACK}:{port}/ui   (sign in with the key)")
    console.print(f"its API   http://{LOOPBACK}:{port}/docs")
    question = json.dumps({"person_id": ready.person_id, "as_of": ready.as_of.isoformat(), "purpose": "support_plan"})
    console.print(
        f"ask       curl -s http://{LOOPBACK}:{port}/v1/scores -H 'Authorization: Bearer {key}' "
        f"-H 'Content-Type: application/json' -d '{question}'"
    )
    store = f"sqlite:///{near(home.path)}/mlflow.db"
    console.print(f"its log   {near(home.path / 'service.log')}")
    console.print(f"MLflow    .venv/bin/mlflow ui --backend-store-uri {store} --port 5000")


def _print_decision(decision: Any) -> None:
    say(f"{decision.champion.name}: {decision.decision}, {decision.why}. {decision.champion.tag}".rstrip())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def main() -> None:
    """Run the command line; an error of the user's ends with a sentence, not with a traceback."""
    os.environ.update(SETTINGS)  # before anything that reads them is imported
    for stream in (sys.stdout, sys.stderr):  # on a terminal without Chinese its words are marks, and no traceback
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except (WaystationError, OSError) as error:
        if (told := sentence(error)) is None:
            raise
        Console(stderr=True, soft_wrap=True).print(f"[red]waystation:[/] {escape(told)}", highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
