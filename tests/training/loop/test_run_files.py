"""What a session writes once is whole, or one line says why it is not."""

import dataclasses
import json
from pathlib import Path

import pytest
import tensorflow as tf

from ddsp.training.data.feature_spec import (
    SPEC_FILE,
    FeatureSpec,
    read_feature_spec,
)
from ddsp.training.errors import InputError
from ddsp.training.loop.run_files import (
    copy_statistics,
    write_feature_spec,
    write_gin_config,
)


def test_statistics_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    dataset, model = tmp_path / "dataset", tmp_path / "model"
    dataset.mkdir()
    (dataset / "dataset_statistics.json").write_text("{}")
    with pytest.raises(InputError) as raised:
        copy_statistics(str(dataset), str(model))
    path = model / "dataset_statistics.json"
    assert str(raised.value) == (
        f"Statistics of a dataset must go to a place that can be written. Got {path} "
        "(No such file or directory); make room, or choose another folder."
    )
    model.mkdir()
    assert copy_statistics(str(dataset), str(model)) == ["dataset_statistics.json"]
    assert path.read_text() == "{}"


SPEC = FeatureSpec(frame_rate=100, centered=True, f0_method="pyin")


def test_a_model_keeps_how_its_features_were_measured(tmp_path: Path) -> None:
    write_feature_spec(SPEC, str(tmp_path), step=0)
    written = json.loads((tmp_path / SPEC_FILE).read_text())
    assert (written["frame_rate"], written["f0_method"]) == (100, "pyin")
    assert read_feature_spec(tmp_path) == SPEC
    write_feature_spec(SPEC, str(tmp_path), step=3)  # The same again.


def test_nothing_is_said_of_features_that_nobody_knows(tmp_path: Path) -> None:
    write_feature_spec(SPEC, str(tmp_path), step=3)
    assert read_feature_spec(tmp_path) is None


def test_a_model_goes_on_with_features_of_one_kind(tmp_path: Path) -> None:
    write_feature_spec(SPEC, str(tmp_path), step=0)
    other = dataclasses.replace(SPEC, f0_method="tiny\x1b[2J\n")
    with pytest.raises(InputError, match="with f0_method='pyin'") as raised:
        write_feature_spec(other, str(tmp_path), step=3)
    (line,) = str(raised.value).splitlines()
    assert "\x1b" not in line
    assert line.endswith(f"-o OTHER --init_from {tmp_path}")
    assert read_feature_spec(tmp_path) == SPEC


def test_a_configuration_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^The configuration of a run") as raised:
        write_gin_config(None, str(tmp_path / "file"), 3)
    assert len(str(raised.value).splitlines()) == 1


def test_summaries_that_cannot_be_written_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        del args
        raise tf.errors.ResourceExhaustedError(None, None, "x; Disk full")

    monkeypatch.setattr("ddsp.training.event_files.write_text", full)
    writer = tf.summary.create_file_writer(str(tmp_path / "summaries"))
    with pytest.raises(InputError, match=r"^Summaries .*\(Disk full\)"):
        write_gin_config(writer, str(tmp_path), 3)
    assert (tmp_path / "operative_config-3.gin").exists()
