"""One request of every sort that the table of roles has a line for, about a given person where it is about one."""

from itertools import count

from serving.roles import WITH_EVENTS
from tests.serving_helpers import AS_OF, KEYS, NAME, QUESTION, TODAY, ask, bearer

PURPOSE = {"purpose": "support_plan"}
STATUS = {"sealed": False, "objected": False, "abstinent_three_years": False}
STATIONS_OF = {"P002": "S1", "P003": "S2"}
NUMBERS = count()
COMMENT = {"kind": "comment", "text": "met today"}
WRONG = {"what": "wrong", "asked_by": "person", "text": "the test of May was negative"}


def history():
    test = {"occurred_on": str(TODAY), "known_on": str(TODAY), "kind": "urine_test", "outcome": "positive"}
    start = {"occurred_on": "2023-01-01", "known_on": "2023-01-01", "kind": "programme_start", "outcome": "methadone"}
    past = {**test, "occurred_on": "2024-03-01", "known_on": "2024-03-01"}
    return {**QUESTION, "person": {"birth_year": 1980}, "events": [start, past, test], "status": STATUS}


def new_key():
    """An Idempotency-Key that was never sent."""
    return {"Idempotency-Key": f"key-{next(NUMBERS):08}"}


def note_about(url, path, person_id, said):
    """The id of a note the service's own machine key leaves about a person; one of nothing for a person unknown."""
    body = {**PURPOSE, "person_id": person_id, **said}
    answer = ask(f"{url}{path}", body, headers={**bearer(KEYS[url]), **new_key()})
    return answer.json["note_id"] if answer.status == 201 else "no-such-note"


def asked(url, act, person_id, headers):
    """The answer to a request of this sort, about this person where it is about one."""
    method, path = act.removesuffix(" with events").split(" ")
    if path.startswith("/v1/models"):
        return ask(url + path.replace("{name}", NAME), headers=headers)
    if method == "GET":
        return ask(f"{url}{path}?{query(path, person_id)}", headers=headers)
    return ask(f"{url}{path}", body(url, act, person_id), headers={**headers, **new_key()})


def query(path, person_id):
    if path == "/v1/worklist":
        return f"as_of={AS_OF}&purpose=support_plan&station={STATIONS_OF.get(person_id, 'NOWHERE')}"
    settled = {"/v1/observed": f"year={TODAY.year - 2}", "/v1/bulletin": "until=2024-05-31"}
    known = settled | {"/v1/audit": "limit=1", "/v1/corrections": "purpose=review", "/v1/metrics": ""}
    return known.get(path, f"as_of={AS_OF}")


def body(url, act, person_id):
    named = {**PURPOSE, "person_id": person_id}
    if act == WITH_EVENTS:
        return history()
    if act == "POST /v1/feedback:review":
        note_id = note_about(url, "/v1/feedback", person_id, {"feedback": COMMENT})
        return {**PURPOSE, "note_id": note_id, "state": "confirmed"}
    if act == "POST /v1/corrections:state":
        return {**PURPOSE, "note_id": note_about(url, "/v1/corrections", person_id, WRONG), "state": "sent_to_source"}
    return {
        "POST /v1/scores": {**QUESTION, "person_id": person_id},
        "POST /v1/scores:batch": {**QUESTION, "person_ids": [person_id]},
        "POST /v1/scores:history": named,
        "POST /v1/scores:changes": {**named, "as_of": AS_OF},
        "POST /v1/reports": {**named, "as_of": AS_OF, "purpose": "own_request"},
        "POST /v1/feedback": {**named, "feedback": COMMENT},
        "POST /v1/feedback:read": named,
        "POST /v1/corrections": {**named, **WRONG},
    }[act]
