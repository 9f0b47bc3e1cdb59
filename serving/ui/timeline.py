"""A person's history as a timeline: five lanes of marks, and the same events in words; late and corrected ones told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import Any

from markupsafe import Markup

from features.schema import EPOCH, days_since_epoch
from features.store import EVENTS_OF, PERSON_EVENTS
from features.tables import fetch_plain
from serving.desk import Desk
from serving.store_answers import store_answers
from serving.ui.texts import Texts
from serving.wording import Wording

LANES: Mapping[str, tuple[str, ...]] = {
    "tests": ("urine_test", "hair_test", "self_report"),
    "contacts": ("check_in", "home_visit", "family_contact", "leave", "absence", "agreement"),
    "services": (
        "dose", "withdrawal_score", "counselling", "group_service", "assistance", "plan", "diagnostic_assessment",
    ),
    "life": ("training", "placement", "job_start", "job_end", "ward_start", "ward_end", "move", "death"),
    "programme": (
        "order", "programme_start", "programme_end", "transfer_out", "transfer_in", "isolation_start", "isolation_end",
        "sealed", "objection",
    ),
}  # fmt: skip
OTHER_LANE = "services"
LANE_OF = {kind: lane for lane, kinds in LANES.items() for kind in kinds}
LATE_DAYS = 14  # known so long after it happened that a score of the time could not use it
SHOWN_DAYS = 730
MOST_LISTED = 80
KEPT, FAILED, FOUND = "kept", "failed", "found"
SIGN_OF = {
    **dict.fromkeys(("missed", "evaded", "refused"), FAILED),
    **dict.fromkeys(("positive", "use"), FOUND),
}
WIDTH, LANE_TALL, LEFT = 960.0, 34.0, 92.0


@dataclass(frozen=True)
class PersonEvent:
    """One event as it was known at the as-of date."""

    occurred_on: date
    known_on: date
    kind: str
    outcome: str | None
    substance: str | None
    is_corrected: bool

    @property
    def lane(self) -> str:
        """Which lane it stands in."""
        return LANE_OF.get(self.kind, OTHER_LANE)

    @property
    def is_late(self) -> bool:
        """Whether it became known long after it happened."""
        return self.known_on - self.occurred_on > timedelta(days=LATE_DAYS)

    @property
    def sign(self) -> str:
        """How it is drawn: something found, something not kept, or all else."""
        return SIGN_OF.get(self.outcome or "", KEPT)


def events_of(desk: Desk, person_id: str, as_of: date) -> list[PersonEvent]:
    """The events of a person as known at the as-of date, the newest first; who may read them is asked before."""
    with store_answers(), desk.histories.store().reading() as connection:
        rows = [row for part in fetch_plain(connection, EVENTS_OF, person=person_id) for row in part]
    told = [dict(zip(PERSON_EVENTS, row, strict=True)) for row in rows]
    return sorted(visible(told, days_since_epoch(as_of)), key=lambda each: each.occurred_on, reverse=True)


def visible(rows: Sequence[Mapping[str, Any]], as_of: int) -> list[PersonEvent]:
    """The latest revision of each event that was known by the as-of date, without those taken back."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["known_on"] <= as_of and row["revision"] >= newest.get(row["event_id"], {"revision": 0})["revision"]:
            newest[row["event_id"]] = row
    return [_event(row) for row in newest.values() if not row["retracted"] and row["occurred_on"] <= as_of]


def _event(row: Mapping[str, Any]) -> PersonEvent:
    return PersonEvent(
        EPOCH + timedelta(days=row["occurred_on"]),
        EPOCH + timedelta(days=row["known_on"]),
        row["kind"],
        row["outcome"],
        row["substance"],
        row["revision"] > 1,
    )


def in_words(event: PersonEvent, wording: Wording) -> str:
    """What happened, in words: kind, outcome, substance."""
    words = [("kinds", event.kind), ("outcomes", event.outcome), ("substances", event.substance)]
    found = [str(wording.texts[section].get(code, _programme(code, wording))) for section, code in words if code]
    return " · ".join(found)


def _programme(code: str, wording: Wording) -> str:
    """The name of a programme, which is the outcome of its start; any other code stands for itself."""
    return str(wording.texts["programmes"].get(code, code))


def drawing(events: Sequence[PersonEvent], as_of: date, texts: Texts) -> Markup:
    """The last two years as SVG: a lane for each sort, a mark for each event."""
    first = as_of - timedelta(days=SHOWN_DAYS)
    tall = LANE_TALL * len(LANES) + 26
    parts = [_lane(place, texts(f"person.lane_{lane}")) for place, lane in enumerate(LANES)]
    parts += [_quarter(day, first, tall, texts) for day in _quarters(first, as_of)]
    parts += [_mark(each, first) for each in reversed(events) if each.occurred_on > first]
    label = escape(texts("person.timeline_label"))
    return Markup(  # noqa: S704 (our own words, escaped, and numbers)
        f'<svg class="timeline" role="img" aria-label="{label}" viewBox="0 0 {WIDTH:.0f} {tall:.0f}" font-size="13">'
        f"{''.join(parts)}</svg>"
    )


def _lane(place: int, name: str) -> str:
    y = LANE_TALL * place
    ground = (
        f'<rect x="{LEFT}" y="{y}" width="{WIDTH - LEFT}" height="{LANE_TALL}" fill="#f5f7f8"/>' if place % 2 else ""
    )
    return f'{ground}<text x="0" y="{y + 22}" fill="#16242b">{escape(name)}</text>'


def _x(day: date, first: date) -> float:
    return LEFT + 8 + (WIDTH - LEFT - 16) * (day - first).days / SHOWN_DAYS


def _quarters(first: date, last: date) -> list[date]:
    days = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in (1, 4, 7, 10)]
    return [day for day in days if first <= day <= last]


def _quarter(day: date, first: date, tall: float, texts: Texts) -> str:
    x = _x(day, first)
    label = str(day.year) if day.month == 1 else texts(f"months.{day.month}")
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{tall - 22:.0f}" stroke="#cfd8dc"/>'
        f'<text x="{x:.1f}" y="{tall - 6:.0f}" text-anchor="middle" fill="#4b5b63">{escape(label)}</text>'
    )


def _mark(event: PersonEvent, first: date) -> str:
    x, y = _x(event.occurred_on, first), LANE_TALL * list(LANES).index(event.lane) + LANE_TALL / 2
    ring = f'<circle cx="{x:.1f}" cy="{y}" r="9" fill="none" stroke="#9a4a00" stroke-dasharray="2 2"/>'
    shapes = {
        FOUND: f'<path d="M{x:.1f} {y - 7}l7 7-7 7-7-7z" fill="#16242b"/>',
        FAILED: f'<path d="M{x - 5:.1f} {y - 5}l10 10m0-10l-10 10" stroke="#9a4a00" stroke-width="2.5"/>',
        KEPT: f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="#fff" stroke="#0b4f5c" stroke-width="2"/>',
    }
    return shapes[event.sign] + (ring if event.is_late or event.is_corrected else "")
