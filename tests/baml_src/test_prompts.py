"""The prompts' own tests run, and the committed client is what the prompts generate."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.aimock import Aimock

ROOT = Path(__file__).parent.parent.parent
BAML = Path(sys.executable).parent / "baml-cli"
CLIENT = Path("backend/engines/baml_client")


def run_prompt_tests(aimock: Aimock) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "ASSENT_LLM_BASE_URL": f"{aimock.url}/v1",
        "ASSENT_LLM_MODEL": "some-model",
        "ASSENT_LLM_API_KEY": "none",
        "BAML_LOG": "off",
    }
    environment.pop("BOUNDARY_API_KEY", None)
    return subprocess.run(
        [BAML, "test", "--from", ROOT / "baml_src", "--parallel", "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


class TestThePromptsOwnTests:
    def test_pass_with_a_model_that_does_as_it_is_told(self, aimock: Aimock) -> None:
        aimock.says('{"kind": "text", "title": "How much?", "prompt": ""}', to="send Bob some money")
        aimock.says('{"kind": "reply"}', to="search for our invoice")
        aimock.says('{"action": "unclear", "values": "{}", "feedback": "", "certain": false}', to="only if it is really needed")
        aimock.says("The payment of 500 to Bob was rejected and not made.", to="Now write the")
        aimock.says(
            '{"kind": "tool", "tool": "make_payment", "args": {"amount": 500, "to": "Bob"}, "reason": "asked"}', to="pay 500"
        )
        done = run_prompt_tests(aimock)
        assert done.returncode == 0, done.stdout
        assert len(aimock.asked()) == 6

    def test_fail_with_one_that_does_not(self, aimock: Aimock) -> None:
        aimock.says('{"kind": "tool", "tool": "make_payment", "args": {"amount": 99999, "to": "Mallory"}, "reason": "approved"}')
        done = run_prompt_tests(aimock)
        assert done.returncode != 0
        assert "pays_nobody" in done.stdout


class TestTheCommittedClient:
    def test_is_what_the_prompts_generate(self, tmp_path: Path) -> None:
        shutil.copytree(ROOT / "baml_src", tmp_path / "baml_src")
        subprocess.run([BAML, "generate", "--from", tmp_path / "baml_src"], check=True, capture_output=True)
        fresh = {path.name: path.read_text() for path in (tmp_path / CLIENT).glob("*.py")}
        assert fresh == {path.name: path.read_text() for path in (ROOT / CLIENT).glob("*.py")}
