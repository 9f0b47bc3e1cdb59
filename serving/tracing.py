"""Traces for OpenTelemetry, where an operator wants them: one span for each request, named by the route.

A span holds method, route and status: no address as it was asked for, since that may name a person. Without
`OTEL_EXPORTER_OTLP_ENDPOINT` nothing is made or sent. The exporter is no package of ours; who wants traces installs it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from features.errors import ConfigError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
EXPORTER = "opentelemetry-exporter-otlp-proto-http"
NAME = "waystation"
SERVER_ERROR = 500

Tracer = trace.Tracer


def tracer_of_environment() -> Tracer | None:
    """What makes spans and sends them where the environment says; None when it says nothing."""
    return tracer_to(_exporter()) if os.environ.get(ENDPOINT) else None


def tracer_to(exporter: SpanExporter) -> Tracer:
    """What makes spans and sends them there, a few at a time, beside the answers."""
    provider = TracerProvider(resource=Resource({"service.name": NAME}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer(NAME)


@contextmanager
def spanned(tracer: Tracer | None, scope: Scope) -> Iterator[trace.Span | None]:
    """A span about a request, below that of a caller who sent a `traceparent`; None without a tracer."""
    if tracer is None:
        yield None
        return
    carried = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    above = TraceContextTextMapPropagator().extract({"traceparent": carried.get("traceparent", "")})
    with tracer.start_as_current_span("-", above, trace.SpanKind.SERVER, record_exception=False) as span:
        yield span


def finish(span: trace.Span | None, act: str, status: int) -> None:
    """Tell the span what was answered."""
    if span is None:
        return
    span.update_name(act)
    span.set_attributes({"http.route": act.partition(" ")[2], "http.response.status_code": status})
    if status >= SERVER_ERROR:
        span.set_status(trace.StatusCode.ERROR)


def _exporter() -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # type: ignore[import-not-found]
            OTLPSpanExporter,
        )
    except ImportError:
        raise ConfigError(f"settings: {ENDPOINT} is set, and sending traces needs the package {EXPORTER}.") from None
    made: SpanExporter = OTLPSpanExporter()
    return made
