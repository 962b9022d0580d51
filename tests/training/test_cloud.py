"""Files of buckets come here, and metrics go where a tuning service looks."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from ddsp.training import cloud
from ddsp.training.errors import InputError


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Contents of a storage by path; the copying of TensorFlow takes them from it."""
    contents: dict[str, str] = {}

    def copy(src: str, dst: str, overwrite: bool = False) -> None:
        assert overwrite or not os.path.exists(dst)
        if src not in contents:
            raise tf.errors.NotFoundError(None, None, f"no object {src}\nmore")
        Path(dst).write_text(contents[src])

    monkeypatch.setattr(tf.io.gfile, "copy", copy)
    return contents


def test_download_makes_the_folder_and_replaces_the_file(
    bucket: dict[str, str], tmp_path: Path
) -> None:
    bucket["gs://b/mine.gin"] = "batch_size = 1"
    target = tmp_path / "new" / "mine.gin"
    cloud.download_from_gstorage("gs://b/mine.gin", target)
    bucket["gs://b/mine.gin"] = "batch_size = 2"
    cloud.download_from_gstorage("gs://b/mine.gin", target)
    assert target.read_text() == "batch_size = 2"


def test_missing_object_is_one_line(bucket: dict[str, str], tmp_path: Path) -> None:
    del bucket
    with pytest.raises(InputError, match=r"Got gs://b/none \(no object") as error:
        cloud.download_from_gstorage("gs://b/none", tmp_path / "none")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["silly-bucket/dir/cfgs", "sgs:/x/gs", "b/a.gin"])
def test_names_keep_all_their_letters(
    bucket: dict[str, str], tmp_path: Path, name: str
) -> None:
    bucket[f"gs://{name}"] = name
    local = cloud.make_file_paths_local(f"gs://{name}", tmp_path)
    assert isinstance(local, str)
    assert Path(local).read_text() == name


def test_files_of_one_name_do_not_meet(bucket: dict[str, str], tmp_path: Path) -> None:
    bucket.update({"gs://b/one/mine.gin": "1", "gs://b/two/mine.gin": "2"})
    local = cloud.make_file_paths_local([*bucket, "models/ae.gin"], tmp_path)
    assert [Path(path).read_text() for path in local[:2]] == ["1", "2"]
    assert all(Path(path).is_relative_to(tmp_path) for path in local[:2])
    assert local[2] == "models/ae.gin"


def test_local_path_is_left_alone(tmp_path: Path) -> None:
    assert cloud.make_file_paths_local("gs/mine.gin", tmp_path) == "gs/mine.gin"
    assert cloud.make_file_paths_local([], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_path_that_leads_out_of_the_folder_is_refused(
    bucket: dict[str, str], tmp_path: Path
) -> None:
    bucket["gs://b/../../x.gin"] = "x"
    with pytest.raises(InputError, match="must not lead out"):
        cloud.make_file_paths_local("gs://b/../../x.gin", tmp_path / "a")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., list[dict[str, str]]]:
    """Reports into a folder that does not exist yet; returns all lines of the file."""
    path = tmp_path / "new" / "output.metrics"
    monkeypatch.setenv("CLOUD_ML_HP_METRIC_FILE", str(path))

    def report_and_read(*args: object, **kwargs: object) -> list[dict[str, str]]:
        cloud.report_metric_to_hypertune(*args, **kwargs)
        return [json.loads(line) for line in path.read_text().splitlines()]

    return report_and_read


def test_each_report_is_a_line_of_its_own(
    report: Callable[..., list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1234.5)
    monkeypatch.delenv("CLOUD_ML_TRIAL_ID", raising=False)
    report(tf.constant(2.5), step=300)
    monkeypatch.setenv("CLOUD_ML_TRIAL_ID", "4")
    first, second = report(0.5, tf.constant(600), tag="accuracy")
    assert first == {
        "timestamp": 1234.5,
        "trial": "0",
        "Loss": "2.5",
        "global_step": "300",
        "checkpoint_path": "",
    }
    assert (second["trial"], second["accuracy"]) == ("4", "0.5")
    assert second["global_step"] == "600"
    assert "Loss" not in second


def test_file_keeps_the_last_hundred(
    report: Callable[..., list[dict[str, str]]],
) -> None:
    for step in range(103):
        lines = report(1.0, step)
    assert [int(line["global_step"]) for line in lines] == list(range(3, 103))


def test_file_is_where_the_service_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cloud.DEFAULT_METRIC_FILE == "/var/hypertune/output.metrics"
    monkeypatch.delenv("CLOUD_ML_HP_METRIC_FILE", raising=False)
    monkeypatch.setattr(cloud, "DEFAULT_METRIC_FILE", str(tmp_path / "default"))
    cloud.report_metric_to_hypertune(1.0, 1)
    assert (tmp_path / "default").is_file()


def test_unwritable_file_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLOUD_ML_HP_METRIC_FILE", str(tmp_path))  # A folder.
    with pytest.raises(InputError) as error:
        cloud.report_metric_to_hypertune(1.0, 1)
    assert str(error.value) == (
        f"Metrics must go to a place that can be written. Got {tmp_path} (Is a "
        "directory); set CLOUD_ML_HP_METRIC_FILE to another file."
    )


def test_the_reason_of_a_failed_download_has_no_names_of_operations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def copy(*args: object, **kwargs: object) -> None:
        del args, kwargs
        raise tf.errors.NotFoundError(
            None,
            None,
            "{{function_node Copy}} gs://b/x; No such object [Op:Copy] name: ",
        )

    monkeypatch.setattr(tf.io.gfile, "copy", copy)
    with pytest.raises(InputError, match=r"Got gs://b/x \(No such object\); copy"):
        cloud.download_from_gstorage("gs://b/x", tmp_path / "x")
