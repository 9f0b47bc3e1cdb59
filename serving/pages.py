"""The first page, the list of operations and the OpenAPI document: made here, without anything from elsewhere."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse

from serving.answer_headers import declare_headers
from serving.area_messages import Forecast
from serving.docs_page import operations, show_answers
from serving.examples import of_parameters, of_schemas
from serving.messages import Problem
from serving.roles import OPEN

MEANINGS = {
    400: "Not JSON as we read it",
    401: "No key or token, or none that is good",
    403: "The role may not do this, or not for this purpose, and that is recorded",
    404: "The person is unknown, or of another station",
    405: "The address does not take that method",
    408: "The body came too slowly",
    409: "No score or forecast can be given; reason says why",
    413: "The body is too large",
    415: "Not JSON in UTF-8",
    421: "Another host name, or a caller on another machine while nobody holds a key",
    422: "A field broke a rule; errors names field and rule",
    429: "Too many requests; Retry-After says how many seconds to wait",
    451: "No score by law; article says which",
    500: "A bug; nothing was given",
    503: "Something the answer needs is not there now",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Waystation 驿站</title></head><body>
<h1>Waystation 驿站</h1>
<p>Whoever asks sends a key as <code>Authorization: Bearer KEY</code>; the operator grants keys with
<code>waystation access grant</code>. Until then it answers on this machine only (loopback).
请求须带密钥，由运维人员用 <code>waystation access grant</code> 发放；发放之前只在本机应答。</p>
{content}
</body></html>
"""
SCHEME = "key"
REFERENCE = "#/components/schemas/{name}"
LINKS = """<ul>
<li><a href="/ui/">Pages 页面</a></li>
<li><a href="/docs">Operations 接口</a></li>
<li><a href="/openapi.json">OpenAPI</a></li>
<li><a href="/readyz">Readiness 就绪状态</a></li>
</ul>"""


def add(app: FastAPI) -> None:
    """Add the first page, `/docs` and `/openapi.json`."""

    @app.get("/", include_in_schema=False, response_class=HTMLResponse)
    async def first() -> HTMLResponse:
        return HTMLResponse(PAGE.format(content=LINKS))

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    async def docs() -> HTMLResponse:
        return HTMLResponse(PAGE.format(content=operations(document(app), MEANINGS)))

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(document(app))


def schema_of(name: str) -> dict[str, str]:
    """A reference to the schema of a message."""
    return {"$ref": REFERENCE.format(name=name)}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for message in (Problem, Forecast):  # FastAPI knows only what it turns into JSON itself
            told = message.model_json_schema(mode="serialization", ref_template=REFERENCE.format(name="{model}"))
            schemas.update(told.pop("$defs", {}))
            schemas[message.__name__] = told
        today = app.state.desk.settings.today
        values = of_parameters(today)
        for name, examples in of_schemas(today).items():
            schemas[name]["examples"] = examples
        made["components"]["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
        for path, methods in made["paths"].items():
            for operation in methods.values():
                declare_headers(operation["responses"])
                operation["security"] = [] if path in OPEN else [{SCHEME: []}]
                for parameter in operation.get("parameters", []):
                    if parameter["name"] in values:
                        parameter["example"] = values[parameter["name"]]
        for unused in ("HTTPValidationError", "ValidationError"):  # ours are problems
            schemas.pop(unused, None)
        show_answers(made)
        app.openapi_schema = made
    return app.openapi_schema
