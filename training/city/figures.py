"""Every number the invented city rests on, with its unit and its source; `presets` says where a place differs."""

from dataclasses import dataclass

from training.city.assume import OURS, assume

DOMAIN_1, DOMAIN_2, DOMAIN_3 = (f"DOMAIN section {number}" for number in (1, 2, 3))
CALIBRATED = "calibrated by `simulate --check` to DOMAIN section 2"
COVARIATE = f"provincial studies name it ({DOMAIN_2}); its size is {OURS}"

LOG_ODDS = "log-odds of use in a week"


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


@dataclass(frozen=True)
class SupplyFigures:
    """The hidden field of availability; log-odds of use."""

    reach_m: float = assume(5_000.0, "m within which townships rise and fall together")
    memory: float = assume(0.96, "correlation from a week to the next")
    lasting_sd: float = assume(0.45, "log-odds, of the map that stays")
    moving_sd: float = assume(0.3, "log-odds, of the field that moves over it")
    level_sd: float = assume(0.12, "log, of the city's level")
    season: float = assume(0.08, "share by which late July is above the mean")
    surges_a_year: float = assume(1.5, "surges begun a year")
    surge_weeks: float = assume(14.0, "weeks from rise to fade, half to one and a half of it")
    surge_peak: float = assume(1.0, "log-odds at the height and centre of a surge, half to one and a half of it")
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


@dataclass(frozen=True)
class PeopleFigures:
    """Who enters, how, and how persons differ for life."""

    treatment_share: float = assume(0.55, "share of persons who enter by community treatment")
    rehabilitation_share: float = assume(0.33, "share of persons who enter by release from isolation")
    methadone_share: float = assume(0.12, "share of persons who enter by methadone maintenance")
    veteran_share: float = assume(0.0, "share of all persons who completed before the city's records open")
    frailty_sd: float = assume(0.5, "log-odds of use, lasting for life (own resolve, peers)", COVARIATE)
    early_use: float = assume(0.2, "log-odds of use for a first use 5 years earlier", COVARIATE)
    long_use: float = assume(0.15, "log-odds of use times log(1 + years of use)", COVARIATE)
    employed_at_entry: float = assume(0.45, "share of persons")
    housed_at_entry: float = assume(0.88, "share of persons with a settled home")


@dataclass(frozen=True)
class UseFigures:
    """The weekly craving process."""

    base: float = assume(-4.24, LOG_ODDS, CALIBRATED)
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
    season: float = assume(0.08, f"{LOG_ODDS} in late July over the mean")
    festival: float = assume(0.3, f"{LOG_ODDS} in the weeks of the Spring Festival")
    day_share: float = assume(0.5, "share of the other days used in a week of use")


@dataclass(frozen=True)
class LivingFigures:
    """Work, family, home and strain; probabilities of a week as log-odds."""

    job_lost: float = assume(-5.2, "log-odds a week")
    job_lost_by_use: float = assume(1.2, "log-odds after a week of use")
    job_found: float = assume(-4.64, "log-odds a week", CALIBRATED)
    job_found_by_use: float = assume(-0.6, "log-odds after a week of use")
    home_lost: float = assume(-6.8, "log-odds a week")
    home_found: float = assume(-3.6, "log-odds a week")
    strain_memory: float = assume(0.9, "share of strain left a week later")
    strain_sd: float = assume(0.35, "units of strain a week, by chance")
    strain_by_use: float = assume(0.12, "units of strain after a week of use")
    strain_by_loss: float = assume(0.8, "units of strain when a job or home is lost")
    family_memory: float = assume(0.985, "share of a rift left a week later")
    family_by_use: float = assume(0.04, "units of family support lost in a week of use")
    stigma_by_isolation: float = assume(0.4, "units of stigma added by a stay in isolation")


