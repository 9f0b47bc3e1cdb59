"""The codes of the data contract: sources, event kinds with their outcomes, substances, programmes, purposes.

A kind that is not listed here is kept and gets the generic features; a listed kind with an outcome it does not
have is a fault of the row.
"""

from dataclasses import dataclass

SOURCES = {
    "community": "社区（乡镇）",
    "facility": "戒毒场所",
    "case_unit": "公安办案部门",
    "methadone_clinic": "药物维持治疗门诊",
    "rehab_station": "社会化戒毒康复站",
    "employment": "阳光工程",
    "special_ward": "特殊病区",
}

TEST_OUTCOMES = ("positive", "negative", "missed", "evaded", "refused")
TEST_GIVEN = ("positive", "negative")
TEST_WITHHELD = ("evaded", "refused")
TEST_NOT_GIVEN = ("missed", *TEST_WITHHELD)
CONTACT_OUTCOMES = ("kept", "missed")

SURPRISE = "surprise"  # note of a test that neither calendar nor suspicion chose
WEEKLY = "week"  # note of a row that tells of a whole week, as some clinics send their doses


@dataclass(frozen=True)
class Kind:
    """One kind of event: what it says, the outcomes it may have (none: it has no outcome), the unit of its value.

    `most` is the largest value that can be true; none is below zero.
    """

    meaning: str
    outcomes: tuple[str, ...] = ()
    value_unit: str | None = None
    most: float = 1e6


PROGRAMMES = ("community_treatment", "community_rehabilitation", "methadone", "trial")
STATUTORY_PROGRAMMES = PROGRAMMES[:3]  # their end after three abstinent years is law; a trial ends by its protocol
PROGRAMME_ENDS = ("completed", "ended", "isolated", "imprisoned", "died", "lost")

KINDS: dict[str, Kind] = {
    "urine_test": Kind("urine test due, given or withheld", TEST_OUTCOMES),
    "hair_test": Kind("hair test due, given or withheld", TEST_OUTCOMES),
    "self_report": Kind("use of a substance as told by the person", ("use", "none")),
    "check_in": Kind("agreed check-in at the station", CONTACT_OUTCOMES),
    "home_visit": Kind("visit by a social worker", CONTACT_OUTCOMES),
    "family_contact": Kind("talk with the family", CONTACT_OUTCOMES),
    "leave": Kind("self-reported leave that began on the day", value_unit="days", most=3660),
    "absence": Kind("absence without leave that began on the day", value_unit="days", most=3660),
    "agreement": Kind("rehabilitation agreement signed"),
    "order": Kind("order for a programme issued", PROGRAMMES),
    "programme_start": Kind("programme begun: reported to the station", PROGRAMMES),
    "programme_end": Kind("programme over", PROGRAMME_ENDS),
    "transfer_out": Kind("moved away, hand-over begun"),
    "transfer_in": Kind("new station confirmed the hand-over"),
    "isolation_start": Kind("admitted to compulsory isolation"),
    "isolation_end": Kind("released from compulsory isolation and handed over"),
    "diagnostic_assessment": Kind("assessment in the facility", value_unit="points", most=1000),
    "dose": Kind("maintenance medicine", ("taken", "missed"), value_unit="mg", most=2000),
    "withdrawal_score": Kind("withdrawal scale", value_unit="points", most=1000),
    "counselling": Kind("counselling session", CONTACT_OUTCOMES),
    "group_service": Kind("group session", CONTACT_OUTCOMES),
    "assistance": Kind("practical or financial help given"),
    "plan": Kind("support plan made or reviewed"),
    "training": Kind("vocational training", CONTACT_OUTCOMES),
    "placement": Kind("job placement offered"),
    "job_start": Kind("job begun"),
    "job_end": Kind("job lost or left"),
    "ward_start": Kind("admitted to the special ward"),
    "ward_end": Kind("discharged from the special ward"),
    "move": Kind("changed the township of residence"),
    "death": Kind("died"),
    "sealed": Kind("record sealed"),
    "objection": Kind("objected to automated scoring, or took the objection back", ("raised", "withdrawn")),
}

SUBSTANCES = (
    "opioid", "heroin", "methamphetamine", "amphetamine", "ketamine", "cocaine", "thc", "benzodiazepine",
    "synthetic_cannabinoid", "mdma", "alcohol", "other",
)  # fmt: skip

INCIDENT_KINDS = ("overdose", "first_positive", "treatment_entry")
TOWNSHIP_ONLY = ("first_positive", "treatment_entry")  # date and place together would give the person away
REPORTERS = ("citizen", "service", "enforcement")

SEXES = ("female", "male", "unknown")
AREA_LEVELS = ("district", "township", "cell")

PROTECTED = ("sex", "birth_year", "ethnicity", "household_register")

PURPOSES = ("support_plan", "review", "transfer", "research", "own_request")
REFUSED_PURPOSES = ("enforcement",)

# A test or a report of any of these counts for the one named.
SUBSTANCE_FAMILIES: dict[str, tuple[str, ...]] = {
    "opioid": ("opioid", "heroin"),
    "amphetamine": ("amphetamine", "methamphetamine"),
}


def family_of(substance: str) -> tuple[str, ...]:
    """The substance codes that count as this one.

    >>> family_of("opioid"), family_of("ketamine")
    (('opioid', 'heroin'), ('ketamine',))
    """
    return SUBSTANCE_FAMILIES.get(substance, (substance,))


# What happens later on a day with several records, where only one can be the state at its end. A stay of hours is over,
# a hand-over done at once is done, one programme follows another; an objection holds unless it is taken back later.
LAST_OF_A_DAY = ("isolation_end", "ward_end", "transfer_in", "programme_start", "job_start", "raised")
