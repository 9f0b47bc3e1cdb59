"""Scores of many persons into a file, by the same desk as over HTTP: the same refusals, the same record."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from features.errors import ConfigError
from features.out_file import to_write
from features.vocabulary import PURPOSES
from serving.area_commands import (
    JSON_FILES,
    TABLES,
    AsOfOption,
    LanguageOption,
    answering,
    refuse_language,
    rows_of,
    visit,
    write_rows,
)
from serving.private_files import keep_to_owner

if TYPE_CHECKING:
    import pandas as pd

    from serving.desk import Desk
    from serving.guard import Visit
    from serving.messages import BatchAnswer, Score

ACT = "POST /v1/scores:batch"  # what is done here is under this line of the tables and of the record
COLUMN = "person_id"

console = Console(soft_wrap=True, highlight=False)


def score(  # noqa: PLR0913, PLR0917 (the options of a command)
    as_of: AsOfOption,
    purpose: Annotated[
        str, typer.Option(help=f"What the scores are for: {', '.join(PURPOSES)} (research with --histories alone).")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="JSON, CSV or Parquet file to write, by its ending; for its owner alone.",
            callback=to_write(".json", *TABLES),
        ),
    ],
    persons: Annotated[
        Path | None, typer.Option(help="Whom: a CSV file with a column person_id, or a JSON list of ids.")
    ] = None,
    station: Annotated[str | None, typer.Option(help="Only persons of this station; all of them by default.")] = None,
    histories: Annotated[
        Path | None,
        typer.Option(help="Histories in place of stored persons: a JSON object, by a name of yours the body of each."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The registered model, where several are promoted.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many reasons of each.")] = 10,
    language: LanguageOption = "zh-CN",
) -> None:
    """Scores with their reasons, and why some have none; every one of them is recorded."""
    refuse_language(language)
    if histories is not None and (persons is not None or station is not None):
        raise ConfigError("score: --histories takes no stored persons; leave --persons and --station out.")
    asked = {"as_of": as_of, "purpose": purpose, "model": model, "most": most, "language": language}
    with answering("score") as desk:
        told = _of_file(desk, histories, asked) if histories else _of_stored(desk, persons, station, asked)
    keep_to_owner(out)
    if out.suffix in JSON_FILES:
        out.write_text(told.model_dump_json(), encoding="utf-8")
    else:
        write_rows(out, _table(told.scores))
    console.print(f"{len(told.scores)} scores: {out}.")
    for reason in sorted({each.reason for each in told.refused}):
        same = [each for each in told.refused if each.reason == reason]
        console.print(f"{len(same)} without one, {reason}: {same[0].text}")


def _of_file(desk: "Desk", histories: Path, asked: Mapping[str, object]) -> "BatchAnswer":
    from serving.history_file import scores_of_histories

    return scores_of_histories(desk, histories, asked)


def _of_stored(desk: "Desk", persons: Path | None, station: str | None, asked: Mapping[str, object]) -> "BatchAnswer":
    theirs = _all_of(desk, station) if station is not None or persons is None else []
    wanted = _listed(persons) if persons else theirs
    if not wanted and station is None:
        raise ConfigError(
            f"score: there is nobody to score: {persons.name if persons else 'the store'} lists no person."
        )
    return _scored(desk, visit(ACT, station), wanted, asked)


def _listed(path: Path) -> list[str]:
    """The ids in a file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix in JSON_FILES:
            told = json.loads(text)
            return [str(each) for each in told] if isinstance(told, list) else _no_list()
        return [row[COLUMN] for row in csv.DictReader(text.splitlines())]
    except (OSError, ValueError, KeyError):
        return _no_list()


def _no_list() -> list[str]:
    raise ConfigError(f"score: --persons takes a CSV file with a column {COLUMN}, or a JSON list of ids.")


def _all_of(desk: "Desk", station: str | None) -> list[str]:
    """Everybody, or who belongs to the station; ProblemError when nobody knows it, as over HTTP."""
    from serving.problems import ProblemError
    from serving.stations import persons_of, workers_of

    store = desk.histories.store()
    if station is not None:
        theirs = persons_of(store, station, today=desk.settings.today)
        if not (theirs or workers_of(store, station)[0]):
            raise ProblemError("unknown_station")
        return theirs
    return sorted(map(str, store.read("persons")[COLUMN]))


def _scored(desk: "Desk", visit: "Visit", person_ids: Sequence[str], asked: Mapping[str, object]) -> "BatchAnswer":
    """All answers, in the order asked, a batch at a time as over HTTP."""
    from pydantic import ValidationError

    from serving.messages import BatchAnswer, BatchRequest, Question
    from serving.problems import faults_of

    try:
        Question.model_validate(asked)  # of a station that has no persons, too
        questions = [BatchRequest.model_validate({**asked, "person_ids": each}) for each in _batches(person_ids)]
    except ValidationError as error:
        named = "; ".join(f"{each.field}: {each.rule}" for each in faults_of(error.errors()))
        raise ConfigError(f"score: the question is refused ({named}).") from None
    answers = [desk.batch(question, visit, accept_language="") for question in questions]
    return BatchAnswer(
        scores=[score for answer in answers for score in answer.scores],
        refused=[refused for answer in answers for refused in answer.refused],
    )


def _batches(person_ids: Sequence[str]) -> Iterator[list[str]]:
    from serving.messages import MOST_PERSONS

    for first in range(0, len(person_ids), MOST_PERSONS):
        yield list(person_ids[first : first + MOST_PERSONS])


def _table(scores: "Sequence[Score]") -> "pd.DataFrame":
    """A row for each score; what is made of parts has a column for each part, and lists are told in words."""
    import pandas as pd

    from serving.messages import Score

    rows = rows_of(scores) if scores else pd.DataFrame(columns=list(Score.model_fields))
    return rows.drop(columns="model").assign(
        model_name=[each.model.name for each in scores],
        model_tag=[each.model.tag for each in scores],
        model_digest=[each.model.digest for each in scores],
        run=[each.model.run for each in scores],
        reasons=[_in_words(each) for each in scores],
        others=[each.others.contribution for each in scores],
        missing=["\n".join(missing.text for missing in each.missing) for each in scores],
    )


def _in_words(told: "Score") -> str:
    return "\n".join(f"{each.contribution:+.3f} {each.text}" for each in told.reasons)
