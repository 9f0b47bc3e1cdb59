"""The directions the field is sure of: more signs of use never lower the risk, longer quiet never raises it.

By the code of a feature, so that every lookback and substance of it follows. What is not listed is left to the rows:
tests given, contacts and services go with risk in both directions, since who is worse off is tested and helped more.
"""

from collections.abc import Sequence

from features.catalogue import Feature

RAISES = (
    "positive_tests",
    "positive_share",
    "positive_run",
    "result_positive",
    "positive_periods",
    "positive_hair_tests",
    "use_episodes",
    "uses_by_hair_alone",
    "surprise_positive_share",
    "scheduled_positive_share",
    "reported_use_days",
    "recent_positive_share",
)
LOWERS = (
    "negative_run",
    "good_period",
    "good_period_run",
    "days_since_positive",
    "days_since_positive_hair",
    "days_since_reported_use",
    "days_since_relapse_sign",
    "abstinent_days",
)


def directions(features: Sequence[Feature]) -> tuple[int, ...]:
    """For each feature +1 where more of it never lowers the risk, -1 where more never raises it, else 0."""
    return tuple(int(feature.code in RAISES) - int(feature.code in LOWERS) for feature in features)
