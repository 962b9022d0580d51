"""Docstrings are true: their examples run, and their arguments exist."""

import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import ddsp
from ddsp import core, dags, effects, losses, processors, spectral_ops, synths

# Commands need arguments; everything else can be imported.
_NO_IMPORT = re.compile(r"ddsp\.(cli|pretrained\.)")
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ddsp.__path__, "ddsp.")
    if not _NO_IMPORT.match(module.name)
)
CORE = (core, dags, effects, losses, processors, spectral_ops, synths)


def own(value: Any) -> bool:
    return getattr(value, "__module__", "").startswith("ddsp.")


def callables(module: types.ModuleType) -> Iterator[tuple[str, Callable]]:
    """Public functions, classes and methods that a module defines."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            if "__init__" in vars(value) and not dataclasses.is_dataclass(value):
                yield f"{name}.__init__", value.__init__
            for method_name, method in vars(value).items():
                method = getattr(method, "__func__", method)
                if not method_name.startswith("_") and inspect.isfunction(method):
                    yield f"{name}.{method_name}", method


def documented(docstring: str) -> list[str]:
    """Names under 'Args:', in their order."""
    found = re.search(r"^( *)Args:\n((?:\1    .*\n|\n)+)", docstring + "\n", re.M)
    if found is None:
        return []
    indent = len(found[1]) + 4
    return re.findall(rf"^ {{{indent}}}\*{{0,2}}(\w+):", found[2], re.M)


FUNCTIONS = {
    f"{module}:{name}": value
    for module in MODULES
    for name, value in callables(importlib.import_module(module))
}
EXAMPLES = {
    f"{module}:{test.name}": (module, test)
    for module in MODULES
    for test in doctest.DocTestFinder(recurse=True).find(
        importlib.import_module(module), module
    )
    if test.examples
}
CLASSES = {
    f"{facade.__name__}.{name}": value
    for facade in CORE
    for name, value in vars(facade).items()
    if inspect.isclass(value) and own(value) and not name.startswith("_")
}
SHOWN = {
    f"{value.__module__}:{value.__name__}"
    for facade in CORE
    for name, value in vars(facade).items()
    if own(value) and callable(value) and not name.startswith("_")
}


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("key", EXAMPLES)
def test_example_shows_what_it_says(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # Some write files.
    module, test = EXAMPLES[key]
    test.globs = {"tf": tf, "np": np, **vars(importlib.import_module(module))}
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=output.append)
    assert not runner.failures, "".join(output)


@pytest.mark.parametrize("name", CLASSES)
def test_public_class_has_an_example(name: str) -> None:
    assert "    >>> " in (CLASSES[name].__doc__ or ""), f"{name} needs an Example:"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_documented_arguments_are_those_of_the_signature(name: str) -> None:
    function = FUNCTIONS[name]
    arguments = [
        argument for argument in inspect.signature(inspect.unwrap(function)).parameters
    ]
    if "." in name.partition(":")[2] and arguments[:1] in (["self"], ["cls"]):
        arguments = arguments[1:]
    found = documented(inspect.getdoc(function) or "")
    module, _, path = name.partition(":")
    # Helpers that no facade shows may be brief.
    if found or f"{module}:{path.partition('.')[0]}" in SHOWN:
        assert found == arguments


def test_something_was_checked() -> None:
    assert len(EXAMPLES) > 60
    assert len(CLASSES) > 20
    assert sum(bool(documented(inspect.getdoc(f) or "")) for f in FUNCTIONS.values())
    assert documented(
        "Adds.\n\nArgs:\n    one: A.\n        b: c.\n    **two: B.\n"
    ) == [
        "one",
        "two",
    ]
