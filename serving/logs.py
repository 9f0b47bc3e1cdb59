"""The log: one JSON object a line, with known fields alone, and nothing of a person.

Our own messages hold what we chose to tell. Those of libraries may hold anything: of them the first line is told as it
is written in their code, with "..." for what they fill in, and of an error the sort and the place, without its message.
"""

import logging
import re
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict

OURS = "waystation"
FIELDS = ("at", "level", "logger", "event", "act", "status", "ms", "problem", "error")  # in this order; no others
TOLD_BY_US = ("act", "status", "ms", "problem")
LONGEST = 200
FILLED_IN = re.compile(r"%(\(\w+\))?[#0+-]*[\d*]*(\.[\d*]+)?[a-zA-Z]")  # %s, %(name)s, %.2f
FRAMES = 6


def settle() -> None:
    """Let every handler of this process write as this module says."""
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        handler.setFormatter(formatter())


def formatter() -> logging.Formatter:
    """What turns a record of the standard library's logging into a line."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[_told, structlog.processors.JSONRenderer(ensure_ascii=False)],
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(TOLD_BY_US),
        ],
        pass_foreign_args=True,
        use_get_message=False,
    )


def placed(error: BaseException) -> str:
    """The sort of an error and where it arose. Not its message: that may hold something of a person."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return f"{type(error).__name__} at " + " < ".join(f"{each.name}:{each.lineno}" for each in reversed(frames))


def _told(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The fields that are told, and no others."""
    arguments, error = event.get("positional_args"), event.get("exc_info")
    if event.get("logger") == OURS:
        event["event"] = event["event"] % arguments if arguments else event["event"]
    else:
        first = event["event"].partition("\n")[0]
        event["event"] = (FILLED_IN.sub("...", first) if arguments else first)[:LONGEST]
    if isinstance(error, tuple) and error[1] is not None:
        event["error"] = placed(error[1])
    return {name: event[name] for name in FIELDS if event.get(name) is not None}
