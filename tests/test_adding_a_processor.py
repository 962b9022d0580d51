"""The walk-through of docs/adding_a_processor.md works as it is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "adding_a_processor.md").read_text()
BLOCKS = re.findall(r"^```python (\+ )?(\S+)\n(.*?)^```$", PAGE, re.M | re.S)
# Where lines and rows go in the files that exist.
AFTER = {
    "ddsp/core/__init__.py": r'""".*?"""\n\n',
    "ddsp/effects/__init__.py": r'""".*?"""\n\n',
    "tests/conformance/cases.py": r"^CASES = \{\n",
    "tests/core/test_every_function.py": r"^ROWS = \{\n",
}


def follow(folder: Path) -> None:
    """Does in a copy of the tree what the page says."""
    unneeded = shutil.ignore_patterns("__pycache__", "test_gin_*")
    for name in ("ddsp", "tests/conformance", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=unneeded)
    for name in ("core/test_every_function.py", "conftest.py", "gradients.py"):
        (folder / "tests" / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    for name in ("test_docstrings.py", "test_architecture.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
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


def test_walk_through_passes_every_check(tmp_path: Path) -> None:
    assert len(BLOCKS) == 7
    follow(tmp_path)
    (tmp_path / "everything.py").write_text(
        "import runpy, sys, pytest\n"
        "runpy.run_path('tests/conformance/checks.py', run_name='__main__')\n"
        "chosen = 'remolo or modulate_amplitude or cases_are_complete or forgotten'\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-k', chosen]))\n"
    )
    done = subprocess.run(
        [sys.executable, "everything.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{tmp_path / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 30
    assert "| `Tremolo` |" in (tmp_path / "docs" / "conformance.md").read_text()
