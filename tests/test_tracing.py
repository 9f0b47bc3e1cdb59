"""Traces: one span for each request, named by the route, and nothing where nobody asked for them."""

import asyncio

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from features.errors import ConfigError
from features.home import Home
from serving.door import Door
from serving.settings import Settings
from serving.tracing import ENDPOINT, tracer_of_environment
from tests.serving_helpers import CANARY

ABOVE = "0af7651916cd43dd8448eb211c80319c"


def spans_of(tmp_path, headers):
    """The spans of one request for a person's page."""

    class Route:
        path = "/v1/persons/{person_id}"

    async def app(scope, receive, send):
        scope["route"] = Route
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        pass

    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    door = Door(app, Settings(Home(tmp_path)), lambda: True, tracer=provider.get_tracer("tests"))
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/v1/persons/{CANARY}",
        "query_string": CANARY.encode(),
        "headers": [(b"host", b"127.0.0.1"), (b"user-agent", CANARY.encode()), *headers],
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(door(scope, None, send))
    return kept.get_finished_spans()


def test_a_span_holds_method_route_and_status_and_nothing_of_a_person(tmp_path):
    (span,) = spans_of(tmp_path, [])
    assert span.name == "GET /v1/persons/{person_id}"
    assert dict(span.attributes) == {"http.route": "/v1/persons/{person_id}", "http.response.status_code": 200}
    assert CANARY not in span.to_json()


@pytest.mark.parametrize("sent", [f"00-{ABOVE}-b7ad6b7169203331-01", CANARY, "", "00-\xff"])
def test_a_span_lies_below_that_of_the_caller_when_there_is_a_sound_one(tmp_path, sent):
    (span,) = spans_of(tmp_path, [(b"traceparent", sent.encode("latin-1"))])
    assert (f"{span.context.trace_id:032x}" == ABOVE) == (ABOVE in sent)


def test_without_an_address_there_are_no_traces_and_without_the_package_it_is_named(monkeypatch):
    monkeypatch.delenv(ENDPOINT, raising=False)
    assert tracer_of_environment() is None
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    with pytest.raises(ConfigError, match="opentelemetry-exporter-otlp-proto-http"):
        tracer_of_environment()
