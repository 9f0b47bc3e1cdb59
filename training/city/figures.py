"""Every number the invented city rests on, with its unit and its source; `presets` says where a place differs.

A pair of days is from and to, both included. The clocks of the law are not repeated here: `features.statutes` has them.
"""

from dataclasses import dataclass

from training.city.assume import OURS, assume

DOMAIN_1, DOMAIN_2, DOMAIN_3 = (f"DOMAIN section {number}" for number in (1, 2, 3))
CALIBRATED = "calibrated by `simulate --check` to DOMAIN section 2"
COVARIATE = f"provincial studies name it ({DOMAIN_2}); its size is {OURS}"

LOG_ODDS = "log-odds of use in a week"

# What a person may be registered as, in the order of the shares below.
SUBSTANCES_USED = ("heroin", "methamphetamine", "ketamine", "opioid", "other")
SEXES = ("male", "female")
ETHNICITIES = ("han", "miao", "buyi", "tujia", "other")
REGISTERS = ("urban", "rural", "elsewhere")
EDUCATIONS = ("primary", "middle", "high", "college")


def shares_of(words: tuple[str, ...]) -> str:
    """The unit of a tuple of shares, one a word."""
    return f"shares of persons: {', '.join(words)}"


@dataclass(frozen=True)
class CalendarFigures:
    """When lives begin, and what returns every year."""

    lead_weeks: int = assume(156, "weeks lived before records open, the length of a programme: it opens in mid-course")
    crest_day: float = assume(205, "day of the year on which the season is highest, late July")
    festival_days: tuple[int, int] = assume((3, 10), "days of the Spring Festival before its first day, and after it")


@dataclass(frozen=True)
class PlaceFigures:
    """How large the city is and how it is divided."""

    districts: int = assume(4, "districts")
    townships: int = assume(24, "townships")
    stations: int = assume(31, "stations")
    model_stations: int = assume(8, "stations")
    persons_per_worker: float = assume(30.0, "persons a social worker", DOMAIN_1)
    radius_m: float = assume(12_500.0, "m from the centre to the outline")
    longitude: float = assume(101.5, "degrees, in open desert so that no real place is pictured")
    latitude: float = assume(40.5, "degrees, in open desert so that no real place is pictured")
    inhabitants: int = assume(400_000, "inhabitants")
    cell_m: float = assume(250.0, "m, the grain of the true intensity")
    least_inhabitants: int = assume(100, "inhabitants, the fewest of a township; all are rounded to the hundred")
    outline_points: int = assume(120, "corners of the outline")
    outline_waves: tuple[int, ...] = assume((1, 2, 3, 5), "waves around the centre that bend the outline")
    outline_sd: float = assume(0.11, "share of the radius, sd of the wave of one turn; that of k turns has a k-th")
    seed_reach: float = assume(0.92, "share of the radius within which townships are seeded")
    seed_power: float = assume(0.65, "power of a uniform number, a seed's share of that; above 0.5 crowds the middle")
    seed_rounds: int = assume(2, "of Lloyd's rounds, by which townships are spread")
    density_fall: float = assume(0.56, "share of the radius in which inhabitants a square metre fall to 37 %")
    density_sd: float = assume(0.3, "log of inhabitants a square metre, between townships")


@dataclass(frozen=True)
class SupplyFigures:
    """The hidden field of availability; log-odds of use."""

    reach_m: float = assume(5_000.0, "m within which townships rise and fall together")
    memory: float = assume(0.96, "correlation from a week to the next")
    lasting_sd: float = assume(0.45, "log-odds, of the map that stays")
    moving_sd: float = assume(0.3, "log-odds, of the field that moves over it")
    level_sd: float = assume(0.12, "log, of the city's level")
    level_felt: float = assume(0.5, "log-odds that persons feel a unit of the level's log, its season apart")
    season: float = assume(0.08, "share of overdoses by which late July is above the mean")
    surges_a_year: float = assume(1.5, "surges begun a year")
    surge_weeks: float = assume(14.0, "weeks from rise to fade")
    surge_peak: float = assume(1.0, "log-odds at the height and centre of a surge")
    surge_spread: tuple[float, float] = assume((0.5, 1.5), "times these weeks, and times this peak, from and to")
    surge_least_weeks: int = assume(2, "weeks, the shortest surge")
    surge_width_m: float = assume(4_000.0, "m, standard deviation of a surge around its centre")
    surge_speed_m: float = assume(500.0, "m a week that its centre moves")