@dataclass(frozen=True)
class ProgrammeFigures:
    """What befalls persons besides their use; pairs are without and with use in the last week."""

    refusal_share: float = assume(0.0128, "share of orders not carried out", f"execution 98.72 %, {DOMAIN_2}")
    met_share: float = assume(0.994, "share of releases met", f"over 99 %, {DOMAIN_2}")
    rehabilitation_share: float = assume(0.92, "share of releases that come with an order")
    early_release_share: float = assume(0.6, "share of isolations that end between the review and two years")
    extended_share: float = assume(0.04, "share of isolations extended by up to a year")
    death: tuple[float, float] = assume((0.00016, 0.0006), "probability a week", CALIBRATED)
    loss: tuple[float, float] = assume((0.003, 0.007), "probability a week of going without a word", CALIBRATED)
    prison: tuple[float, float] = assume((0.0004, 0.0015), "probability a week", CALIBRATED)
    loss_at_festival: float = assume(1.5, "times as many who go without a word at the Spring Festival")
    reappears: float = assume(0.03, "probability a week, of a person missing and not yet declared lost")
    declared_lost_days: tuple[int, int] = assume((45, 80), "days missing before a person is declared lost")
    transfer: float = assume(0.0012, "probability a week of moving to another township")
    late_hand_over_share: float = assume(0.15, "share of transfers confirmed after the 15 days")
    never_handed_over_share: float = assume(0.06, "share of transfers never confirmed")
    ward: float = assume(0.0006, "probability a week")
    methadone_left: tuple[float, float] = assume((0.002, 0.012), "probability a week of leaving the clinic")
    found_again: float = assume(0.006, "probability in a week of use, out of any programme, of being found")
    found_to_isolation: float = assume(0.5, "share of those found who are sent to isolation, the rest is ordered anew")
    objection: float = assume(0.0001, "probability a week of objecting to automated scoring")
    objection_withdrawn: float = assume(0.2, "share of objections taken back within a year")
    absence: tuple[float, float] = assume((0.004, 0.014), "probability a week of leaving without leave")
    breach_to_isolation: float = assume(0.15, "share of serious breaches that lead to isolation")
    second_positive: float = assume(0.2, "probability that a second positive test leads to isolation")
    later_positive: float = assume(0.45, "probability that a further positive test leads to isolation")


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
    hair_every_weeks: int = assume(26, "weeks between two hair tests of a person")
    surprise_a_year: float = assume(1.3, "surprise tests a person-year", f"at least 3 in three years, {DOMAIN_3}")
    suspicion: float = assume(0.012, "probability a week of a test by suspicion, without any sign")
    suspicion_by_use: float = assume(1.3, "log, after use in the last two weeks (a sign that shows)")
    suspicion_by_strain: float = assume(0.35, "log a unit of strain")
    suspicion_by_record: float = assume(0.9, "log when the last test was positive or withheld")
    skipped: float = assume(-2.6, "log-odds that an ordinary station lets a test fall due and holds it a week later")
    skipped_at_festival: float = assume(2.2, "log-odds at the Spring Festival")
    missed: float = assume(-3.1, "log-odds that a person misses a test")
    missed_by_use: float = assume(1.3, "log-odds with use within the window")
    missed_by_strain: float = assume(0.5, "log-odds a unit of strain")
    missed_at_festival: float = assume(0.9, "log-odds at the Spring Festival")
    hidden_share: tuple[float, float] = assume((0.85, 0.6), "share of missed tests that are plainly missed, by use")


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
    dose_mg: float = assume(60.0, "mg of methadone, the mean dose")
    dose_missed: float = assume(-1.2, "log-odds that a dose of a week is missed")
    dose_missed_by_strain: float = assume(0.6, "log-odds a unit of strain")


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
    leave: tuple[float, ...] = assume((0.012,), DUE)


@dataclass(frozen=True)
class ArrivalFigures:
    """How records reach the service."""

    delay_days: tuple[float, ...] = assume(
        (2.0, 6.0, 4.0, 0.7, 3.0, 7.0, 5.0), "mean days, by source in the order of the vocabulary"
    )
    most_days: int = assume(20, "days, the longest delay")
    lost_share: float = assume(0.01, "share of routine records lost by an ordinary station")
    corrected_share: float = assume(0.004, "share first recorded with another outcome")
    retracted_share: float = assume(0.01, "share of visits and the like recorded by mistake")
    repeated_share: float = assume(0.002, "share sent twice, byte for byte")


@dataclass(frozen=True)
class IncidentFigures:
    """Overdoses: the true ones, and who tells of them."""

    overdoses_a_week: float = assume(28.0, "true overdoses of the city")
    clusters: int = assume(14, "places that persist")
    cluster_share: float = assume(0.55, "share of overdoses in them")
    availability: float = assume(0.8, "log of a township's rate a unit of availability")
    citizen_share: float = assume(0.42, "share of overdoses a citizen reports")
    service_share: float = assume(0.47, "share an ordinary station's service learns of")
    service_by_diligence: float = assume(0.5, "log a unit of the diligence of the township's stations")
    enforcement_share: float = assume(0.04, "share reported by enforcement")


@dataclass(frozen=True)
class BiasFigures:
    """Times as many tests for a group with `--bias testing`, for the same lives; 1 for all without."""

    female: float = assume(0.7, "times the tests of men")
    minority: float = assume(1.5, "times the tests of the majority")
    watched_districts: float = assume(1.5, "times the tests of other districts")
    watched_share: float = assume(0.3, "share of districts so watched")


@dataclass(frozen=True)
class Figures:
    """All assumptions of a city, by what they are about."""

    places: PlaceFigures = PlaceFigures()
    supply: SupplyFigures = SupplyFigures()
    stations: StationFigures = StationFigures()
    people: PeopleFigures = PeopleFigures()
    use: UseFigures = UseFigures()
    living: LivingFigures = LivingFigures()
    programmes: ProgrammeFigures = ProgrammeFigures()
    tests: TestFigures = TestFigures()
    care: CareFigures = CareFigures()
    contacts: ContactFigures = ContactFigures()
    arrival: ArrivalFigures = ArrivalFigures()
    incidents: IncidentFigures = IncidentFigures()
    bias: BiasFigures = BiasFigures()
