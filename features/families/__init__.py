"""The families of features about persons, a file each. To import this package fills the catalogue with all of them."""

from features.families import (  # noqa: F401
    any_kind,
    clocks,
    contact,
    life,
    programme,
    schedule,
    self_report,
    sequence,
    service,
    station,
    tests,
    treatment,
    use,
)