@dataclass(frozen=True)
class StationFigures:
    """How stations differ from one another; mean 0 among ordinary stations."""

    diligence_sd: float = assume(0.5, "log of tests and records, between stations")
    model_diligence: float = assume(0.5, "log, by which a model station is more diligent")
    quality_sd: float = assume(0.5, "standard units of help, between stations")
    model_quality: float = assume(0.8, "standard units of help, by which a model station is better")
    schedule_b_share: float = assume(0.6, "share of stations that test by schedule B, the rest by A")
    opened_days: tuple[int, int] = assume((800, 2199), "days before records open on which stations opened")


@dataclass(frozen=True)
class PeopleFigures:
    """Who enters, how, and how persons differ for life."""

    treatment_share: float = assume(0.55, "share of persons who enter by community treatment")
    rehabilitation_share: float = assume(0.33, "share of persons who enter by release from isolation")
    methadone_share: float = assume(0.12, "share of persons who enter by methadone maintenance")
    veteran_share: float = assume(0.0, "share of all persons who completed before the city's records open")
    veteran_years: tuple[float, float] = assume((4.0, 12.0), "years before the first week in which veterans began")
    veteran_programme_years: float = assume(3.0, "years a veteran's programme took", f"three years, {DOMAIN_3}")
    crowding: float = assume(0.8, "power of a township's inhabitants that its persons go with: more in small ones")
    frailty_sd: float = assume(0.5, "log-odds of use, lasting for life (own resolve, peers)", COVARIATE)
    early_use: float = assume(0.2, "log-odds of use for a first use one standard deviation earlier", COVARIATE)
    long_use: float = assume(0.15, "log-odds of use times log(1 + years of use)", COVARIATE)
    long_use_centre: float = assume(2.3, "log(1 + years of use) that adds nothing: 9 years")
    employed_at_entry: float = assume(0.45, "share of persons")
    housed_at_entry: float = assume(0.88, "share of persons with a settled home")
    clean_at_entry: tuple[float, float] = assume((2.0, 14.0), "weeks since a last use, of those not released")
    clean_at_release: float = assume(80.0, "weeks since a last use, of those who enter from isolation")
    clean_of_veterans: float = assume(200.0, "weeks since a last use, at the first week")
    withdrawal_at_entry: tuple[float, float] = assume((0.2, 0.9), "of fully grown protracted withdrawal, from and to")
    strain_sd_at_entry: float = assume(0.8, "units of strain, between persons")
    rift_at_entry: float = assume(0.3, "units of family support lost, the mean of an exponential")


@dataclass(frozen=True)
class FactFigures:
    """The facts fixed at registration."""

    substances: tuple[float, ...] = assume((0.5, 0.34, 0.06, 0.05, 0.05), shares_of(SUBSTANCES_USED))
    sexes: tuple[float, ...] = assume((0.84, 0.16), shares_of(SEXES))
    ethnicities: tuple[float, ...] = assume((0.68, 0.13, 0.1, 0.04, 0.05), shares_of(ETHNICITIES))
    registers: tuple[float, ...] = assume((0.55, 0.33, 0.12), f"{shares_of(REGISTERS)} (household register)")
    educations: tuple[float, ...] = assume((0.24, 0.51, 0.2, 0.05), shares_of(EDUCATIONS))
    age: float = assume(35.0, "years, the median age at registration")
    age_sd: float = assume(0.27, "log of it, between persons")
    age_range: tuple[int, int] = assume((16, 72), "years, the youngest and the oldest")
    first_use_age: float = assume(23.0, "years, the mean age at first use")
    first_use_age_sd: float = assume(5.0, "years, between persons")
    first_use_youngest: int = assume(13, "years, the youngest at first use; the oldest is registered a year later")
    left_out: float = assume(-2.4, "log-odds that an ordinary station leaves education or year of first use blank")
    left_out_by_diligence: float = assume(-1.0, "log-odds a unit of the station's diligence")


