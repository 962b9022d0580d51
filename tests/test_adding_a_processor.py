"""The walk-through of docs/adding_a_processor.md works as it is written."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "adding_a_processor.md").read_text()
BLOCKS = re.findall(r"^```python (\+ )?(\S+)\n(.*?)^```$", PAGE, re.M | re.S)
COMMANDS = re.search(r"^```bash\n(.*?)^```$", PAGE, re.M | re.S)[1].splitlines()
# Where lines and rows go in the files that exist.
AFTER = {
    "ddsp/core/__init__.py": r'""".*?"""\n\n',
    "ddsp/effects/__init__.py": r'""".*?"""\n\n',
    "tests/conformance/cases.py": r"^CASES = \{\n",
    "tests/core/test_every_function.py": r"^ROWS = \{\n",
    "tests/effects/test_unknown_length.py": r"^REFUSED = \{\n",
}


def follow(folder: Path) -> None:
    """Does in a copy of the tree what the page says."""
    unneeded = shutil.ignore_patterns("__pycache__", "test_gin_*")
    for name in ("ddsp", "tests/conformance", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=unneeded)
    for name in (
        "conftest.py",
        "gradients.py",
        "core/test_every_function.py",
        "effects/test_unknown_length.py",
        "test_architecture.py",
        "test_docstrings.py",
    ):
        (folder / "tests" / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    shutil.copytree(ROOT / "gin", folder / "gin")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for added, name, code in BLOCKS:
        path = folder / name
        if not added:
            assert not path.exists()
            path.parent.mkdir(exist_ok=True)
            path.write_text(code)
            continue
        place = re.search(AFTER[name], path.read_text(), re.M | re.S)
        text = path.read_text()
        path.write_text(text[: place.end()] + code + text[place.end() :])
        for shown in re.findall(r"import (\w+)$", code, re.M):
            assert f'`"{shown}"` in `__all__`' in PAGE
            text = path.read_text().replace("__all__ = [", f'__all__ = ["{shown}",')
            path.write_text(text)


def run(command: str, folder: Path, *more: str) -> str:
    """Runs a command in an environment that knows nothing of the folder."""
    program, *arguments = shlex.split(command)
    python = (
        [sys.executable] if program == "python" else [sys.executable, "-m", program]
    )
    done = subprocess.run(
        [*python, *arguments, *more],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_walk_through_passes_every_check(tmp_path: Path) -> None:
    assert len(BLOCKS) == 8
    follow(tmp_path)
    (write_document,) = [line for line in COMMANDS if "checks.py" in line]
    run(write_document, tmp_path)
    assert "| `Tremolo` |" in (tmp_path / "docs" / "conformance.md").read_text()
    (run_tests,) = [line for line in COMMANDS if "pytest" in line]
    chosen = "remolo or modulate_amplitude or cases_are_complete or forgotten or layers"
    output = run(run_tests, tmp_path, "-q", "-p", "no:cacheprovider", "-k", chosen)
    assert int(re.search(r"(\d+) passed", output)[1]) > 30


def test_other_places_show_the_command_that_runs() -> None:
    command = next(line for line in COMMANDS if "checks.py" in line)
    for name in ("docs/conformance.md", "docs/contributing.md"):
        assert f"`{command}`" in (ROOT / name).read_text()


def test_printed_code_is_in_order(tmp_path: Path) -> None:
    follow(tmp_path)
    names = [name for _, name, _ in BLOCKS]
    (put_in_order,) = [line for line in COMMANDS if "--fix" in line]
    assert put_in_order == "ruff check --fix . && ruff format ."
    run("ruff check --fix --no-cache", tmp_path, *names)
    run("ruff format --no-cache", tmp_path, *names)
    # Only imports and __all__ have moved.
    for added, name, code in BLOCKS:
        text = (tmp_path / name).read_text()
        assert code in text if added else code == text
