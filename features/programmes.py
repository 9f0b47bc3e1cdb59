"""Which programmes run beside each other, and since when, from starts and ends of which an end seldom says of what.

A start begins a spell of its programme, anew if it runs already. Community treatment and community rehabilitation
follow each other, so a start of the one ends the other; methadone and trials run beside them. An end ends

- the programme that its `note_code` names, if it names one;
- when told of isolation, prison or death: all;
- when told by the methadone clinic: methadone;
- when told of loss: all; of completion: what has a term, in law or by protocol, and methadone has none;
- else, or when nothing of that sort runs: the programme begun last. Who ends methadone within community treatment
  stays in treatment, and whoever has one programme is out of it.
"""

import numpy as np

from features.arrays import Flags, Floats, Ints
from features.asof import Events, Visible
from features.vocabulary import PROGRAMMES
from features.walk import Columns, Rows, after, compiled

CHANGES = ("programme_start", "programme_end")
COMMUNITY = (
    "community_treatment",
    "community_rehabilitation",
)  # with a term in law; a person is in one of them at most
WITHOUT_A_TERM = "methadone"
OUT_OF_REACH = ("isolated", "imprisoned", "died")

Numbers = Ints


def running_since(past: Visible, programmes: tuple[str, ...]) -> Floats:
    """The day the latest of these programmes that run began; NaN where none of them runs."""
    wanted = [place for place, programme in enumerate(PROGRAMMES) if programme in programmes]
    return np.fmax.reduce(past.once(_all_since)[:, wanted], axis=1, initial=np.nan)


def _all_since(past: Visible) -> Floats:
    """The day each of the programmes that run began, of shape (rows, PROGRAMMES); NaN where one does not run."""
    changes = past.of(kind=CHANGES)
    begins, ends = _begins(changes.events), _ends(changes.events)
    unnamed = changes.events.flagged("kind", "programme_end") & ~changes.events.flagged("note_code", PROGRAMMES)
    return _spells(changes.rows(), changes.columns(), begins, ends, unnamed)


def _begins(changes: Events) -> Numbers:
    """The place in PROGRAMMES of what each change begins; -1 for an end."""
    begins = np.full(len(changes.occurred), -1)
    for place, programme in enumerate(PROGRAMMES):
        begins[changes.flagged("kind", "programme_start") & changes.flagged("outcome", programme)] = place
    return begins


def _ends(changes: Events) -> Flags:
    """Which programmes each change ends if they run, of shape (changes, PROGRAMMES)."""
    end, named = changes.flagged("kind", "programme_end"), changes.flagged("note_code", PROGRAMMES)
    by_clinic, completed = changes.flagged("source", "methadone_clinic"), changes.flagged("outcome", "completed")
    all_of_them = changes.flagged("outcome", OUT_OF_REACH) | (changes.flagged("outcome", "lost") & ~by_clinic)
    ends = np.zeros((len(changes.occurred), len(PROGRAMMES)), dtype=np.bool_)
    for place, programme in enumerate(PROGRAMMES):
        meant = by_clinic if programme == WITHOUT_A_TERM else completed & ~by_clinic
        ends[:, place] = end & np.where(named, changes.flagged("note_code", programme), all_of_them | meant)
    for one, other in (COMMUNITY, COMMUNITY[::-1]):
        ends[:, PROGRAMMES.index(other)] |= changes.flagged("kind", "programme_start") & changes.flagged("outcome", one)
    return ends


@compiled
def _spells(rows: Rows, changes: Columns, begins: Numbers, ends: Flags, unnamed: Flags) -> Floats:
    """The first day of each spell that runs at the end of each window, of shape (rows, spells)."""
    since = np.full((len(rows.person), ends.shape[1]), np.nan)
    for row in range(len(rows.person)):
        person = rows.person[row]
        for place in range(changes.first[person], after(changes, person, rows.ceiling[row])):
            if not changes.known[place] <= rows.seen_by[row] < changes.until[place]:
                continue
            over, last = False, -1
            for spell in range(ends.shape[1]):
                if np.isnan(since[row, spell]):
                    continue
                if last < 0 or since[row, spell] >= since[row, last]:
                    last = spell
                if ends[place, spell]:
                    since[row, spell], over = np.nan, True
            if unnamed[place] and not over and last >= 0:
                since[row, last] = np.nan
            if begins[place] >= 0:
                since[row, begins[place]] = changes.occurred[place]
    return since
