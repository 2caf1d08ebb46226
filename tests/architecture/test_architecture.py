"""The rules of the house that a machine can check."""

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from backend.db.migrate import HEAD
from channels.contract import Channel, StreamingChannel

ROOT = Path(__file__).parents[2]
OURS = [
    path
    for folder in ("backend", "channels")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "baml_client" not in path.parts and "versions" not in path.parts
]
LOOPS = {
    "backend/worker/retention.py",
    "backend/worker/app.py",
    "backend/db/sqlite/database.py",
    "backend/bootstrap/processes.py",
    "channels/email/gmail/mailbox_reader.py",
}
TOOLS = {"backend/tools/contract.py", "backend/tools/call_threads.py"}  # whatever a tool raises becomes a sentence
SHAPELESS = {"utils", "helpers", "common", "misc", "shared"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


class TestImports:
    def test_keep_every_contract(self) -> None:
        lint = Path(sys.executable).with_name("lint-imports")
        done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
        assert "0 broken" in done.stdout, done.stdout + done.stderr

    def test_bring_in_no_channel_s_or_engine_s_library_before_it_is_configured(self) -> None:
        heavy = ("aiohttp", "baml_py", "redis", "slack_bolt", "slack_sdk")
        look = f"import sys, backend.asgi, backend.cli; print([name for name in {heavy} if name in sys.modules])"
        done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestTheOutbox:
    """Completes the import contracts, which see modules and not the functions that are used of them."""

    def test_is_only_read_elsewhere(self) -> None:
        reads = {"list_deliveries", "due_deliveries", "holds_draft"}
        start_up = {"void_delivery_leases"}
        used = {
            alias.name
            for path in OURS
            if not name_of(path).startswith(("backend/core/outbox/", "backend/db/"))
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module in ("backend.db.queries.deliveries", "backend.db.queries.drafts")
            for alias in node.names
        }
        assert used <= reads | start_up

    def test_is_carried_out_by_the_worker_alone(self) -> None:
        """Nobody else calls what delivers, settles, says or streams on a channel. A WebSocket's `send_text` is another."""
        verbs = {name for protocol in (Channel, StreamingChannel) for name in vars(protocol) if not name.startswith("_")}
        verbs -= {"name", "close"}
        callers = {
            name_of(path)
            for path in OURS
            if path.is_relative_to(ROOT / "backend") and not path.is_relative_to(ROOT / "backend/db")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in verbs
            if not ast.unparse(node.func.value).endswith("_ws")
        }
        assert callers == {"backend/worker/deliver.py", "backend/worker/stream_reply.py"}


class TestModules:
    @pytest.mark.parametrize("path", OURS, ids=name_of)
    def test_say_why_they_exist(self, path: Path) -> None:
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree) or not tree.body

    def test_have_names_that_mean_something(self) -> None:
        assert [name_of(path) for path in OURS if path.stem in SHAPELESS or path.parent.name in SHAPELESS] == []

    def test_name_no_class_twice(self) -> None:
        """A name that is searched for is found once."""
        places = defaultdict(list)
        for path in OURS:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(name_of(path))
        assert {name: where for name, where in places.items() if len(where) > 1} == {}

    def test_catch_everything_only_where_a_loop_must_go_on_or_a_tool_may_raise_anything(self) -> None:
        broad = {
            name_of(path)
            for path in OURS
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
        }
        assert broad == LOOPS | TOOLS

    def test_stay_short_enough_to_be_one_room(self) -> None:
        lengths = {name_of(path): len(path.read_text().splitlines()) for path in OURS}
        assert {name: length for name, length in lengths.items() if length > 320} == {}


class TestTheWebApp:
    @pytest.mark.parametrize("kind", ["", "type "], ids=["values", "types"])
    def test_is_linted_for_import_cycles(self, tmp_path: Path, kind: str) -> None:
        """`make lint` runs the same rules over the whole of it."""
        (tmp_path / "chicken.ts").write_text(
            f"import {kind}{{ egg }} from './egg';\nexport const chicken = (): typeof egg => 1;\n"
        )
        (tmp_path / "egg.ts").write_text(
            f"import {kind}{{ chicken }} from './chicken';\nexport const egg = 1 as typeof chicken | 1;\n"
        )
        web_app = ROOT / "frontend"
        command = [str(web_app / "node_modules/.bin/oxlint"), "--config", str(web_app / ".oxlintrc.json"), "--format", "json"]
        done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
        assert "import(no-cycle)" in {found["code"] for found in json.loads(done.stdout)["diagnostics"]}, done.stdout


class TestMigrations:
    def test_follow_one_another_to_the_head(self) -> None:
        """Two that were written beside each other would both call themselves the next."""
        versions = sorted((ROOT / "backend/db/migrations/versions").glob("*.py"))
        said = [re.findall(r"^(?:down_)?revision\b.*= (.+)$", path.read_text(), re.MULTILINE) for path in versions]
        numbers = [f'"{n:04}"' for n in range(1, len(versions) + 1)]
        assert said == [[number, before] for before, number in pairwise(["None", *numbers])]
        assert [path.name[:4] for path in versions] == [number.strip('"') for number in numbers]
        assert numbers[-1].strip('"') == HEAD


class TestDecisions:
    def test_are_numbered_one_after_the_other(self) -> None:
        """Whoever is pointed to a number finds one page, and its heading says the same."""
        pages = sorted((ROOT / "docs/decisions").glob("*.md"))
        headings = [path.read_text().splitlines()[0].partition(". ")[0] for path in pages]
        assert headings == [f"# {n}" for n in range(1, len(pages) + 1)]
        assert [path.name[:5] for path in pages] == [f"{n:04}-" for n in range(1, len(pages) + 1)]
