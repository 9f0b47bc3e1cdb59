"""The simulated city beside what is known of the real ones (DOMAIN section 2): a table, and whether it holds."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from features.errors import ConfigError
from training.city.presets import Plan
from training.city.simulate import Tell, count, silent
from training.city.tally import Tally

GUIYANG_REPORT, FUGU_REPORT, HUBEI = "city report, Guiyang", "county report, Fugu", "provincial study, Hubei, n = 512"
# In the trials a week without a sample counts as one of use, and patients are in the first months of a treatment they
# chose, most of them of heroin; here the weeks are of true use, of everyone up to three years after an order. So their
# 13 and 85 % are no target: the ranges are ours, about what the city had when it was calibrated to the rest.
TRIALS = "our range; the {} of US trials (CTN-0094) are of something else"


@dataclass(frozen=True)
class Target:
    """One quantity: what it is made of, the value known (none: it is only shown) and how far off it may be."""

    quantity: str
    name: str
    expected: float | None
    tolerance: float | None
    source: str
    form: str = ".2%"

    def show(self, value: float) -> str:
        """A value of the quantity in words."""
        return format(value, self.form)


# Fates are what came first within three years of the start of a person's first community programme, as the city can see
# them: relapse is a positive test or admission to isolation. Hubei followed the released, and all of them add up to 1.
FATES = (
    Target("three years: relapse found", "relapsed", 0.484, 0.06, HUBEI),
    Target("three years: imprisoned", "imprisoned", 0.033, 0.015, HUBEI),
    Target("three years: dead", "died", 0.014, 0.007, HUBEI),
    Target("three years: lost", "lost", 0.203, 0.05, HUBEI),
)
SHOWN = (
    Target("three years without any true use", "no_use", None, None, "hidden truth"),
    Target("true use within 4 weeks after 3 weeks without", "after_clean", 0.045, 0.02, TRIALS.format("13 %")),
    Target("true use within 4 weeks after 3 weeks with", "after_use", 0.75, 0.1, TRIALS.format("85 %")),
    Target("given urine tests that are positive", "positive_tests", None, None, "no figure is known"),
)
TARGETS = {
    "guiyang": (
        Target("three years without a relapse found", "no_relapse", 0.2536, 0.03, GUIYANG_REPORT),
        *FATES,
        Target("community orders carried out", "executed", 0.9872, 0.005, GUIYANG_REPORT),
        Target("met at release", "met", 0.994, 0.004, f"{GUIYANG_REPORT}: over 99 %"),
        Target("records a person", "records", 95.0, 5.0, f"{GUIYANG_REPORT}: 1.8 M of 18,957", ".1f"),
        *SHOWN,
    ),
    "fugu": (
        Target("under control, met and tested in a year", "met_and_tested", 0.96, 0.03, FUGU_REPORT),
        Target("under control, family met in a year", "family_met", 0.90, 0.04, FUGU_REPORT),
        Target("under control, employed", "employed", 0.60, 0.05, FUGU_REPORT),
        Target("community orders carried out", "executed", 1.0, 0.001, FUGU_REPORT),
        Target("under control, three years abstinent", "in_aftercare", 1110 / 2003, 0.05, FUGU_REPORT),
        Target("three years without a relapse found", "no_relapse", None, None, "no figure is known"),
        *SHOWN,
    ),
}
HEADS = ("quantity", "known", "tolerance", "simulated", "holds", "source")


@dataclass(frozen=True)
class Finding:
    """A target and what the simulated city has."""

    target: Target
    simulated: float

    @property
    def holds(self) -> bool:
        """Whether it is within tolerance; always, where there is none. Nothing simulated (NaN) is not within any."""
        if self.target.expected is None or self.target.tolerance is None:
            return True
        return abs(self.simulated - self.target.expected) <= self.target.tolerance

    def plain(self) -> dict[str, Any]:
        """The finding for a file of figures; null where nothing is simulated."""
        simulated = self.simulated if isfinite(self.simulated) else None
        return {"target": asdict(self.target), "simulated": simulated, "holds": self.holds}

    def line(self) -> tuple[str, ...]:
        """The finding in words, under HEADS."""
        target = self.target
        known = "-" if target.expected is None else target.show(target.expected)
        tolerance = "only shown" if target.tolerance is None else f"± {target.show(target.tolerance)}"
        holds = "" if target.tolerance is None else "yes" if self.holds else "NO"
        return (target.quantity, known, tolerance, target.show(self.simulated), holds, target.source)


def check(asked: Plan, *, processes: int = 1, tell: Tell = silent) -> list[Finding]:
    """What the city of a plan has of everything known of its place; ConfigError where nothing is known of it."""
    if asked.preset not in TARGETS:
        raise ConfigError(
            f"city: nothing is known of a place such as `{asked.preset}` to check it against; "
            f"expected one of: {', '.join(TARGETS)}. Name one with --preset."
        )
    return list(findings(asked.preset, count(asked, processes=processes, tell=tell)))


def findings(preset: str, counted: Tally) -> Iterator[Finding]:
    """The targets of a place beside the counts of a city."""
    for target in TARGETS[preset]:
        yield Finding(target, counted.share(target.name))