@dataclass(frozen=True)
class UseFigures:
    """The weekly craving process."""

    base: float = assume(-4.41, LOG_ODDS, CALIBRATED)
    after_use: float = assume(2.4, f"{LOG_ODDS}, right after a week of use, fading")
    after_use_weeks: float = assume(2.0, "weeks in which it falls to 37 %")
    craving: float = assume(1.0, f"{LOG_ODDS}, right after a last use, fading slowly")
    craving_weeks: float = assume(20.0, "weeks in which it falls to 37 %")
    withdrawal: float = assume(0.5, f"{LOG_ODDS}, of fully grown protracted withdrawal", COVARIATE)
    withdrawal_memory: float = assume(0.96, "share of protracted withdrawal left a week later")
    strain: float = assume(0.55, f"{LOG_ODDS} a unit of strain")
    work: float = assume(-0.45, f"{LOG_ODDS} when employed", COVARIATE)
    family: float = assume(-0.4, f"{LOG_ODDS} a standard unit of family support", COVARIATE)
    home: float = assume(-0.35, f"{LOG_ODDS} with a settled home", COVARIATE)
    stigma: float = assume(0.2, f"{LOG_ODDS} a standard unit of stigma felt", COVARIATE)
    quality: float = assume(-0.15, f"{LOG_ODDS} a unit of the station's quality, in a programme")
    care: float = assume(-0.3, f"{LOG_ODDS} a counselling session lately kept")
    dose: float = assume(-1.0, f"{LOG_ODDS} in methadone maintenance")
    stimulant: float = assume(0.15, f"{LOG_ODDS} for methamphetamine", COVARIATE)
    supply: float = assume(0.6, f"{LOG_ODDS} a unit of availability")
    season: float = assume(0.08, f"{LOG_ODDS} in late July over the mean; overdoses have their own")
    festival: float = assume(0.3, f"{LOG_ODDS} in the weeks of the Spring Festival")
    day_share: float = assume(0.5, "share of the other days used in a week of use")


@dataclass(frozen=True)
class LivingFigures:
    """Work, family, home and strain; probabilities of a week as log-odds."""

    job_lost: float = assume(-5.2, "log-odds a week")
    job_lost_by_use: float = assume(1.2, "log-odds after a week of use")
    job_lost_by_strain: float = assume(0.5, "log-odds a unit of strain")
    job_found: float = assume(-4.64, "log-odds a week", CALIBRATED)
    job_found_by_use: float = assume(-0.6, "log-odds after a week of use")
    job_found_by_strain: float = assume(-0.3, "log-odds a unit of strain")
    home_lost: float = assume(-6.8, "log-odds a week")
    home_lost_by_strain: float = assume(0.5, "log-odds a unit of strain")
    home_found: float = assume(-3.6, "log-odds a week")
    home_found_by_work: float = assume(0.6, "log-odds when employed")
    home_kept: float = assume(0.9, "share of settled homes that a stay in isolation leaves")
    strain_memory: float = assume(0.9, "share of strain left a week later")
    strain_sd: float = assume(0.35, "units of strain a week, by chance")
    strain_by_use: float = assume(0.12, "units of strain after a week of use")
    strain_by_loss: float = assume(0.8, "units of strain when a job or home is lost")
    family_memory: float = assume(0.985, "share of a rift left a week later")
    family_by_use: float = assume(0.04, "units of family support lost in a week of use")
    stigma_by_isolation: float = assume(0.4, "units of stigma added by a stay in isolation, before entry too")


