"""The original's gin names resolve under the original's modules."""

import importlib
from pathlib import Path

import gin
import pytest

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "gin_names.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]


def exists(module: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


HERE = [(module, name) for _, module, name, *_ in ROWS if exists(module, name)]


def test_enough_names_are_checked() -> None:
    assert len(HERE) >= 30


@pytest.mark.parametrize(("module", "name"), HERE, ids=".".join)
def test_name_resolves_fully_and_by_its_last_parts(module: str, name: str) -> None:
    full = gin.get_configurable(f"{module}.{name}")
    short = gin.get_configurable(f"{module.rpartition('.')[2]}.{name}")
    assert full is not None
    assert short.__name__ == full.__name__ == name


def test_registered_names_of_the_original_keep_their_module() -> None:
    known = {name: module for _, module, name, *_ in ROWS}
    registry = gin.config._REGISTRY
    ours = [s for s in registry._selector_map if str(s).startswith("ddsp.")]
    assert ours
    for selector in ours:
        module, _, name = str(selector).rpartition(".")
        assert known.get(name, module) == module
