"""The packaged gin files say what those of the original said."""

import json
from pathlib import Path

import gin
import pytest
from gin import config_parser
from small_models import GOLDEN

from ddsp.training import config

FOLDER = Path(config.gin_search_path())
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.gin"))
ORIGINAL = json.loads((GOLDEN / "training" / "gin_bindings.json").read_text())


class Names(config_parser.ParserDelegate):
    """Leaves references as they are written."""

    def configurable_reference(self, scoped_configurable_name, evaluate):
        return f"@{scoped_configurable_name}{'()' if evaluate else ''}"

    def macro(self, macro_name):
        return f"%{macro_name}"


def statements(text):
    """Bindings by name, imports and includes of a config."""
    bindings, imports, includes = {}, [], []
    for statement in config_parser.ConfigParser(text, Names()):
        if isinstance(statement, config_parser.ImportStatement):
            imports.append(statement.module)
        elif isinstance(statement, config_parser.IncludeStatement):
            includes.append(statement.filename)
        else:
            scope, selector, argument, value, _ = statement
            scoped = f"{scope}/{selector}" if scope else selector
            bindings[f"{scoped}.{argument}" if argument else scoped] = value
    return bindings, imports, includes


# Written as a difference from another file, so imports and includes are others.
DIFFERENCES = {
    "models/vst/vst_32k.gin": "models/vst/vst.gin",
    "models/vst/vst_48k.gin": "models/vst/vst_32k.gin",
}
SHARED = [name for name in FILES if name in ORIGINAL]


def original_statements(name):
    """The same of the original, from the record."""
    record = ORIGINAL[name]
    text = "\n".join(f"{key} = {value}" for key, value in record["bindings"])
    return statements(text)[0], record["imports"], record["includes"]


def our_statements(name):
    return statements((FOLDER / name).read_text())


def effective(name, read):
    """All bindings of a file and of what it includes; later ones win."""
    own, _, includes = read(name)
    bindings = {}
    for included in includes:
        bindings.update(effective(included, read))
    return {**bindings, **own}


def test_files_are_found():
    folders = ("datasets", "eval", "models", "models/vst", "optimization")
    assert {str(Path(name).parent) for name in SHARED} == {*folders, "papers/iclr2020"}
    assert len(SHARED) == 19


@pytest.mark.parametrize("name", SHARED)
def test_effective_bindings_are_those_of_the_original(name):
    ours = effective(name, our_statements)
    assert ours == effective(name, original_statements)
    assert bool(ours) or name == "models/midiae/mixins/_.gin"


@pytest.mark.parametrize("name", [x for x in SHARED if x not in DIFFERENCES])
def test_each_file_itself_says_what_that_of_the_original_says(name):
    assert our_statements(name) == original_statements(name)


@pytest.mark.parametrize(("name", "base"), DIFFERENCES.items())
def test_a_difference_repeats_nothing_of_its_base(name, base):
    own, imports, includes = our_statements(name)
    assert (imports, includes) == ([], [base])
    inherited = effective(base, our_statements)
    assert own
    assert not [key for key in own if own[key] == inherited.get(key)]


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_without_leaving_anything_out(name):
    config.parse_gin(["optimization/base.gin", name])
    assert gin.config_str()


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_by_gin_alone(name, monkeypatch):
    # As users of gin would read it, with names that are not in this version skipped.
    monkeypatch.setattr(gin.config, "_LOCATION_PREFIXES", [str(FOLDER)])
    gin.parse_config_file(str(FOLDER / name), skip_unknown=True)