@dataclass(frozen=True)
class ProgrammeFigures:
    """What befalls persons besides their use; pairs are without and with use in the last week."""

    refusal_share: float = assume(0.0128, "share of orders not carried out", f"execution 98.72 %, {DOMAIN_2}")
    report_soonest_day: int = assume(1, "day after the order; reports spread evenly up to the limit of the statute")
    refusal_to_isolation_days: tuple[int, int] = assume((3, 29), "days from the limit to isolation, of who refused")
    agreement_days: tuple[int, int] = assume((0, 3), "days from the start of a programme to its agreement")
    met_share: float = assume(0.994, "share of releases met", f"over 99 %, {DOMAIN_2}")
    rehabilitation_share: float = assume(0.92, "share of releases that come with an order")
    early_release_share: float = assume(0.6, "share of isolations that end between the review and two years")
    extended_share: float = assume(0.04, "share of isolations extended by up to a year")
    assessed_days: tuple[int, int] = assume((5, 39), "days before the review, of the diagnostic assessment")
    assessment: tuple[float, float] = assume((70.0, 10.0), "points of it, mean and standard deviation")
    sealed_days: tuple[int, int] = assume(
        (20, 59), "days to the sealing of a record, from completion or from the first day of sealing, the later"
    )
    sealed_from: int = assume(
        20_454, "days since 1970-01-01; nothing is sealed before: 2026-01-01", f"art. 136, {DOMAIN_3}"
    )
    death: tuple[float, float] = assume((0.00016, 0.0006), "probability a week", CALIBRATED)
    loss: tuple[float, float] = assume((0.003, 0.007), "probability a week of going without a word", CALIBRATED)
    prison: tuple[float, float] = assume((0.0004, 0.0015), "probability a week", CALIBRATED)
    prison_days: tuple[int, int] = assume((200, 1499), "days of a prison sentence")
    loss_at_festival: float = assume(1.5, "times as many who go without a word at the Spring Festival")
    reappears: float = assume(0.03, "probability a week, of a person missing and not yet declared lost")
    declared_lost_days: tuple[int, int] = assume((45, 79), "days missing before a person is declared lost")
    transfer: float = assume(0.0012, "probability a week of moving to another township")
    transfer_reach_m: float = assume(8_000.0, "m in which the pull of a township's inhabitants falls to 37 %")
    late_hand_over_share: float = assume(0.15, "share of transfers confirmed after the 15 days")
    hand_over_soonest_day: int = assume(2, "day after the move; those in time spread evenly up to the 15 days")
    late_hand_over_days: tuple[int, int] = assume((20, 89), "days from the move to a late hand-over")
    never_handed_over_share: float = assume(0.06, "share of transfers never confirmed")
    never_handed_over_days: tuple[int, int] = assume((120, 299), "days from such a move until declared lost")
    ward: float = assume(0.0006, "probability a week of admission to the special ward")
    ward_days: tuple[int, int] = assume((10, 89), "days of a stay on the ward")
    methadone_left: tuple[float, float] = assume((0.002, 0.012), "probability a week of leaving the clinic")
    found_again: float = assume(0.006, "probability in a week of use, out of any programme, of being found")
    found_to_isolation: float = assume(0.5, "share of those found who are sent to isolation, the rest is ordered anew")
    found_to_isolation_days: tuple[int, int] = assume((5, 19), "days from being found to isolation")
    objection: float = assume(0.0001, "probability a week of objecting to automated scoring")
    objection_withdrawn: float = assume(0.2, "share of objections taken back within a year")
    objection_days: tuple[int, int] = assume((10, 364), "days until it is taken back")
    absence: tuple[float, float] = assume((0.004, 0.014), "probability a week of leaving without leave")
    absence_days: tuple[int, int] = assume((1, 11), "days of such an absence, none of which sees a contact or test")
    leave: float = assume(0.007, "probability a week of a reported leave")
    leave_days: tuple[int, int] = assume((1, 14), "days of a leave, none of which sees a contact or test")
    breach_to_isolation: float = assume(0.15, "share of serious breaches that lead to isolation")
    second_positive: float = assume(0.2, "probability that a second positive test leads to isolation")
    later_positive: float = assume(0.45, "probability that a further positive test leads to isolation")
    recall_days: tuple[int, int] = assume((8, 29), "days from a breach or such a test to isolation")


