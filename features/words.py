"""Words of a configuration that nothing knows: a misspelt one would find nothing, and say nothing of it."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

FEW = 12  # words that are read through; of more the nearest says enough


def unheard(key: str, given: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """What is wrong with the words given under a key: which nobody knows, those expected, and the nearest of them.

    >>> list(unheard("label: outcome", ["postive"], ["positive", "negative"]))
    ['label: outcome lists postive; expected some of positive, negative; the nearest is positive']
    """
    unknown = [word for word in dict.fromkeys(given) if word not in known]
    if unknown:
        near = nearest(unknown, known)
        expected = "" if near and len(known) > FEW else f"; expected some of {', '.join(filter(None, known))}"
        yield f"{key} lists {', '.join(unknown)}{expected}{near}"


def nearest(unknown: Iterable[str], known: Collection[str]) -> str:
    """The known words that come nearest to some unknown ones, as the end of a sentence; "" where none comes near."""
    near = dict.fromkeys(match for word in unknown for match in get_close_matches(word, known, n=1))
    return f"; the nearest is {', '.join(near)}" if near else ""
