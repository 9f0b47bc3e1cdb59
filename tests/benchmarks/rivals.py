"""What the features of the benchmark are made of, in words that Polars, DuckDB and pandas can share.

All three go the same way, as those who know them well would: corrections once by event; then kind by kind, so that no
pair of a row and an event is made that no feature of the kind looks at; words as flags before the join; runs, gaps and
different days from the later neighbour among a row's visible events. `order` numbers all events by person, day and,
within a day, outcome, day of knowledge and value, as this project orders them.
"""

LOOKBACKS = (30, 90, 180, 365)
TOLD = ("person_id", "event_id", "revision", "retracted", "occurred_on", "known_on", "kind", "outcome", "value")
ORDER = ("person_id", "occurred_on", "outcome", "known_on", "value")
NEVER = 2**31 - 1

# What is looked at together: the kind, and the outcome where only one is; its flags; how many in which lookbacks.
PARTS = {
    "tests": ("urine_test", None), "check_ins": ("check_in", None), "taken": ("dose", "taken"),
    "untaken": ("dose", "missed"), "visits": ("home_visit", None), "family": ("family_contact", None),
    "counselling": ("counselling", None), "moves": ("move", None), "plan": ("plan", None), "leave": ("leave", None),
}  # fmt: skip
FLAGS = {"tests": ("positive", "negative", "missed"), "check_ins": ("kept", "missed")}
COUNTS = {
    "tests": (
        ("positive", "positive", (*LOOKBACKS, None)),
        ("tests", None, LOOKBACKS),
        ("missed_tests", "missed", (90, 365)),
    ),
    "check_ins": (("kept", "kept", LOOKBACKS), ("missed", "missed", LOOKBACKS)),
    "untaken": (("missed_doses", None, (90, 365)),),
    "visits": (("visits", None, (180, 365)),),
    "family": (("family", None, (180, 365)),),
    "counselling": (("counselling", None, (180, 365)),),
    "moves": (("moves", None, (365, None)),),
}
SINCE = {
    "tests": (("positive", "positive"), ("negative", "negative"), ("missed_test", "missed"), ("test", None)),
    "check_ins": (("kept", "kept"),),
    "taken": (("dose", None),),
    **{part: ((part, None),) for part in ("visits", "family", "counselling", "moves", "plan", "leave")},
}
RUNS = {"tests": (("positive", "negative"), ("negative", "positive")), "check_ins": (("missed", "kept"),)}
MEANS = {"taken": ("dose_mean", LOOKBACKS), "leave": ("leave_mean", (180, 365))}
RESULTS = range(4)
TRENDS, GAPS = (90, 180), (180, 365)
MET = ("since_positive", "since_negative", "since_kept", "since_dose")
ZERO = (  # what a row without any event of a part has; everything else is missing
    *(f"{name}_{days}" for counts in COUNTS.values() for name, _, lookbacks in counts for days in lookbacks),
    *(f"{name}_run" for runs in RUNS.values() for name, _ in runs),
    *(f"dose_days_{days}" for days in LOOKBACKS),
)
