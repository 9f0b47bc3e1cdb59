"""The choices that the forms on the page of a person offer."""

from dataclasses import dataclass

from serving.support import LEVELS


@dataclass(frozen=True)
class Form:
    """The choices the forms offer."""

    opinion: tuple[str, ...] = ("record_wrong", "record_missing", "circumstances_changed", "not_relevant", "other")
    override: tuple[str, ...] = ("known_to_worker", "circumstances_changed", "record_wrong", "person_asked", "other")
    snooze: tuple[str, ...] = ("just_met", "on_leave", "in_hospital", "other")
    levels: tuple[str, ...] = LEVELS


FORM = Form()
