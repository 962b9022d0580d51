"""Importing the library stays light."""

import subprocess
import sys

import pytest

HEAVY = (
    "IPython",
    "apache_beam",
    "crepe",
    "librosa",
    "matplotlib",
    "soundfile",
    "soxr",
    "tensorflow_datasets",
    "tensorflow_probability",
)


def loaded_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{n.split('.')[0] for n in sys.modules}})"
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(output.stdout.split())


@pytest.mark.parametrize("name", ["ddsp", "ddsp.training"])
def test_import_loads_nothing_heavy_beyond_tensorflow(name: str) -> None:
    loaded = loaded_after(f"import {name}")
    assert {"ddsp", "tensorflow", "gin"} <= loaded
    assert not loaded & set(HEAVY) - loaded_after("import tensorflow")


def test_version_needs_no_dependency() -> None:
    loaded = loaded_after(
        "import importlib.util as u\n"
        "s = u.spec_from_file_location('version', 'ddsp/version.py')\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m); m.__version__"
    )
    assert "tensorflow" not in loaded
