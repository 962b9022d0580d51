"""From a dataset folder to a model folder, and on from there."""

import io
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tiny_training

from ddsp.training import checkpoints, run
from ddsp.training import config as config_lib
from ddsp.training.data.feature_spec import read_feature_spec
from ddsp.training.errors import InputError
from ddsp.training.progress import Progress


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_training.write_dataset(tmp_path_factory.mktemp("My data (1)"))


def train(dataset: Path, output: Path, steps: int, **kwargs: Any) -> str:
    """Trains a tiny model and returns what the run has said."""
    stream = io.StringIO()
    arguments: dict[str, Any] = {"gin_params": tiny_training.SIZES, **kwargs}
    run.train_model(
        dataset,
        output,
        steps=steps,
        progress=Progress(stream, seconds=0.0),
        **arguments,
    )
    return stream.getvalue()


@pytest.fixture(scope="module")
def model(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model after one step, trained while gin was configured otherwise."""
    folder = tmp_path_factory.mktemp("models") / "tone"
    gin.bind_parameter("RnnFcDecoder.ch", 123)
    train(dataset, folder, steps=1)
    assert gin.query_parameter("RnnFcDecoder.ch") == 123
    with pytest.raises(ValueError, match="no bound parameters"):
        gin.query_parameter("train.num_steps")
    return folder


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Collects, in place of training, what some names are bound to."""
    found: dict[str, Any] = {}

    def query(*args: Any, **kwargs: Any) -> None:
        del args, kwargs
        for name in list(found):
            found[name] = gin.query_parameter(name)

    monkeypatch.setattr(run, "run_training", query)
    return found


def losses(said: str) -> list[float]:
    lines = [line for line in said.splitlines() if line.startswith("step")]
    return [float(line.split("loss ")[1].split()[0]) for line in lines]


def config(model: Path, step: int = 0) -> str:
    return (model / f"operative_config-{step}.gin").read_text()


def test_a_model_knows_how_its_features_were_measured(model: Path) -> None:
    spec = read_feature_spec(model)
    assert spec is not None
    assert (spec.frame_rate, spec.f0_version) == (250, 1)  # That of format 1.


def test_a_model_learns_its_dataset_and_goes_on(dataset: Path, tmp_path: Path) -> None:
    model = tmp_path / "models" / "tone"
    said = train(dataset, model, steps=60, batch_size=4, learning_rate=0.02)
    assert said.startswith("device: CPU (no GPU visible)\n")
    assert losses(said)[-1] < 0.7 * losses(said)[0]
    assert (model / "dataset_statistics.npz").read_bytes() == b"arrays"

    # The second call needs none of the sizes: they are in the model's folder.
    said = train(dataset, model, steps=65, gin_params=())
    assert "\ngoing on from step 60 (" in said
    assert "step 61/65" in said
    assert losses(said)[0] < 0.8 * 20.0
    assert checkpoints.get_latest_checkpoint(model).endswith("ckpt-65")
    assert "train.batch_size = 4" in config(model, 60)
    assert "Trainer.learning_rate = 0.02" in config(model, 60)
    assert "RnnFcDecoder.ch = 8" in config(model, 60)


def test_config_follows_the_dataset(model: Path) -> None:
    text = config(model)
    for binding in (
        "TFRecordProvider.centered = True",
        "TFRecordProvider.example_secs = 0.128",
        "F0LoudnessPreprocessor.centered = True",
        "F0LoudnessPreprocessor.compute_loudness = False",
        "F0LoudnessPreprocessor.time_steps = 32",
        "Harmonic.n_samples = 2048",
        "FilteredNoise.n_samples = 2048",
        "train.batch_size = %batch_size",
        "batch_size = 16",  # Of a dataset of two examples.
    ):
        assert f"{binding}\n" in text


def test_gin_of_the_caller_is_left_alone(model: Path) -> None:
    # The fixture has looked at the other side of it.
    assert "RnnFcDecoder.ch = 8\n" in config(model)


def test_a_pattern_of_records_is_a_dataset_too(
    dataset: Path, tmp_path: Path, bound: dict[str, Any]
) -> None:
    bound["TFRecordProvider.file_pattern"] = None
    bound["TFRecordProvider.example_secs"] = None
    train(dataset / "data.tfrecord*", tmp_path / "model", steps=1)
    assert bound["TFRecordProvider.file_pattern"] == str(dataset / "data.tfrecord*")
    assert bound["TFRecordProvider.example_secs"] == 0.128


def test_another_model_than_the_folder_s_is_an_error(
    dataset: Path, model: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    wider = [*tiny_training.SIZES, "RnnFcDecoder.rnn_channels = 9"]
    with pytest.raises(InputError, match="must have shape"):
        train(dataset, copy, steps=2, gin_params=wider)
    assert sorted(os.listdir(copy)) == sorted(os.listdir(model))


def test_later_bindings_win(
    dataset: Path, tmp_path: Path, bound: dict[str, Any]
) -> None:
    file = tmp_path / "mine.gin"
    file.write_text(
        "RnnFcDecoder.ch = 5\nRnnFcDecoder.rnn_channels = 5\ntrain.num_steps = 5\n"
    )
    expected = {
        "RnnFcDecoder.layers_per_stack": 3,  # Of the config,
        "RnnFcDecoder.ch": 5,  # of the file after it,
        "train.num_steps": 2,  # of an argument,
        "RnnFcDecoder.rnn_channels": 6,  # and of a binding.
        "train.steps_per_save": 7,
    }
    bound.update(expected.fromkeys(expected))
    train(
        dataset,
        tmp_path / "model",
        steps=2,
        config="models/solo_instrument.gin",
        gin_files=[file],
        gin_params=["RnnFcDecoder.rnn_channels = 6"],
        save_every=7,
    )
    assert bound == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"steps": 0},
        {"steps": -1},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": np.nan},
        {"save_every": 0},
    ],
)
def test_counts_must_be_positive(
    dataset: Path, tmp_path: Path, arguments: dict[str, float]
) -> None:
    (name,) = arguments
    with pytest.raises(InputError, match=f"{name} must be positive"):
        run.train_model(dataset, tmp_path / "model", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_must_be_one_that_numpy_takes(
    dataset: Path, tmp_path: Path, seed: int
) -> None:
    words = f"seed must be from 0 to 4294967295. Got seed={seed};"
    with pytest.raises(InputError, match=words):
        train(dataset, tmp_path / "model", 1, seed=seed)
    params = [*tiny_training.SIZES, f"train.seed = {seed}"]
    with pytest.raises(InputError, match=words):
        train(dataset, tmp_path / "model", 1, gin_params=params)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_the_first_and_the_last_seed_are_seeds(
    dataset: Path, tmp_path: Path, bound: dict[str, Any], seed: int
) -> None:
    bound["train.seed"] = None
    train(dataset, tmp_path / "model", 1, seed=seed)
    assert bound == {"train.seed": seed}


def test_a_single_part_may_come_by_itself(
    dataset: Path, tmp_path: Path, bound: dict[str, Any]
) -> None:
    bound["train.init_parts"] = None
    for parts in ("decoder", ["decoder"], ("decoder",)):
        train(dataset, tmp_path / "model", 1, init_from="violin", parts=parts)
        assert bound == {"train.init_parts": ["decoder"]}


def test_parts_are_those_of_a_named_model(
    dataset: Path, tmp_path: Path, bound: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=r"Got parts=\['decoder'\] without init_from"):
        train(dataset, tmp_path / "model", 1, parts=["decoder"])
    bound["train.init_from"] = None
    params = [*tiny_training.SIZES, "train.init_from = 'violin'"]
    train(dataset, tmp_path / "model", 1, gin_params=params, parts=["decoder"])
    assert bound == {"train.init_from": "violin"}


def test_every_way_to_train_tells_of_an_idle_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop() -> None:
        raise InterruptedError

    monkeypatch.setattr(run, "_seed_weights", stop)
    for idle, said in (("a GPU sleeps", "warning: a GPU sleeps\n"), (None, "")):
        monkeypatch.setattr(run, "unused_gpu", lambda idle=idle: idle)
        stream = io.StringIO()
        with config_lib.isolated_gin():
            config_lib.parse_gin([run.BASE_CONFIG, run.MODEL_CONFIG])
            config_lib.parse_gin(["datasets/tfrecord.gin"])
            with pytest.raises(InterruptedError):
                run.run_training(
                    str(tmp_path), str(tmp_path), progress=Progress(stream)
                )
        assert stream.getvalue() == said


def test_an_idle_gpu_is_told_once_and_after_the_device(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise InterruptedError

    monkeypatch.setattr(run, "_seed_weights", stop)
    monkeypatch.setattr(run, "unused_gpu", lambda: "a GPU sleeps")
    stream, small = io.StringIO(), "models/pretrained/violin.gin"
    with pytest.raises(InterruptedError):
        run.train_model(dataset, tmp_path, small, progress=Progress(stream))
    assert stream.getvalue() == (
        "device: CPU (no GPU visible)\nwarning: a GPU sleeps\n"
    )


def test_a_dataset_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no_such_folder"):
        run.train_model(tmp_path / "no_such_folder", tmp_path / "model")
    (tmp_path / "file").write_text("text")
    with pytest.raises(InputError, match="ddsp prepare"):
        run.train_model(tmp_path / "file", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_dataset_must_have_records(tmp_path: Path) -> None:
    (tmp_path / "my recordings").mkdir()
    (tmp_path / "my recordings" / "a.wav").write_bytes(b"RIFF")
    recordings = re.escape(f"ddsp prepare '{tmp_path / 'my recordings'}' -o DATASET")
    with pytest.raises(InputError, match=f"one without records.*{recordings}"):
        run.train_model(tmp_path / "my recordings", tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("asked", [None, True, False])
def test_examples_are_changed_where_it_is_asked_for(
    dataset: Path, tmp_path: Path, bound: dict[str, Any], asked: bool | None
) -> None:
    bound["train.data_provider"] = None
    said = train(dataset, tmp_path / "model", 1, augment=asked)
    assert said.count("examples are changed each time anew") == bool(asked)
    name = "AugmentedProvider" if asked else "TFRecordProvider"
    assert str(bound["train.data_provider"]) == f"@data.{name}()"


def test_a_run_that_changes_its_examples_goes_on_doing_so(
    dataset: Path, tmp_path: Path
) -> None:
    params = [*tiny_training.SIZES, "AugmentedProvider.gain_db = 1.5"]
    train(dataset, tmp_path / "model", 1, augment=True, gin_params=params)
    for step, augment, count in ((2, None, 1), (3, True, 1), (4, False, 0)):
        train(dataset, tmp_path / "model", step, augment=augment)
        written = config(tmp_path / "model", step - 1)
        assert written.count("AugmentedProvider.gain_db = 1.5") == count


@pytest.mark.usefixtures("bound")
def test_only_the_default_model_without_a_gpu_is_warned_of(
    dataset: Path, tmp_path: Path
) -> None:
    warning = "--config models/pretrained/violin.gin is smaller"
    assert warning in train(dataset, tmp_path / "model", 1, gin_params=[])
    small = "models/pretrained/violin.gin"
    for other in ({"config": small}, {"gin_files": [small]}, {}):
        assert warning not in train(dataset, tmp_path / "model", 1, **other)


def test_records_of_another_name_are_named_by_a_pattern(
    dataset: Path, tmp_path: Path
) -> None:
    (record,) = dataset.glob("data.tfrecord*")
    with pytest.raises(InputError, match=r"data\.tfrecord\*'?$"):
        run.train_model(record, tmp_path / "model")
    shutil.copy(record, tmp_path / "train.tfrecord-00000-of-00001")
    with pytest.raises(InputError, match=r"train\.tfrecord\*'?$"):
        run.train_model(tmp_path, tmp_path / "model")


def test_a_configuration_s_own_changes_stay(
    dataset: Path, tmp_path: Path, bound: dict[str, Any]
) -> None:
    config = tmp_path / "mine.gin"
    config.write_text(
        "include 'models/solo_instrument.gin'\n"
        "train.data_provider = @mine/data.AugmentedProvider()\n"
        "mine/AugmentedProvider.provider = @data.NSynthFolder()\n"
        "AugmentedProvider.gain_db = 1.0\n"
    )
    for augment in (None, True):
        for name in ("train.data_provider", "mine/AugmentedProvider.provider"):
            bound[name] = None
        bound["AugmentedProvider.gain_db"] = None
        train(dataset, tmp_path / "model", 1, config=config, augment=augment)
        provider, records, gain = bound.values()
        assert str(provider) == "@mine/data.AugmentedProvider()"
        assert str(records) == "@data.TFRecordProvider()"
        assert gain == 1.0


def test_records_without_examples_are_an_error(tmp_path: Path) -> None:
    dataset = tiny_training.write_dataset(tmp_path / "dataset", n_examples=1)
    (dataset / "data.tfrecord-00000-of-00001").write_bytes(b"")
    with pytest.raises(InputError, match="at least one example"):
        train(dataset, tmp_path / "model", steps=1)
    assert not (tmp_path / "model").exists()


def test_a_config_must_exist(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="violine"):
        run.train_model(dataset, tmp_path / "model", config="models/violine.gin")
    assert not (tmp_path / "model").exists()


def test_a_config_must_have_a_model(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what to train"):
        train(dataset, tmp_path / "model", 1, config="optimization/base.gin")
    assert not (tmp_path / "model").exists()


def test_the_rates_of_a_config_must_be_the_dataset_s(
    dataset: Path, tmp_path: Path
) -> None:
    params = [*tiny_training.SIZES, "frame_rate = 50"]
    with pytest.raises(InputError, match="frame_rate=250"):
        train(dataset, tmp_path / "model", steps=1, gin_params=params)
    assert not (tmp_path / "model").exists()


def test_an_output_that_is_a_file_is_an_error(dataset: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("precious")
    for output in (file, file / "model"):
        with pytest.raises(InputError, match="can be written"):
            train(dataset, output, steps=1)
    assert file.read_text() == "precious"


def test_a_dataset_that_contradicts_its_description_is_an_error(
    tmp_path: Path,
) -> None:
    dataset = tiny_training.write_dataset(tmp_path / "dataset")
    info = json.loads((dataset / "dataset.json").read_text())
    (dataset / "dataset.json").write_text(json.dumps({**info, "frame_rate": 125}))
    with pytest.raises(InputError, match="f0_hz"):
        train(dataset, tmp_path / "model", steps=1)
    assert not (tmp_path / "model").exists()