@dataclass(frozen=True)
class TestFigures:
    """What tests see, when they are held and when they are missed."""

    __test__ = False  # no test of ours, whatever its name says to pytest

    urine_window: tuple[float, float, float] = assume(
        (0.15, 0.35, 0.5), "share of tests that see 1, 2, 3 days", DOMAIN_3
    )
    sensitivity: float = assume(0.97, "probability, of use within the window")
    false_positive: float = assume(0.001, "probability, without use within the window, once confirmed")
    hair_sensitivity: float = assume(0.85, "probability, of use 2 to 26 weeks back")
    hair_sees_weeks: tuple[int, int] = assume((2, 26), "weeks back, from and to", DOMAIN_3)
    hair_first_days: tuple[int, int] = assume((14, 182), "days from the start of a programme to the first hair test")
    hair_again_days: tuple[int, int] = assume((161, 203), "days from a hair test, given or missed, to the next due")
    hair_kept: float = assume(2.3, "log-odds that a person comes to a hair test")
    surprise_a_year: float = assume(1.3, "surprise tests a person-year", f"at least 3 in three years, {DOMAIN_3}")
    suspicion: float = assume(0.012, "probability a week of a test by suspicion, without any sign")
    suspicion_by_use: float = assume(1.3, "log, after use of late (a sign that shows)")
    suspicion_weeks: int = assume(2, "weeks for which a use shows such signs")
    suspicion_by_strain: float = assume(0.35, "log a unit of strain")
    suspicion_by_record: float = assume(0.9, "log when the last test was positive or withheld")
    skipped: float = assume(-2.6, "log-odds that an ordinary station lets a test fall due and holds it a week later")
    skipped_at_festival: float = assume(2.2, "log-odds at the Spring Festival; 1 more divides tests out of turn")
    missed: float = assume(-3.1, "log-odds that a person misses a test")
    missed_by_use: float = assume(1.3, "log-odds with use within the window")
    missed_by_strain: float = assume(0.5, "log-odds a unit of strain")
    missed_at_festival: float = assume(0.9, "log-odds at the Spring Festival")
    hidden_share: tuple[float, float] = assume((0.85, 0.6), "share of tests not given that are plainly missed, by use")
    refused_share: float = assume(0.4, "share of the others that are refused, the rest evaded")
    first_days: tuple[int, int] = assume((7, 15), "days from the start of a programme to the first test due")
    sooner_days: tuple[int, int] = assume((7, 12), "days to the next test after one that is not negative, at most")
    after_return_days: tuple[int, int] = assume((3, 11), "days from the Monday of reappearing to the next test due")
    after_transfer_days: int = assume(7, "days from the hand-over to the next test due")
    slack: int = assume(3, "days by which a test by schedule is set earlier or later than due, at most")
    workdays: int = assume(5, "first days of a week on which a station's test by schedule stands; others move in it")


@dataclass(frozen=True)
class CareFigures:
    """Counselling, and how contacts are kept."""

    offered: tuple[float, float] = assume((0.10, 0.2), "probability a week, without and with a positive test")
    kept: float = assume(1.6, "log-odds that a session is kept")
    kept_by_strain: float = assume(-0.6, "log-odds a unit of strain, of any contact")
    kept_by_use: float = assume(-0.7, "log-odds in a week of use, of any contact")
    kept_at_festival: float = assume(-0.8, "log-odds at the Spring Festival, of any contact")
    memory: float = assume(0.85, "share of a session's effect left a week later")
    aftercare_a_year: float = assume(0.0, "tests, and as many check-ins and talks with the family, after completion")
    dose_mg: float = assume(60.0, "mg of methadone, the mean dose once it is set")
    dose_by_frailty: float = assume(8.0, "mg a log-odds of frailty")
    dose_sd: float = assume(12.0, "mg, between persons, for reasons that have nothing to do with frailty")
    dose_moves_sd: float = assume(5.0, "mg, from one setting of a person's dose to another")
    dose_moves_weeks: int = assume(13, "weeks for which a setting of the dose stands")
    dose_at_start: float = assume(0.5, "share of the dose on which a person begins")
    dose_rise_weeks: float = assume(4.0, "weeks in which what is missing of it falls to 37 %")
    dose_least_mg: float = assume(5.0, "mg, the least dose and the step in which doses are set")
    dose_missed: float = assume(-1.2, "log-odds that a dose of a week is missed")
    dose_missed_by_strain: float = assume(0.6, "log-odds a unit of strain")
    dose_missed_by_use: float = assume(0.8, "log-odds in a week of use")


DUE, DUE_KEPT = "due a week", "due a week, and the log-odds that it is kept on an ordinary day"


@dataclass(frozen=True)
class ContactFigures:
    """Routine contacts with a person in a programme, by kind."""

    pace: float = assume(0.59, "times all that follow", f"95 records a person, {DOMAIN_1}")
    by_diligence: float = assume(0.2, "log a unit of the station's diligence")
    at_festival: float = assume(0.6, "times as many at the Spring Festival")
    check_in: tuple[float, ...] = assume((0.46, 2.4), DUE_KEPT)
    home_visit: tuple[float, ...] = assume((0.13, 2.0), DUE_KEPT)
    family_contact: tuple[float, ...] = assume((0.11, 1.8), DUE_KEPT)
    group_service: tuple[float, ...] = assume((0.07, 1.4), DUE_KEPT)
    plan: tuple[float, ...] = assume((0.06,), DUE)
    assistance: tuple[float, ...] = assume((0.02,), DUE)
    training: tuple[float, ...] = assume((0.035, 1.5), f"{DUE_KEPT}, of those without a job")
    placement: tuple[float, ...] = assume((0.025,), f"{DUE}, of those without a job")
    weekdays: tuple[float, ...] = assume(
        (0.19, 0.19, 0.19, 0.19, 0.18, 0.04, 0.02), "shares of contacts and tests out of turn, Monday to Sunday"
    )


