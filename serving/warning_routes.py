"""The route of early warnings."""

from typing import Annotated

from fastapi import Depends, FastAPI, Query, Response

from serving.area_messages import Warnings
from serving.area_record import Made, record
from serving.desk import Desk
from serving.guard import Visiting
from serving.hotspots import Asked, model_for
from serving.kept import Kept
from serving.messages import AreaLevel, Day, Language
from serving.routing import Accepted, answer, problems
from serving.warnings import warnings

MOST_KEPT = 16


def add(app: FastAPI, desk: Desk) -> None:
    """Add the route."""
    kept: Kept[Made[Warnings]] = Kept(MOST_KEPT)

    def asked(
        as_of: Day,
        weeks: Annotated[int, Query(ge=1, le=52, description="The horizon of the model that forecasts.")] = 4,
        level: AreaLevel = "township",
        language: Language | None = None,
        accept_language: Accepted = "",
    ) -> Asked:
        return Asked(as_of, weeks, level, 0, desk.wording(language, accept_language))

    @app.get(
        "/v1/warnings",
        response_model=Warnings,
        responses=problems(401, 403, 405, 409, 421, 422, 429, 500, 503),
        summary="Where clearly more harm came in the last weeks than was forecast",
        tags=["hotspots"],
    )
    def early_warnings(visit: Visiting, question: Annotated[Asked, Depends(asked)]) -> Response:
        """The places in which clearly more came in the last weeks than the forecast of that time said.

        No count under ten is told, and none can be had by asking for other areas or days.
        """
        desk.refuse_the_future(question.as_of)
        champion, _ = model_for(desk, question, summed=False)
        of = (question.as_of, question.weeks, question.level, question.wording.language)
        made = kept.get(
            (champion.digest, desk.histories.snapshot(), of),
            lambda: warnings(desk, question),
            key_of=lambda made: (made.answer.model.digest, made.answer.snapshot, of),
        )
        record(desk, visit, made)
        return answer(made.answer)
