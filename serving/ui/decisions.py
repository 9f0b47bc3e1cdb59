"""Why a model was promoted or not, in the reader's language.

The ledger holds each reason as the gate wrote it, in English. The English catalogue holds the same sentences with
slots, so that the sentence of the other language with the same key tells it; one that no key has stays as written.
"""

import re
from dataclasses import dataclass
from functools import cache
from string import Formatter

from serving.ui.texts import Texts
from serving.ui.texts import texts as texts_in

WRITTEN_IN = "en"
SECTION = "models.reasons"
LISTS = {"models": "models.names", "items": "models.gate_items"}  # slots that list codes, and the texts of these
FIGURES = ("figure", "other", "slope")  # slots of a number, with its interval where there is one
JUDGED = ("which", "first", "second")  # slots that name what was judged, and of it the group


@dataclass(frozen=True)
class Why:
    """One sentence of a reason; `lang` is the language of one that no text knows."""

    text: str
    lang: str | None = None


def whys(written: str, texts: Texts) -> list[Why]:
    """The sentences of a reason, in the reader's language as far as they are known."""
    return [_told(part, texts) for part in written.split("; ")]


def named(code: str, section: str, texts: Texts) -> str:
    """The text of a code in a section; a code that has none stands for itself."""
    key = re.sub(r"[^a-z0-9]+", "_", code.lower())
    return texts(f"{section}.{key}") if key in texts.under(section) else code


def _told(part: str, texts: Texts) -> Why:
    for key, form in _forms():
        if found := form.fullmatch(part):
            slots = {name: _slot(name, told, texts) for name, told in found.groupdict().items()}
            return Why(texts(f"{SECTION}.{key}", **slots))
    return Why(part, WRITTEN_IN)


def _slot(slot: str, told: str, texts: Texts) -> str:
    if slot in JUDGED:
        return _judged(told, texts)
    if slot not in LISTS:
        return told
    return texts("words.listed").join(named(each, LISTS[slot], texts) for each in told.split(", "))


def _judged(told: str, texts: Texts) -> str:
    """What was judged, and the group of persons where it was one: written "challenger, sex female"."""
    judged, _, group = told.partition(", ")
    parts = [named(judged, "models.judged", texts)]
    if group:
        attribute, _, code = group.partition(" ")
        parts += [named(attribute, "models.attributes", texts), named(code, "models.group_codes", texts)]
    return texts("words.listed").join(parts)


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The known sentences as they are written, each with its key."""
    texts = texts_in(WRITTEN_IN)
    return tuple((key, re.compile(_pattern(texts(f"{SECTION}.{key}")))) for key in texts.under(SECTION))


def _pattern(form: str) -> str:
    return "".join(
        re.escape(said) + (f"(?P<{slot}>{_written_as(slot)})" if slot else "")
        for said, slot, _, _ in Formatter().parse(form)
    )


def _written_as(slot: str) -> str:
    return r"[^ ,]+(?: \([^)]*\))?" if slot in FIGURES else ".+?"