@dataclass(frozen=True)
class ArrivalFigures:
    """How records reach the service."""

    delay_days: tuple[float, ...] = assume(
        (2.0, 6.0, 4.0, 0.7, 3.0, 7.0, 5.0), "mean days, by source in the order of the vocabulary"
    )
    most_days: int = assume(20, "days, the longest delay")
    delay_by_diligence: float = assume(-0.3, "log of the delay a unit of the station's diligence")
    lost_share: float = assume(0.01, "share of routine records lost by an ordinary station")
    corrected_share: float = assume(0.004, "share first recorded with another outcome")
    retracted_share: float = assume(0.01, "share of visits and the like recorded by mistake")
    second_days: tuple[int, int] = assume((3, 60), "days from a record to its correction or retraction")
    repeated_share: float = assume(0.002, "share sent twice, byte for byte")
    effort_days: tuple[int, int] = assume(
        (7, 11), "days from the end of a week to the report of its effort, which counts what arrived by then"
    )


@dataclass(frozen=True)
class IncidentFigures:
    """Overdoses: the true ones, and who tells of them."""

    overdoses_a_week: float = assume(28.0, "true overdoses of the city of the preset's persons; goes with persons")
    least_overdoses_a_week: float = assume(
        25.0, "true overdoses of a city of few persons, or those of the preset if fewer: enough to try a hotspot model"
    )
    clusters: int = assume(14, "places that persist")
    cluster_share: float = assume(0.55, "share of overdoses in them")
    cluster_cells: tuple[float, float] = assume((1.0, 3.2), "cells, standard deviation of a cluster around its centre")
    cluster_evenness: float = assume(1.5, "parameter of the Dirichlet distribution of their shares; more is more even")
    availability: float = assume(0.8, "log of a township's rate a unit of availability, the city's level apart")
    citizen_share: float = assume(0.42, "share of overdoses a citizen reports")
    service_share: float = assume(0.47, "share an ordinary station's service learns of")
    service_by_diligence: float = assume(0.5, "log a unit of the diligence of the township's stations")
    enforcement_share: float = assume(0.04, "share reported by enforcement")
    delay_days: float = assume(2.5, "days to the report, the mean of a Poisson number")
    most_delay_days: int = assume(12, "days, the longest delay")


@dataclass(frozen=True)
class BiasFigures:
    """Times as many tests for a group with `--bias testing`; 1 for all without.

    Persons and their traits are the same as without bias; lives part, since what a test finds may lead to isolation.
    """

    female: float = assume(0.7, "times the tests of men")
    minority: float = assume(1.5, "times the tests of the majority")
    watched_districts: float = assume(1.5, "times the tests of other districts")
    watched_share: float = assume(0.3, "share of districts so watched; of townships where there is one district")
    schedule_range: tuple[float, float] = assume((0.5, 2.0), "times the tests by schedule, at least and at most")


@dataclass(frozen=True)
class Figures:
    """All assumptions of a city, by what they are about."""

    calendar: CalendarFigures = CalendarFigures()
    places: PlaceFigures = PlaceFigures()
    supply: SupplyFigures = SupplyFigures()
    stations: StationFigures = StationFigures()
    people: PeopleFigures = PeopleFigures()
    facts: FactFigures = FactFigures()
    use: UseFigures = UseFigures()
    living: LivingFigures = LivingFigures()
    programmes: ProgrammeFigures = ProgrammeFigures()
    tests: TestFigures = TestFigures()
    care: CareFigures = CareFigures()
    contacts: ContactFigures = ContactFigures()
    arrival: ArrivalFigures = ArrivalFigures()
    incidents: IncidentFigures = IncidentFigures()
    bias: BiasFigures = BiasFigures()
