"""The notebook on paper: clean, only the library's functions, forms that are forms.

`.ci/notebooks.py` runs it.
"""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ddsp.colab import colab_utils, forms
from ddsp.training.inference import TimbreTransfer

FOLDER = Path(__file__).resolve().parents[2] / "colab"
PATH = FOLDER / "demos" / "timbre_transfer.ipynb"
NOTEBOOK = json.loads(PATH.read_text(encoding="utf-8"))
CELLS = {cell["id"]: cell for cell in NOTEBOOK["cells"]}
CODE = {
    name: "".join(cell["source"])
    for name, cell in CELLS.items()
    if cell["cell_type"] == "code"
}
TREES = {
    name: ast.parse(re.sub(r"^( *)%.*$", r"\1pass", source, flags=re.MULTILINE))
    for name, source in CODE.items()
}
ADJUSTMENTS = {
    "threshold",
    "quiet",
    "adjust",
    "autotune",
    "key",
    "pitch_shift",
    "loudness_shift",
    "reverb",
    "seed",
}


def nodes(kind: type) -> list[Any]:
    return [n for tree in TREES.values() for n in ast.walk(tree) if isinstance(n, kind)]


def imported() -> dict[str, Any]:
    """What each imported name of the library stands for."""
    found = {}
    for node in nodes(ast.ImportFrom):
        owner = importlib.import_module(node.module)
        for alias in node.names:
            if not hasattr(owner, alias.name):
                importlib.import_module(f"{node.module}.{alias.name}")
            found[alias.name] = getattr(owner, alias.name)
    return found


def test_nothing_of_a_run_is_stored() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert len(CELLS) == len(NOTEBOOK["cells"])  # Every cell has an id of its own.
    assert len(CODE) > 8
    for name in CODE:
        assert CELLS[name]["outputs"] == [] and CELLS[name]["execution_count"] is None
    text = json.dumps(NOTEBOOK, indent=1, ensure_ascii=False) + "\n"
    assert PATH.read_text(encoding="utf-8") == text


def test_cells_are_short_and_each_step_is_explained() -> None:
    assert all(len(source.splitlines()) <= 20 for source in CODE.values())
    texts = [c for c in CELLS.values() if c["cell_type"] == "markdown"]
    steps = [re.match(r"## (\d)\. ", "".join(c["source"])) for c in texts]
    assert [int(step[1]) for step in steps if step] == [1, 2, 3, 4, 5, 6]


def test_notebook_defines_nothing_and_uses_the_library_only() -> None:
    for kind in (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While):
        allowed = [n for n in nodes(kind) if ast.unparse(n).startswith("for warning")]
        assert nodes(kind) == allowed
    plain = {alias.name for node in nodes(ast.Import) for alias in node.names}
    assert plain == {"importlib.util"}
    assert all(node.module.startswith("ddsp") for node in nodes(ast.ImportFrom))


def test_every_name_of_the_library_exists_with_these_arguments() -> None:
    names = imported()
    checked = 0
    for call in nodes(ast.Call):
        root, *path = ast.unparse(call.func).split(".")
        if root not in names:
            continue
        function = names[root]
        for part in path:
            function = getattr(function, part)
        keywords = {k.arg: None for k in call.keywords}
        inspect.signature(function).bind(*call.args, **keywords)
        checked += 1
    assert checked > 15


def test_transfer_is_given_every_adjustment() -> None:
    (call,) = [n for n in nodes(ast.Call) if ast.unparse(n.func).endswith(".transfer")]
    given = {keyword.arg for keyword in call.keywords}
    assert given == ADJUSTMENTS
    inspect.signature(TimbreTransfer.transfer).bind(
        None, *call.args, **dict.fromkeys(given)
    )


def test_sounds_are_read_at_the_rate_that_the_instrument_hears() -> None:
    rates = [n for n in nodes(ast.Assign) if "sample_rate" in ast.unparse(n.targets)]
    assert [ast.unparse(n.value) for n in rates] == ["instrument.recording_rate"]
    readers = ("record", "upload", "sung_phrase", "instrument.transfer")
    calls = [n for n in nodes(ast.Call) if ast.unparse(n.func).endswith(readers)]
    assert len(calls) == len(readers)
    assert all("sample_rate" in map(ast.unparse, call.args) for call in calls)


def test_every_adjustment_is_a_line_of_a_form_with_the_library_s_value() -> None:
    fields = {
        line.name: line for source in CODE.values() for line in forms.read_form(source)
    }
    assert set(fields) >= ADJUSTMENTS | {"source", "seconds", "model"}
    defaults = inspect.signature(TimbreTransfer.transfer).parameters
    for name in ADJUSTMENTS:
        line = fields[name]
        assert line.value == defaults[name].default, name
        if line.settings.get("type") == "slider":
            assert line.settings["min"] <= line.value <= line.settings["max"]
        if line.choices:
            assert line.value in line.choices


def test_every_form_is_shown_and_used_in_another_cell() -> None:
    for name, source in CODE.items():
        fields = forms.read_form(source)
        if not fields or name == "install":
            continue
        assert source.endswith("colab_utils.show_form()"), name
        others = " ".join(text for other, text in CODE.items() if other != name)
        for line in fields:  # In Jupyter a cell of a form has ended before it is used.
            assert re.search(rf"\b{line.name}\b", others), line.name
            assert len(re.findall(rf"\b{line.name}\b", source)) == 1, line.name


def test_install_does_nothing_where_the_library_is() -> None:
    exec(compile(TREES["install"], "install", "exec"), {})


def test_install_says_what_must_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # noqa: ARG005
    with pytest.raises(ImportError, match=r"repository.*pip install '\.\[colab\]'"):
        exec(compile(TREES["install"], "install", "exec"), {})


def test_every_notebook_is_named_where_they_are_listed() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    found = {str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*.ipynb")}
    assert found == set(re.findall(r"\]\(([\w/]+\.ipynb)\)", text))
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (FOLDER / link).exists(), link


def test_helpers_that_are_named_are_those_that_exist() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    (helpers,) = re.findall(
        r"`ddsp\.colab\.colab_utils` has (.*?)\)\. ", text, re.DOTALL
    )
    named = set(re.findall(r"`(\w+)`", helpers))
    assert named == set(colab_utils.__all__) - {"DEFAULT_SAMPLE_RATE"}
