"""The shape of the code base: who may import whom, and how long a file may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400

# Lowest layer first. A file imports from its own package and from earlier rows
# only; the members of one row do not import each other. docs/architecture.md shows the
# same table and says which of the names are only reserved.
LAYERS = (
    (
        "ddsp.configurable",
        "ddsp.keras_objects",
        "ddsp.pretrained",
        "ddsp.quiet",
        "ddsp.terminal",
        "ddsp.version",
    ),
    ("ddsp.core",),
    ("ddsp.serialization",),
    ("ddsp.spectral_ops", "ddsp.dags"),
    ("ddsp.processors",),
    ("ddsp.synths",),
    ("ddsp.effects", "ddsp.losses"),
    ("ddsp.streaming",),
    ("ddsp.training.errors", "ddsp.training.whole_files"),
    (
        "ddsp.training.audio_io",
        "ddsp.training.checkpoints",
        "ddsp.training.cloud",
        "ddsp.training.event_files",
        "ddsp.training.guarded_update",
        "ddsp.training.means_table",
        "ddsp.training.mixed_precision",
        "ddsp.training.note_sequence",
        "ddsp.training.parts",
        "ddsp.training.progress",
        "ddsp.training.recurrent",
        "ddsp.training.replicas",
        "ddsp.training.strategies",
        "ddsp.training.weight_averaging",
        "ddsp.training.wording",
        "ddsp.training.writable",
    ),
    ("ddsp.training.nn",),
    (
        "ddsp.training.config",
        "ddsp.training.data",
        "ddsp.training.decoders",
        "ddsp.training.encoders",
        "ddsp.training.heuristics",
        "ddsp.training.metrics",
        "ddsp.training.plotting",
        "ddsp.training.postprocessing",
        "ddsp.training.preprocessing",
        "ddsp.training.source_phrase",
    ),
    (
        "ddsp.training.fitting",
        "ddsp.training.models",
        "ddsp.training.next_steps",
        "ddsp.training.rate_scaling",
        "ddsp.training.summaries",
    ),
    (
        "ddsp.training.eval_util",
        "ddsp.training.evaluators",
        "ddsp.training.inference",
        "ddsp.training.trainers",
    ),
    ("ddsp.training.loop",),
    ("ddsp.training.train_util",),
    ("ddsp.training.data_inspection",),
    (
        "ddsp.training.compare",
        "ddsp.training.data_preparation",
        "ddsp.training.docker",
        "ddsp.training.evaluation",
        "ddsp.training.experiments",
        "ddsp.training.export",
        "ddsp.training.run",
    ),
    ("ddsp.training.ddsp_export", "ddsp.training.ddsp_run"),
    ("ddsp.colab", "ddsp.test_util", "ddsp.web"),
    ("ddsp.cli",),
)
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}
FILES = sorted((ROOT / "ddsp").rglob("*.py"))


def owner(module: str) -> str | None:
    """The layered package a dotted name belongs to; None for a bare `ddsp`."""
    while module and module not in RANK:
        module = module.rpartition(".")[0]
    return module or None


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted ddsp names that a file imports, wherever in the file it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("ddsp"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "ddsp"
        ):
            yield from (f"{node.module}.{a.name}" for a in node.names)


def module_of(path: Path) -> str:
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_keeps_its_place(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_LINES
    home = owner(module_of(path))
    if home is None:
        return  # ddsp/__init__.py and ddsp/training/__init__.py gather everything.
    for name in imports(ast.parse(text)):
        assert name != "ddsp", "a bare `import ddsp` hides what is used from it"
        target = owner(name)
        if target not in (None, home):
            assert RANK[target] < RANK[home], f"{home} must not import {target}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_a_place_in_the_layers(path: Path) -> None:
    module = module_of(path)
    if module not in ("ddsp", "ddsp.training"):
        assert owner(module) is not None, f"add {module} to LAYERS"


def test_document_shows_the_layers_and_what_is_reserved() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (\(?`.*?) \|", document, re.M)[::-1]
    shown = [{f"ddsp.{n}" for n in re.findall(r"`([\w.]+)`", row)} for row in rows]
    assert shown == [set(row) for row in LAYERS]
    reserved = {f"ddsp.{n}" for n in re.findall(r"\(`([\w.]+)`\)", "".join(rows))}
    assert reserved == set(RANK) - {owner(module_of(path)) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_facade_holds_imports_and_names_only(path: Path) -> None:
    # `ddsp` loads its modules lazily, `ddsp.pretrained` is data and its one loader.
    if path.name != "__init__.py" or module_of(path) in ("ddsp", "ddsp.pretrained"):
        return
    for node in ast.parse(path.read_text()).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        names = isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
        assert docstring or names or isinstance(node, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_annotations_stay_objects(path: Path) -> None:
    # A DictLayer's output keys are its return annotation; text would be letters.
    assert "from __future__ import annotations" not in path.read_text()


def test_something_was_checked() -> None:
    assert len(FILES) > 20  # A glob that finds nothing must not pass.


def test_gin_folder_does_not_shadow_the_gin_library() -> None:
    found = list((ROOT / "gin").rglob("*.gin"))
    assert found
    assert not list((ROOT / "gin").rglob("*.py"))
