"""Refusals as problem+json (RFC 9457): which field broke which rule, never the value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 64
MOST_FAULTS = 20
LIMITS = (
    "expected",
    "pattern",
    "max_length",
    "min_length",
    "le",
    "ge",
)  # of what pydantic says, these are our own words

# What a field may do wrong; every rule has a text in both languages.
RULES = (
    "unknown_field", "missing", "wrong_type", "wrong_form", "one_of", "not_a_date", "out_of_range", "too_small",
    "too_large", "too_short", "too_long", "in_the_future", "given_twice", "finite_number", "unicode_text", "unique_key",
    "known_before_occurred", "outcome_of_other_kind", "revision_of_nothing", "said_otherwise_before",
    "person_id_or_events", "person_needs_events", "unknown_score", "of_another_list", "before_the_records", "no_cursor",
    "needed_to_refuse_minors", "needed_to_refuse",
    "invalid",
)  # fmt: skip
RULE_OF = {
    "extra_forbidden": "unknown_field",
    "string_pattern_mismatch": "wrong_form",
    "literal_error": "one_of",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "int_parsing_size": "too_large",
}
TYPE_OF = {
    "string_type": "string",
    "int_type": "integer",
    "int_parsing": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "bool_type": "boolean",
    "list_type": "array",
    "model_type": "object",
    "model_attributes_type": "object",
}

# Every code has a title and a detail in the texts of both languages.
STATUS: dict[str, int] = {
    "broken_form": 400,
    "broken_json": 400,
    "cut_off": 400,
    "too_deep": 400,
    "duplicate_key": 400,
    "no_key": 401,
    "bad_key": 401,
    "sign_on_failed": 401,
    "not_your_role": 403,
    "purpose_refused": 403,
    "purpose_of_others": 403,
    "no_page": 403,
    "not_your_form": 403,
    "unknown_person": 404,
    "unknown_station": 404,
    "unknown_model": 404,
    "not_found": 404,
    "page_not_found": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "no_score": 409,
    "no_observed_table": 409,
    "too_little_history": 409,
    "list_changed": 409,
    "state_passed": 409,
    "unknown_note": 404,
    "key_used_before": 422,
    "notes_unavailable": 503,
    "body_too_large": 413,
    "token_too_long": 413,
    "wrong_content_type": 415,
    "wrong_host": 421,
    "invalid": 422,
    "which_model": 422,
    "no_districts": 422,
    "no_such_forecast": 422,
    "too_busy": 429,
    "too_many": 429,
    "internal": 500,
    "issuer_unavailable": 503,
    "access_unavailable": 503,
    "no_model": 503,
    "unfit_model": 503,
    "not_printed": 503,
    "not_ready": 503,
    "record_failed": 503,
    "took_too_long": 503,
    "record_unreadable": 503,
    "store_unavailable": 503,
}
UNAVAILABLE_BY_LAW = 451
UNAUTHENTICATED = 401


@dataclass(frozen=True)
class Fault:
    """One field that broke a rule; `expected` only where it is a closed list or a limit of ours."""

    field: str
    rule: str
    expected: str | None = None


@dataclass
class ProblemError(Exception):
    """An answer that refuses: its code, the faults of the request, slots of its text, and further members."""

    code: str
    faults: tuple[Fault, ...] = ()
    slots: Mapping[str, object] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)
    by_law: bool = False
    retry_after_seconds: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return UNAVAILABLE_BY_LAW if self.by_law else STATUS[self.code]

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say what to do: send a key, or wait."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status == UNAUTHENTICATED else {}
        if self.retry_after_seconds is not None:
            headers["Retry-After"] = str(self.retry_after_seconds)
        return headers


def fault_of(name: str, rule: str, expected: str | None = None) -> ProblemError:
    """The refusal of a request for one field."""
    return ProblemError("invalid", (Fault(name, rule, expected),))


def faults_of(errors: Iterable[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """The faults pydantic found, without any value of the request."""
    return tuple(_fault(error) for _, error in zip(range(MOST_FAULTS), errors, strict=False))


def path_of(parts: Iterable[object]) -> str:
    """A field's place as text: `events.3.known_on`; names of the caller's own making cut and without controls."""
    return ".".join(_name(part) for part in parts)


def _name(part: object) -> str:
    text = str(part)[:LONGEST_NAME]
    return "".join(each if each.isprintable() else "?" for each in text)


def _fault(error: Mapping[str, Any]) -> Fault:
    kind, context = str(error["type"]), error.get("ctx", {})
    place = [part for number, part in enumerate(error["loc"]) if number or part not in {"body", "query", "header"}]
    place += [context["field"]] if "field" in context else []  # a rule of a whole message names the field itself
    if kind in TYPE_OF:
        return Fault(path_of(place) or "body", "wrong_type", TYPE_OF[kind])
    rule = RULE_OF.get(kind, kind if kind in RULES else "invalid")
    expected = next((str(context[key]) for key in LIMITS if key in context), None)
    if kind == "literal_error" and expected:
        expected = expected.replace("'", "").replace(" or ", ", ")  # as all our lists are written
    return Fault(path_of(place) or "body", rule, expected)
