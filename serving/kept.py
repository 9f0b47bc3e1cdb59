"""Answers that are the same for everyone until what they were made from changes, kept for the next who asks."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(eq=False)
class Kept(Generic[Value]):
    """The last `most` values by key; a key names all that the value depends on, so nothing kept is ever stale.

    Who may not be told a value is refused before it is asked for here: a key says nothing of the caller.
    """

    most: int
    _values: "OrderedDict[Hashable, Value]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, make: Callable[[], Value], *, key_of: Callable[[Value], Hashable]) -> Value:
        """The value of a key, made where it is not kept; two who ask at once may both make it.

        `key_of` says what the value was made from in the end: store or model may change while it is made.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key_of(value)] = value
            while len(self._values) > self.most:
                self._values.popitem(last=False)
        return value
