"""The Dockerfile: every file it copies exists, and it starts the right command."""

import importlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LINES = (ROOT / "ddsp/training/docker/Dockerfile").read_text().splitlines()


def test_copied_files_exist_and_are_all_that_the_wheel_needs() -> None:
    sources = []
    for line in LINES:
        if line.startswith("COPY "):
            sources += line.split()[1:-1]
    assert set(sources) >= {"ddsp", "gin", "pyproject.toml", "setup.py", "MANIFEST.in"}
    for source in sources:
        assert (ROOT / source).exists(), source


def test_the_container_starts_the_task() -> None:
    (entry,) = [line for line in LINES if line.startswith("ENTRYPOINT ")]
    name = re.search(r'"-m", "([\w.]+)"', entry)
    assert name is not None
    assert callable(importlib.import_module(name[1]).console_entry_point)


def test_the_wheel_carries_the_dockerfile() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert '"ddsp.training.docker" = ["Dockerfile"]' in text
    assert (
        'ddsp_ai_platform = "ddsp.training.docker.ddsp_ai_platform:console_entry_point"'
        in text
    )
