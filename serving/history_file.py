"""Scores of histories in a file, each as a machine client would send it along: the same refusals, the same record.

The file is a JSON object: by a name of the sender's own the `person`, `status` and `events` of one history, as in the
body of `POST /v1/scores`. The names stand in the answer and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import ConfigError
from serving import answers, bodies
from serving.area_commands import visit
from serving.desk import Desk
from serving.messages import BatchAnswer, Refused, Score, ScoreRequest
from serving.problems import ProblemError, faults_of
from serving.scoring import NotScored

ACT = "POST /v1/scores"


def scores_of_histories(desk: Desk, path: Path, asked: Mapping[str, object]) -> BatchAnswer:
    """The score of each history of a file, or why it has none; ProblemError where one cannot be asked about so.

    Nothing is scored or recorded before all of them are understood.
    """
    questions = {name: _question(place, told, asked) for place, (name, told) in enumerate(_read(path).items(), 1)}
    made = [_answered(desk, place, name, question) for place, (name, question) in enumerate(questions.items(), 1)]
    return BatchAnswer(
        scores=[each for each in made if isinstance(each, Score)],
        refused=[each for each in made if isinstance(each, Refused)],
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        told = bodies.parse(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"score: {path} cannot be read ({error.strerror}).") from None
    return dict(told)


def _question(place: int, told: Any, asked: Mapping[str, object]) -> ScoreRequest:
    history = told if isinstance(told, dict) else {"events": told}
    try:
        return ScoreRequest.model_validate({**history, **asked})
    except ValidationError as error:
        raise _placed(place, ProblemError("invalid", faults_of(error.errors()))) from None


def _answered(desk: Desk, place: int, name: str, question: ScoreRequest) -> Score | Refused:
    texts = desk.wording(question.language, "")
    try:
        answered = desk.answered(question, visit(ACT), texts)
    except ProblemError as refused:
        raise _placed(place, refused) from None
    if isinstance(answered.answer, NotScored):
        return answers.refused(answered.answer.reason, texts, score_id=answered.score_id, person_id=name)
    return answered.answer.model_copy(update={"person_id": name})


def _placed(place: int, refused: ProblemError) -> ProblemError:
    """The refusal, which says of which history of the file it is: by its place, for a name may be a person's."""
    faults = (replace(each, field=f"history {place}: {each.field}") for each in refused.faults)
    return replace(refused, faults=tuple(faults))
