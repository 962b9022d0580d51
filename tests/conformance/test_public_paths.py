"""Every public name of the original that this version has is where it was."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "public_names.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]


def find(module: str, name: str) -> Any:
    value = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


def split(arguments: str) -> list[tuple[str, str]]:
    """Names and defaults; a comma within brackets separates nothing."""
    parts, depth = [""], 0
    for letter in arguments:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    named = [part.strip().partition("=") for part in parts]
    return [(name, own_name(default)) for name, _, default in named]


def own_name(default: str) -> str:
    """A function or type without the module that it is taken from."""
    return default.rpartition(".")[2] if default[:1].isalpha() else default


def written(parameter: inspect.Parameter) -> tuple[str, str]:
    """Name and default as the table has them."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    default = parameter.default
    if default is inspect.Parameter.empty:
        text = ""
    else:
        text = own_name(default.__name__ if callable(default) else repr(default))
    return stars.get(parameter.kind, "") + parameter.name, text


@pytest.mark.parametrize(
    ("module", "name", "arguments"), ROWS, ids=[".".join(row[:2]) for row in ROWS]
)
def test_name_and_arguments_are_those_of_the_original(
    module: str, name: str, arguments: str
) -> None:
    found = find(module, name)
    if arguments in ("-", ""):
        return
    parameters = inspect.signature(found).parameters.values()
    ours = [written(p) for p in parameters if p.name not in ("self", "cls")]
    expected = split(arguments)
    plain, wanted = (
        [x for x in some if not x[0].startswith("*")] for some in (ours, expected)
    )
    # New arguments come behind, and what was required may have become optional.
    kept = plain[: len(wanted)]
    assert [x[0] for x in kept] == [x[0] for x in wanted]
    for (name, default), (_, original) in zip(kept, wanted, strict=True):
        assert original in ("", default), name
    names = [x[0] for x in ours]
    assert all(x[0] in names for x in expected if x[0].startswith("**"))
