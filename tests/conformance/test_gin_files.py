"""The packaged gin files say what those of the original said."""

import json
from pathlib import Path

import gin
import numpy as np
import pytest
from gin import config_parser
from small_models import GOLDEN

from ddsp.training import config, models

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


def test_files_are_found():
    assert {"models/ae.gin", "models/solo_instrument.gin"} < set(FILES)


@pytest.mark.parametrize("name", [name for name in FILES if name in ORIGINAL])
def test_bindings_are_those_of_the_original(name):
    bindings, imports, includes = statements((FOLDER / name).read_text())
    original = ORIGINAL[name]
    text = "\n".join(f"{key} = {value}" for key, value in original["bindings"])
    assert bindings == statements(text)[0]
    assert imports == original["imports"]
    assert includes == original["includes"]


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_without_leaving_anything_out(name):
    config.parse_gin(["optimization/base.gin", name])
    assert gin.config_str()


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_by_gin_alone(name, monkeypatch):
    # As users of gin would read it, with names that are not in this version skipped.
    monkeypatch.setattr(gin.config, "_LOCATION_PREFIXES", [str(FOLDER)])
    gin.parse_config_file(str(FOLDER / name), skip_unknown=True)


@pytest.mark.parametrize(
    ("name", "n_parameters"),
    [
        ("models/ae.gin", 7_251_186),
        ("models/solo_instrument.gin", 4_849_150),
    ],
)
def test_models_have_as_many_parameters_as_the_original(name, n_parameters):
    config.parse_gin([name])
    n_frames = 25
    gin.bind_parameter("F0LoudnessPreprocessor.time_steps", n_frames)
    for synth in ("Harmonic", "FilteredNoise"):
        gin.bind_parameter(f"{synth}.n_samples", 64 * n_frames)
    model = models.get_model()
    features = {
        "audio": np.zeros([1, 64 * n_frames], np.float32),
        "f0_hz": np.ones([1, n_frames], np.float32),
        "loudness_db": np.ones([1, n_frames], np.float32),
    }
    model(features, training=False)
    assert model.count_params() == n_parameters
