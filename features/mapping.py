"""A mapping: data (TOML) that says how the files of a foreign source become the tables of the contract.

For each table it names the files that feed it, where each column comes from, and rules that translate what a row
says. What no rule translates is kept: an unknown type becomes an event of that kind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Flags
from features.columns import as_text
from features.errors import ConfigError
from features.gcj02 import COORDINATES, WGS84
from features.plain import from_plain, toml_of
from features.schema import DELIVERED, TABLES
from features.words import nearest

BUNDLED = Path(__file__).parent / "mappings"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Filling:
    """Where one column of the contract comes from: a column of the file, a constant, or a day of the epoch."""

    name: str
    column: str | None = None
    constant: str | None = None
    day: int | None = None
    day_numbers: bool = False  # the column counts days from the epoch
    days_as: str | None = None  # how the column writes days, as `strptime` has it: %Y年%m月%d日
    age_on: date | None = None  # the column is an age in years on this day; gives the year of birth
    translate: Pairs = ()
    otherwise: str | None = None  # for values that `translate` does not list; without it they stay as they are


@dataclass(frozen=True)
class Rule:
    """When columns of the file have these values (one `*` stands for any text), set columns of the contract.

    A `*` in what is set takes the text that stood for the `*`; an empty text makes the column missing.
    """

    when: Pairs
    then: Pairs


@dataclass(frozen=True)
class TableMapping:
    """How some files become rows of one table; the first rule that fits a row translates it."""

    table: str
    files: tuple[str, ...]
    columns: tuple[Filling, ...]
    rules: tuple[Rule, ...] = ()
    keep_rest: bool = True  # the other columns of the file stay, as extra columns
    numbers: tuple[str, ...] = ()  # extra columns that hold numbers; the others are text
    melt: tuple[str, ...] = ()  # columns that become one event each, of kind entry_COLUMN


@dataclass(frozen=True)
class SourceMapping:
    """The mapping of one source; `missing` lists texts that mean no value, beside the empty one.

    `coordinates`: in which the source's points and outlines are; others than WGS 84 are converted only when told to be.
    """

    tables: tuple[TableMapping, ...]
    epoch: date | None = None
    missing: tuple[str, ...] = ()
    coordinates: str = WGS84

    def of_file(self, name: str) -> tuple[TableMapping, ...]:
        """The tables that a file feeds."""
        return tuple(table for table in self.tables if any(fnmatch(name, pattern) for pattern in table.files))


@dataclass(frozen=True)
class Mapped:
    """Rows in the columns of a table, labelled like the rows they were made from, and what is worth a note."""

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def read_mapping(source: str | Path) -> SourceMapping:
    """The mapping in a TOML file, or a bundled one by its name; ConfigError names file and key of every mistake."""
    path = Path(source)
    if not path.is_file() and path.name == str(source):
        path = BUNDLED / f"{path.name.removesuffix('.toml')}.toml"
    if not path.exists():
        names = ", ".join(sorted(file.stem for file in BUNDLED.glob("*.toml")))
        raise ConfigError(f"{path.name}: there is no such mapping file; bundled are: {names}.")
    plain = toml_of(path)
    mapping = from_plain(_with_pairs(plain), SourceMapping, where=path.name)
    mistakes = list(_mistakes(mapping))
    if mistakes:
        raise ConfigError(f"{path.name}: {'; '.join(mistakes)}.")
    return mapping


def apply(mapping: SourceMapping, table: TableMapping, rows: pd.DataFrame) -> Mapped:
    """The rows of a file as rows of a table, still to be checked."""
    came = rows.mask(rows.isin([token for token in mapping.missing if token]))
    made = {filling.name: _fill(filling, came, mapping.epoch) for filling in table.columns}
    mapped = pd.DataFrame({name: column for name, column in made.items() if column is not None}, index=came.index)
    for name in (column.name for column in TABLES[table.table].columns if column.type == "code"):
        if name in mapped:
            mapped[name] = mapped[name].str.lower().str.replace(r"\s+", "_", regex=True)
    translated = _translate(table.rules, came, mapped)
    if table.melt:
        return Mapped(_melted(table.melt, came, translated))
    return _with_rest(table, came, translated) if table.keep_rest else Mapped(translated)


def absent(table: TableMapping, came: pd.DataFrame) -> Iterator[str]:
    """A note of the columns that the mapping names and the file has not: a misspelt one would be missing throughout."""
    named = [filling.column for filling in table.columns if filling.column]
    named += [name for rule in table.rules for name, _ in rule.when]
    gone = [name for name in dict.fromkeys((*named, *table.numbers, *table.melt)) if name not in came]
    if gone:
        near = nearest(gone, [str(name) for name in came])
        yield f"{table.table}: the mapping names columns that are not in the file: {', '.join(gone)}{near}."


def _fill(filling: Filling, came: pd.DataFrame, epoch: date | None) -> "pd.Series[str] | None":
    """The text of one column; None when the file has no such column (checking then says whether it had to)."""
    constant = filling.constant
    if filling.day is not None and epoch is not None:
        constant = _iso(epoch, filling.day)
    if constant is not None:
        return pd.Series(constant, index=came.index, dtype="str")
    if filling.column not in came:
        return None
    text = as_text(came[filling.column])
    if filling.day_numbers and epoch is not None:
        return _by_number(text, partial(_iso, epoch))
    if filling.days_as is not None:
        return _by_form(text, filling.days_as)
    if filling.age_on is not None:
        return _by_number(text, partial(_birth_year, filling.age_on))
    return _translated(text, filling) if filling.translate else text


def _translated(text: "pd.Series[str]", filling: Filling) -> "pd.Series[str]":
    listed = text.map(dict(filling.translate)).astype("str")
    return listed.fillna(text if filling.otherwise is None else text.where(text.isna(), filling.otherwise))


def _birth_year(on: date, age: float) -> str:
    """The likelier of two years: in the first half of a year most have their birthday still before them."""
    return str(on.year - int(age) - (on.month <= 6))


def _iso(epoch: date, number: float) -> str | None:
    try:
        return (epoch + timedelta(days=int(number))).isoformat() if number == int(number) else None
    except OverflowError:
        return None


def _by_form(text: "pd.Series[str]", form: str) -> "pd.Series[str]":
    """Each day as ISO has it; what is not written in this form stays as it is, for the check to report."""
    unique = text.dropna().drop_duplicates()
    days = pd.to_datetime(unique, format=form, errors="coerce").dt.strftime("%Y-%m-%d")
    told = dict(zip(unique, days, strict=True))
    return text.map({was: now for was, now in told.items() if isinstance(now, str)}).astype("str").fillna(text)


def _by_number(text: "pd.Series[str]", made: Callable[[float], str | None]) -> "pd.Series[str]":
    """Each number turned into text by `made`; what is no number stays as it is, for the check to report."""
    unique = text.dropna().drop_duplicates().reset_index(drop=True)
    numbers = pd.to_numeric(unique, errors="coerce").replace([float("inf"), float("-inf")], float("nan")).dropna()
    answers = {was: made(float(number)) for was, number in zip(unique[numbers.index], numbers, strict=True)}
    return text.map({was: now for was, now in answers.items() if now is not None}).astype("str").fillna(text)


def _translate(rules: tuple[Rule, ...], came: pd.DataFrame, mapped: pd.DataFrame) -> pd.DataFrame:
    asked = {name for rule in rules for name, _ in rule.when}
    # Far fewer values than rows: patterns look at each value once.
    coded = {name: pd.factorize(as_text(came[name]), use_na_sentinel=False) for name in asked if name in came}
    waiting = np.ones(len(came), dtype=bool)
    columns: dict[str, pd.Series[str]] = {str(name): mapped[name] for name in mapped}
    for rule in rules:
        if not all(name in coded for name, _ in rule.when):
            continue
        fits, caught = waiting.copy(), None
        for name, pattern in rule.when:
            codes, unique = coded[name]
            fits &= _fits(pd.Series(unique, dtype="str"), pattern)[codes]
            caught = _caught(unique, pattern).take(codes) if "*" in pattern else caught
        for name, value in rule.then:
            before = columns.get(name, pd.Series(None, index=came.index, dtype="str"))
            now = _filled_star(value, caught)[fits] if caught is not None and "*" in value else value or None
            columns[name] = before.copy()
            columns[name][fits] = now
        waiting &= ~fits
    return pd.DataFrame(columns, index=came.index)


def _fits(text: "pd.Series[str]", pattern: str) -> Flags:
    if "*" in pattern:
        head, tail = pattern.split("*")
        fits = text.str.startswith(head) & text.str.endswith(tail) & (text.str.len() > len(head) + len(tail))
        return fits.fillna(value=False).to_numpy(dtype=bool)
    try:
        return (pd.to_numeric(text, errors="coerce") == float(pattern)).to_numpy()  # 1 in the rule is 1.0 in the file
    except ValueError:
        return (text == pattern).fillna(value=False).to_numpy(dtype=bool)


def _caught(unique: Any, pattern: str) -> Any:
    head, tail = pattern.split("*")
    text = pd.Series(unique, dtype="str").str.slice(len(head), -len(tail) or None)
    return text.str.lower().str.replace(r"\s+", "_", regex=True).array


def _filled_star(value: str, caught: Any) -> Any:
    head, tail = value.split("*")
    return head + caught + tail


def _melted(names: tuple[str, ...], came: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """One event for each listed column that has a value: numbers as value, other texts as outcome."""
    parts = [base.iloc[:0]]
    for name in (name for name in names if name in came):
        text = as_text(came[name])
        number = pd.to_numeric(text, errors="coerce").notna()
        code = text.str.lower().str.replace(r"\s+", "_", regex=True)
        event = base.assign(kind=f"entry_{name}".lower(), outcome=code.mask(number), value=text.where(number))
        parts.append(event[text.notna()])
    return pd.concat(parts)


def _with_rest(table: TableMapping, came: pd.DataFrame, mapped: pd.DataFrame) -> Mapped:
    used = {filling.column for filling in table.columns} | {name for rule in table.rules for name, _ in rule.when}
    rest = came[[name for name in came if name not in used and name not in mapped]]
    numbers = {name: pd.to_numeric(as_text(rest[name]), errors="coerce") for name in table.numbers if name in rest}
    lost = {name: int((as_text(rest[name]).notna() & column.isna()).sum()) for name, column in numbers.items()}
    notes = (f"{table.table}: {name}: {n} values are no numbers and count as missing" for name, n in lost.items() if n)
    return Mapped(mapped.join(rest.assign(**numbers)), tuple(notes))


def _with_pairs(plain: dict[str, Any]) -> dict[str, Any]:
    """Tables of texts ({F = "female"}) as pairs, the form in which the dataclasses hold them."""
    return {key: _as_pairs(key, value) for key, value in plain.items()}


def _as_pairs(key: str, value: Any) -> Any:
    if isinstance(value, dict) and key in {"translate", "when", "then"}:
        return [[name, str(text) if isinstance(text, int | float) else text] for name, text in value.items()]
    if isinstance(value, list):
        return [_with_pairs(entry) if isinstance(entry, dict) else entry for entry in value]
    return value


def _mistakes(mapping: SourceMapping) -> Iterator[str]:
    if mapping.coordinates not in COORDINATES:
        yield f"coordinates: '{mapping.coordinates}' is unknown (known: {', '.join(COORDINATES)})"
    for position, table in enumerate(mapping.tables, start=1):
        where = f"tables[{position}]"
        if table.table not in DELIVERED:
            yield f"{where}: table: there is no such table (known: {', '.join(DELIVERED)})"
            continue
        known = set(TABLES[table.table].names)
        targets = [("columns", filling.name) for filling in table.columns]
        targets += [("rules: then", name) for rule in table.rules for name, _ in rule.then]
        for key, name in targets:
            if name not in known:
                yield f"{where}: {key}: table {table.table} has no column '{name}' (known: {', '.join(sorted(known))})"
        if table.melt and table.table != "events":
            yield f"{where}: melt: only events can be made from columns"
        for filling in table.columns:
            yield from (
                f"{where}: columns: {filling.name}: {fault}" for fault in _filling_mistakes(filling, mapping.epoch)
            )
        for rule in table.rules:
            yield from (f"{where}: rules: {fault}" for fault in _rule_mistakes(rule))


def _filling_mistakes(filling: Filling, epoch: date | None) -> Iterator[str]:
    if sum(source is not None for source in (filling.column, filling.constant, filling.day)) != 1:
        yield "give exactly one of column, constant, day"
    if filling.days_as is not None and (filling.day_numbers or "%" not in filling.days_as):
        yield "days_as is a form of days such as %Y年%m月%d日, and day numbers have none"
    if (filling.day is not None or filling.day_numbers) and epoch is None:
        yield "day numbers need an `epoch` at the top of the file"


def _rule_mistakes(rule: Rule) -> Iterator[str]:
    stars = sum(pattern.count("*") for _, pattern in rule.when)
    if stars > 1:
        yield "when: one `*` at most"
    if any(value.count("*") > stars for _, value in rule.then):
        yield "then: a `*` needs one in when"
