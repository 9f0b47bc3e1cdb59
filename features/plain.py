"""Frozen dataclasses from plain values (TOML, JSON) and back, with every mistake named.

A configuration is a tree of frozen dataclasses; this reads one and says in which file and under which key an
entry is unknown, missing or of the wrong type. The artifact writes the same trees as JSON.
"""

import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from features.errors import ConfigError
from features.words import nearest

Tree = TypeVar("Tree")


def read_toml(path: Path, kind: type[Tree]) -> Tree:
    """The configuration in a TOML file; ConfigError names the file and every wrong key."""
    return from_plain(toml_of(path), kind, where=path.name)


def toml_of(path: Path) -> dict[str, Any]:
    """What stands in a TOML file; ConfigError names the file that cannot be read, and why."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path.name}: there is no such configuration file.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except RecursionError:
        raise ConfigError(f"{path.name}: not readable as TOML: nested too deep.") from None
    except ValueError as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise ConfigError(f"{path.name}: not readable as TOML: {error}.") from None


def from_plain(plain: Mapping[str, Any], kind: type[Tree], *, where: str) -> Tree:
    """The dataclass that the plain values describe; ConfigError lists all mistakes at once."""
    mistakes: list[str] = []
    tree = _tree(plain, kind, "", mistakes)
    if mistakes:
        raise ConfigError(f"{where}: " + "; ".join(mistakes) + ".")
    return cast(Tree, tree)


def to_plain(tree: Any) -> dict[str, Any]:
    """The plain values of a dataclass, without absent ones; `from_plain` gives it back."""
    return {key: value for key, value in asdict(tree).items() if value is not None}


def _tree(plain: Any, kind: Any, where: str, mistakes: list[str]) -> Any:
    if not isinstance(plain, Mapping):
        mistakes.append(f"'{where}' should be a table")
        return None
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    inside = f"{where}." if where else ""
    unknown = [key for key in plain if key not in known]
    mistakes.extend(
        f"there is no key '{inside}{key}' (known: {', '.join(known)}){nearest([key], known)}" for key in unknown
    )
    values = {}
    for name, field in known.items():
        if name in plain:
            values[name] = _value(plain[name], hints[name], f"{inside}{name}", mistakes)
        elif field.default is MISSING and field.default_factory is MISSING:
            mistakes.append(f"the key '{inside}{name}' is missing")
    return None if mistakes else kind(**values)  # a dataclass may refuse what is wrong together, as ConfigError


def _value(plain: Any, hint: Any, where: str, mistakes: list[str]) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if plain is None:
            return None
        return _value(plain, next(each for each in inner if each is not type(None)), where, mistakes)
    if origin is tuple:
        return _list(plain, inner, where, mistakes)
    if is_dataclass(hint):
        return _tree(plain, hint, where, mistakes)
    return _scalar(plain, hint, where, mistakes)


def _list(plain: Any, inner: tuple[Any, ...], where: str, mistakes: list[str]) -> tuple[Any, ...]:
    if not isinstance(plain, list | tuple):
        mistakes.append(f"'{where}' should be a list")
        return ()
    kinds = [inner[0]] * len(plain) if inner[-1] is Ellipsis else list(inner)
    if len(kinds) != len(plain):
        mistakes.append(f"'{where}' should have {len(kinds)} entries")
        return ()
    return tuple(_value(each, kind, where, mistakes) for each, kind in zip(plain, kinds, strict=True))


def _scalar(plain: Any, hint: Any, where: str, mistakes: list[str]) -> Any:
    if hint is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if not isinstance(plain, hint) or (isinstance(plain, bool) and hint is not bool):
        mistakes.append(f"'{where}' should be of type {hint.__name__}")
    return plain
