"""One feature at least of every function in the catalogue, whatever a choice takes of it."""

from itertools import product

import features.relapse  # noqa: F401  (it fills the catalogue)
from features.catalogue import CATALOGUE, make

# For each argument the values tried; a function with an argument that is not here has to be told of here.
VALUES = {
    "substance": ("", "opioid"),
    "outcome": ("",),
    "days": (30, 365),
    "schedule": ("A", "B"),
    "back": (0, 2),
    "length_days": (7,),
    "of": (8,),
    "last": (3, 99),
    "kind": ("counselling", "unheard_of"),
    "programme": ("methadone",),
    "column": ("birth_year", "arm"),
    "value": ("a",),
}


def every_feature():
    return tuple(
        make(code, **dict(zip(definition.parameters, arguments, strict=True)))
        for code, definition in CATALOGUE.items()
        for arguments in product(*(VALUES[name] for name in definition.parameters))
    )
