"""Every operation of the OpenAPI document, asked with what the document allows and with what it does not."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from serving.roles import MATRIX, OPEN, REFUSED
from tests.serving_helpers import ask, bearer, build_city, key_for, serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
N_EXAMPLES = int(os.environ.get("WAYSTATION_EXAMPLES", "12"))  # `make hostile` asks for more


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "service.log"


@pytest.fixture(scope="module")
def url(city, log):
    with serving(city.home, log, WAYSTATION_MACHINE_REQUESTS_A_MINUTE="100000") as address:
        yield address


def role_that_may(act):
    """A role that may do this; the machine where it may, since it may do most."""
    cells = MATRIX[act]
    return "machine" if cells["machine"] != REFUSED else next(role for role in cells if cells[role] != REFUSED)


def test_every_operation_keeps_to_its_document(city, url, log):
    schema = schemathesis.openapi.from_dict(without_security(ask(f"{url}/openapi.json").json))
    keys = {}
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > 6
    for operation in operations:
        act = f"{operation.method.upper()} {operation.path}"
        role = "machine" if operation.path in OPEN else role_that_may(act)
        station = "S1" if role.startswith("station") else None
        if role not in keys:
            keys[role] = key_for(city.home, role, station)
        ask_operation(operation, url, keys[role])
    text = log.read_text()
    assert "bug:" not in text
    assert "Traceback" not in text


def without_security(document):
    """The document without its keys: each question carries a good one, so that leaving it out is no fault to find."""
    document["components"].pop("securitySchemes")
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("security")
    return document


def ask_operation(operation, url, key):
    """Half of the questions as the document allows, half not."""

    @seed(7)
    @settings(
        max_examples=N_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategies.one_of(*(operation.as_strategy(generation_mode=each) for each in GenerationMode)))
    def asked(case):
        case.call_and_validate(base_url=url, headers=bearer(key), checks=CHECKS)

    asked()
