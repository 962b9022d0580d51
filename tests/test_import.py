"""Importing the library stays light."""

import subprocess
import sys

import pytest

import ddsp

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


EVERYTHING = "import ddsp\nfor name in ddsp.__all__: getattr(ddsp, name)"


@pytest.mark.parametrize("statement", [EVERYTHING, "import ddsp.training"])
def test_import_loads_nothing_heavy_beyond_tensorflow(statement: str) -> None:
    loaded = loaded_after(statement)
    assert {"ddsp", "tensorflow", "gin"} <= loaded
    assert not loaded & set(HEAVY) - loaded_after("import tensorflow")


def test_commands_explain_themselves_without_tensorflow() -> None:
    loaded = loaded_after("import ddsp.cli.main as m; m._build_parser()")
    assert "ddsp" in loaded
    assert "tensorflow" not in loaded


def test_unknown_attribute_is_named() -> None:
    with pytest.raises(AttributeError, match="no attribute 'kore'"):
        _ = ddsp.kore


def test_version_needs_no_dependency() -> None:
    loaded = loaded_after(
        "import importlib.util as u\n"
        "s = u.spec_from_file_location('version', 'ddsp/version.py')\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m); m.__version__"
    )
    assert "tensorflow" not in loaded
