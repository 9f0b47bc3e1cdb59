"""What leaves this folder: a Bento that runs by itself, and the files that put it into containers."""

import json
import os
import re
import socket
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from serving.settings import Settings
from tests.serving_helpers import KEYS, build_city, key_for, score, wait_until_up

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
NOT_ROOT = re.compile(r"[1-9][0-9]*(:[1-9][0-9]*)?")
PINNED = re.compile(r"[a-z0-9./-]+:[0-9]+(\.[0-9]+)+[a-z0-9.-]*")
# Whoever installed the project in place has the checkout on the path of modules: shut out, so that it cannot help.
SHUT_OUT = """
import sys
from pathlib import Path
sys.path = [each for each in sys.path if not (Path(each) / "serving" / "service.py").exists()]
sys.meta_path = [each for each in sys.meta_path if "editable" not in repr(each)]
"""


# A Bento


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The folder of the source in a Bento that is built from this checkout, in a model store of its own."""
    folder = tmp_path_factory.mktemp("bentoml")
    environment = {**os.environ, "BENTOML_HOME": str(folder), "BENTOML_DO_NOT_TRACK": "true"}
    command = [sys.executable, "-m", "bentoml", "build", "--output", "tag", str(ROOT)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, cwd=ROOT, text=True)
    assert done.returncode == 0, done.stderr
    (source,) = folder.glob("bentos/waystation/*/src")
    return source


def test_a_bento_answers_from_its_own_folder_without_anything_of_the_checkout(source, tmp_path):
    for name in ("elsewhere", "path"):
        (tmp_path / name).mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(SHUT_OUT)
    home, log = build_city(tmp_path / "city", n_persons=30).home, tmp_path / "log"
    key = key_for(home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "WAYSTATION_HOME": str(home.path), "PYTHONPATH": str(tmp_path / "path")}
    blind = [sys.executable, "-c", "import serving"]
    assert (
        b"No module named"
        in subprocess.run(blind, env=environment, cwd=tmp_path, check=False, capture_output=True).stderr
    )
    command = [sys.executable, str(source / "waystation.py"), "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path / "elsewhere", stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, process, log)
        KEYS[url] = key
        told = score(url)
        assert told.status == 200, told.body
        assert told.json["reasons"]
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_a_bento_holds_what_runs_and_nothing_else(source):
    held = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    code = ("features/", "models/", "training/", "serving/")
    assert {path for path in listed if path.startswith(code)} <= held
    assert {path for path in held if not path.startswith(code)} == {
        "LICENSE", "README.md", "bentofile.yaml", "pyproject.toml", "requirements.lock", "waystation.py",
    }  # fmt: skip
    assert str(ROOT) not in (source.parent / "bento.yaml").read_text()


# Containers. There is no engine where the tests run, so the files are read by our own rules.


def instructions(text):
    """Instruction and rest of each line of a Containerfile, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines()]


def test_the_containerfile_is_pinned_complete_and_runs_as_nobody_special():
    told = instructions(CONTAINERFILE)
    known = ["FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"]
    assert {name for name, _ in told} == set(known)
    assert all(PINNED.fullmatch(rest.split()[0]) for name, rest in told if name == "FROM")
    users = [rest for name, rest in told if name == "USER"]
    assert users
    assert NOT_ROOT.fullmatch(users[-1])
    copied = [word for name, rest in told if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]]
    assert all((ROOT / word).exists() for word in copied)
    assert {"features", "models", "training", "serving", "waystation.py", "requirements.lock"} <= set(copied)
    for name, rest in told:
        if name in {"ENTRYPOINT", "CMD"}:
            assert all(isinstance(word, str) for word in json.loads(rest))


COMPOSE_SCHEMA = Draft202012Validator(json.loads((ROOT / "tests" / "compose.schema.json").read_text()))


def planted(told, path, value):
    """A copy of the compose file with another value at a place of it."""
    changed = deepcopy(told)
    *above, last = path.split("/")
    inner = changed
    for name in above:
        inner = inner[name]
    inner[last] = value
    return changed


def test_the_compose_file_follows_the_specification():
    Draft202012Validator.check_schema(COMPOSE_SCHEMA.schema)
    assert [f"{fault.json_path}: {fault.message}" for fault in COMPOSE_SCHEMA.iter_errors(COMPOSE)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("service", {}),
        ("services/service/enviroment", {}),
        ("services/service/image", None),
        ("services/service/read_only", "yes"),
        ("services/service/ports", [3000]),
        ("services/service/ports", ["127.0.0.1:3000"]),
        ("services/service/environment/WAYSTATION_HOSTS", "${WAYSTATION_HOSTS:?the host names"),
        ("services/service/environment/WAYSTATION_WORKERS", 2),
        ("services/service/volumes", ["home"]),
        ("services/service/depends_on/store", {"condition": "healthy"}),
        ("services/service/mem_limit", "2 gigabytes"),
        ("services/store/stop_grace_period", "60"),
        ("services/store/healthcheck/test", ["pg_isready"]),
        ("services/store/restart", "sometimes"),
        ("networks/inside", {"internal": "true"}),
        ("secrets/pgpass", "./secrets/pgpass"),
    ],
)
def test_a_fault_in_the_compose_file_is_seen(path, value):
    assert list(COMPOSE_SCHEMA.iter_errors(planted(COMPOSE, path, value)))


def test_every_service_is_pinned_confined_and_runs_as_nobody_special():
    assert set(COMPOSE["services"]) == {"service", "store", "mlflow"}
    for service in COMPOSE["services"].values():
        assert PINNED.fullmatch(service["image"])
        assert NOT_ROOT.fullmatch(service["user"])
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert not service.get("privileged")
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert COMPOSE["networks"]["inside"]["internal"]
    assert [name for name, each in COMPOSE["services"].items() if "outside" in each["networks"]] == ["service"]


def test_whatever_a_service_names_is_declared():
    named = {kind: set() for kind in ("volumes", "networks", "secrets", "services")}
    for service in COMPOSE["services"].values():
        named["volumes"] |= {each.split(":")[0] for each in service.get("volumes", [])}
        named["networks"] |= set(service["networks"])
        named["secrets"] |= set(service.get("secrets", []))
        named["services"] |= set(service.get("depends_on", []))
    for kind in ("volumes", "networks", "secrets"):
        assert set(COMPOSE[kind]) == named[kind]
    assert named["services"] <= set(COMPOSE["services"])
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert COMPOSE["services"]["service"]["image"] == f"waystation:{version}"


def test_the_settings_of_the_service_in_a_container_are_settings(monkeypatch):
    told = COMPOSE["services"]["service"]["environment"]
    for name, value in told.items():
        monkeypatch.setenv(
            name, value.replace("${WAYSTATION_HOSTS:?the host names the service goes by, comma-separated}", "a.example")
        )
    settings = Settings.of_environment()
    assert settings.hosts == ("a.example",)
    assert settings.home.store_url == told["WAYSTATION_STORE_URL"]
    assert settings.home.tracking_uri == told["MLFLOW_TRACKING_URI"]


@pytest.mark.parametrize("name", ["docs/deploy.md"])
def test_the_docs_name_files_that_exist(name):
    text = (ROOT / name).read_text()
    for path in re.findall(r"(?<![\w/])(?:deploy|docs|serving)/[\w.-]+", text):
        assert (ROOT / path).exists(), path
