"""Records come back as written, in a new order each epoch, or with a reason."""

import struct
from pathlib import Path

import gin
import numpy as np
import pytest
import tensorflow as tf
from records import dataset_info, tagged_example, write_records

from ddsp.training import data
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.errors import InputError

SETTINGS = {"example_secs": 0.1, "frame_rate": 50}


def write_dataset(folder: Path, n_examples: int, n_shards: int = 1) -> Path:
    """A dataset whose examples have the pitches 1, 2, 3 and so on."""
    folder.mkdir(exist_ok=True)
    tags = np.array_split(np.arange(1.0, n_examples + 1), n_shards)
    for i, part in enumerate(tags):
        path = folder / f"data.tfrecord-{i:05d}-of-{n_shards:05d}"
        write_records(path, (tagged_example(tag) for tag in part))
    return folder


def provider(folder: Path, seed: int | None = None) -> data.TFRecordProvider:
    return data.TFRecordProvider(str(folder), seed=seed, **SETTINGS)


def tags_of(dataset: tf.data.Dataset) -> np.ndarray:
    """Pitches of the examples in the order in which they come."""
    values = [np.ravel(x["f0_hz"])[::5] for x in dataset.as_numpy_iterator()]
    assert values
    return np.concatenate(values)


def epochs(source: data.TFRecordProvider, n_examples: int, n_epochs: int) -> np.ndarray:
    dataset = source.get_batch(1, shuffle=True, repeats=n_epochs)
    return tags_of(dataset).reshape(n_epochs, n_examples)


@pytest.mark.parametrize(
    ("name", "frame_rate", "centered", "n_frames", "loudness_db"),
    [
        ("uncentered250", 250, False, 125, 7.9532),
        ("centered50", 50, True, 26, 7.9532),
    ],
)
def test_records_of_the_original_are_read(
    golden: Path,
    name: str,
    frame_rate: int,
    centered: bool,
    n_frames: int,
    loudness_db: float,
) -> None:
    pattern = str(golden / "training" / "tfrecord" / f"{name}*")
    source = data.TFRecordProvider(pattern, 0.5, 16000, frame_rate, centered)
    (batch,) = source.get_batch(3, shuffle=False, repeats=1)
    assert {key: tuple(value.shape) for key, value in batch.items()} == {
        "audio": (3, 8000),
        "audio_16k": (3, 8000),
        "f0_hz": (3, n_frames),
        "f0_confidence": (3, n_frames),
        "loudness_db": (3, n_frames),
    }
    np.testing.assert_array_equal(batch["f0_hz"], 440.0)
    np.testing.assert_allclose(batch["f0_confidence"], 0.95)
    np.testing.assert_allclose(
        np.median(batch["loudness_db"], axis=1), loudness_db, atol=1e-3
    )
    np.testing.assert_array_equal(batch["audio"], batch["audio_16k"])
    assert np.max(np.abs(batch["audio"])) == pytest.approx(0.297, abs=1e-3)


def test_legacy_records_need_no_audio_at_16_khz(tmp_path: Path) -> None:
    example = tagged_example(7.0)
    del example["audio_16k"]
    write_records(tmp_path / "old.tfrecord", [example])
    pattern = str(tmp_path / "*.tfrecord")
    assert tags_of(
        data.LegacyTFRecordProvider(pattern, **SETTINGS).get_dataset()
    ).tolist() == [7.0]
    with pytest.raises(InputError, match="Got 0 values of audio_16k"):
        data.TFRecordProvider(pattern, **SETTINGS).get_dataset()


@pytest.mark.parametrize("name", ["TFRecordProvider", "LegacyTFRecordProvider"])
def test_gin_binds_the_original_names(tmp_path: Path, name: str) -> None:
    gin.parse_config(f"""
        {name}.file_pattern = '{tmp_path}/x*'
        data.{name}.frame_rate = 50
        """)
    source = gin.get_configurable(f"ddsp.training.data.{name}")()
    assert source.frame_rate == 50 and source.get_feature_length(False) == 200


@pytest.mark.parametrize("centered", [False, True])
def test_fractions_of_seconds_give_whole_lengths(centered: bool) -> None:
    source = data.TFRecordProvider("x", 0.35, 48000, 20, centered)
    assert source.features_dict["audio"].shape == [16800]
    assert source.features_dict["audio_16k"].shape == [5600]
    assert source.get_feature_length(False) == 7
    assert source.get_feature_length(True) == 8
    assert source.features_dict["f0_hz"].shape == [8 if centered else 7]


def test_lengths_are_those_of_the_original() -> None:
    assert data.TFRecordProvider("x").get_feature_length(False) == 1000
    assert data.TFRecordProvider("x", 4, 16000, 50).get_feature_length(True) == 201


def test_a_provider_without_files_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="pass a file_pattern"):
        data.TFRecordProvider()


def test_without_shuffling_the_order_is_that_of_the_files(tmp_path: Path) -> None:
    source = provider(write_dataset(tmp_path, 20))
    tags = tags_of(source.get_dataset(shuffle=False))
    np.testing.assert_array_equal(tags, np.arange(1, 21))


def test_one_file_is_shuffled_anew_each_epoch(tmp_path: Path) -> None:
    first, second = epochs(provider(write_dataset(tmp_path, 100), seed=3), 100, 2)
    np.testing.assert_array_equal(np.sort(first), np.arange(1, 101))
    np.testing.assert_array_equal(np.sort(second), np.arange(1, 101))
    assert abs(np.corrcoef(first, np.arange(100))[0, 1]) < 0.3
    # Places of the examples in one epoch against those in the other.
    places = np.argsort(first), np.argsort(second)
    assert abs(np.corrcoef(*places)[0, 1]) < 0.3


def test_one_seed_gives_one_order_and_another_seed_another(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path, 60, n_shards=3)
    runs = [epochs(provider(folder, seed), 60, 2) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.mean(runs[0] == runs[2]) < 0.2


def test_batches_go_on_across_epochs(tmp_path: Path) -> None:
    source = provider(write_dataset(tmp_path, 5))
    batches = list(source.get_batch(2, shuffle=False, repeats=2))
    tags = [np.ravel(batch["f0_hz"])[::5].tolist() for batch in batches]
    assert tags == [[1, 2], [3, 4], [5, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize(("drop", "n_batches"), [(True, 2), (False, 3)])
def test_a_last_batch_that_is_not_full(
    tmp_path: Path, drop: bool, n_batches: int
) -> None:
    source = provider(write_dataset(tmp_path, 5))
    batches = list(source.get_batch(2, repeats=1, drop_remainder=drop))
    assert len(batches) == n_batches


@pytest.mark.parametrize("name", ["set [1] (2) ü", "plain"])
@pytest.mark.parametrize("form", ["folder", "pattern", "file"])
def test_a_dataset_is_found_by_folder_pattern_or_file(
    tmp_path: Path, name: str, form: str
) -> None:
    folder = write_dataset(tmp_path / name, 3)
    path = {
        "folder": folder,
        "pattern": folder / "data.tfrecord*",
        "file": folder / "data.tfrecord-00000-of-00001",
    }[form]
    tags = tags_of(data.TFRecordProvider(str(path), **SETTINGS).get_dataset())
    assert sorted(tags) == [1, 2, 3]


def test_several_patterns_are_read_together(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_dataset(tmp_path / name, 2)
    patterns = [str(tmp_path / name / "data*") for name in ("a", "b")]
    tags = tags_of(data.TFRecordProvider(patterns, **SETTINGS).get_dataset())
    assert sorted(tags) == [1, 1, 2, 2]


@pytest.mark.parametrize("pattern", ["", "nowhere*", "nowhere/data*"])
def test_a_pattern_without_files_is_named(tmp_path: Path, pattern: str) -> None:
    source = provider(tmp_path / pattern)
    with pytest.raises(InputError, match="which no file matches") as raised:
        source.get_dataset()
    assert str(tmp_path / pattern) in str(raised.value)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path, 9, n_shards=3)
    (tmp_path / "data.tfrecord-00001-of-00003").unlink()
    with pytest.raises(InputError, match=r"without .*data\.tfrecord-00001-of-00003"):
        provider(tmp_path).get_dataset()
    # Who names single shards wants only those.
    one = provider(tmp_path / "data.tfrecord-00002-of-00003")
    assert sorted(tags_of(one.get_dataset())) == [7, 8, 9]


@pytest.mark.parametrize("lost", [1, 100, 13000])
def test_a_truncated_file_is_named(tmp_path: Path, lost: int) -> None:
    path = next(write_dataset(tmp_path, 3).iterdir())
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(InputError, match=r"truncated or damaged after [12] records"):
        provider(tmp_path).get_dataset()


@pytest.mark.parametrize(
    "content",
    [
        b"This is no record file.",
        struct.pack("<Q", 1 << 63) + bytes(100),
        bytes(16) * 4,
    ],
)
def test_a_file_that_is_no_record_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.tfrecord"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"truncated or damaged|is damaged") as raised:
        provider(tmp_path).get_dataset()
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_without_records_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.tfrecord").touch()
    with pytest.raises(InputError, match="at least one example"):
        provider(tmp_path).get_dataset()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"example_secs": 0.2}, "Got 1600 values of audio in .* not 3200"),
        ({"sample_rate": 48000}, "Got 1600 values of audio in .* not 4800"),
        ({"frame_rate": 100}, "Got 5 values of f0_hz in .* not 10"),
        ({"centered": True}, "Got 5 values of f0_hz in .* not 6"),
    ],
)
def test_records_of_another_length_are_explained(
    tmp_path: Path, changes: dict, words: str
) -> None:
    write_dataset(tmp_path, 1)
    source = data.TFRecordProvider(str(tmp_path), **{**SETTINGS, **changes})
    with pytest.raises(InputError, match=words):
        source.get_dataset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 48000),
        ("frame_rate", 100),
        ("example_secs", 1.0),
        ("centered", True),
    ],
)
def test_settings_must_agree_with_the_description(
    tmp_path: Path, name: str, value: object
) -> None:
    write_dataset(tmp_path, 1)
    (tmp_path / "dataset.json").write_text(dataset_info(**{name: value}))
    with pytest.raises(InputError) as raised:
        data.TFRecordProvider(str(tmp_path), 0.1, 16000, 50, centered=False)
    assert f"with {name}={value}. Got {name}=" in str(raised.value)
    assert f"bind TFRecordProvider.{name} = {value}" in str(raised.value)


def test_settings_that_agree_with_the_description_pass(tmp_path: Path) -> None:
    write_dataset(tmp_path, 1)
    (tmp_path / "dataset.json").write_text(dataset_info())
    assert tags_of(provider(tmp_path).get_dataset()).tolist() == [1.0]


def test_the_description_says_what_is_not_given(tmp_path: Path) -> None:
    write_dataset(tmp_path, 1)
    described = {"frame_rate": 100, "example_secs": 1.5, "centered": True}
    (tmp_path / "dataset.json").write_text(dataset_info(**described))
    source = data.TFRecordProvider(str(tmp_path))
    assert source.frame_rate == 100
    assert source.features_dict["f0_hz"].shape == [151]
    assert source.features_dict["audio_16k"].shape == [24000]


def test_several_datasets_are_described_by_their_descriptions(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_dataset(tmp_path / name, 2)
        (tmp_path / name / "dataset.json").write_text(dataset_info())
    folders = [str(tmp_path / name) for name in ("a", "b")]
    source = data.TFRecordProvider(folders)
    assert source.frame_rate == 50
    assert sorted(tags_of(source.get_dataset())) == [1, 1, 2, 2]
    with pytest.raises(InputError, match=r"with frame_rate=50\. Got frame_rate=250"):
        data.TFRecordProvider(folders, frame_rate=250)
    # One that does not describe itself has to be like the other.
    (tmp_path / "a" / "dataset.json").unlink()
    assert data.TFRecordProvider(folders).frame_rate == 50


def test_datasets_that_were_prepared_otherwise_are_not_mixed(tmp_path: Path) -> None:
    for name, rate in (("a", 50), ("b", 100)):
        write_dataset(tmp_path / name, 1)
        (tmp_path / name / "dataset.json").write_text(dataset_info(frame_rate=rate))
    folders = [str(tmp_path / name) for name in ("a", "b")]
    with pytest.raises(InputError, match="must be prepared alike") as raised:
        data.TFRecordProvider(folders)
    assert f"frame_rate=100 in {folders[1]} and frame_rate=50 in" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("viterbi", False),
        ("f0_method", "pyin"),
        ("f0_version", 1),
        ("loudness_version", 7),
        ("loudness_n_fft", 2048),
    ],
)
def test_datasets_that_were_measured_otherwise_are_not_mixed(
    tmp_path: Path, name: str, value: object
) -> None:
    usual = FeatureSpec(50, centered=False).to_dict()
    folders = [str(tmp_path / folder) for folder in ("a", "b", "c")]
    for folder, features in zip(
        folders, (usual, usual, {**usual, name: value}), strict=True
    ):
        write_dataset(Path(folder), 1)
        described = dataset_info(format=2, features=features)
        Path(folder, "dataset.json").write_text(described)
    assert data.TFRecordProvider(folders[:2]).frame_rate == 50
    assert data.TFRecordProvider(folders[2]).frame_rate == 50
    with pytest.raises(InputError, match="measured alike") as raised:
        data.TFRecordProvider(folders)
    usually = f"{name}={usual[name]} in {folders[0]}"
    assert f"{name}={value} in {folders[2]} and {usually}" in str(raised.value)


def test_a_dataset_of_the_first_format_is_not_mixed_with_a_new_one(
    tmp_path: Path,
) -> None:
    folders = [str(tmp_path / name) for name in ("old", "new")]
    features = FeatureSpec(50, centered=False).to_dict()
    for folder, changes in zip(
        folders, ({}, {"format": 2, "features": features}), strict=True
    ):
        write_dataset(Path(folder), 1)
        Path(folder, "dataset.json").write_text(dataset_info(**changes))
    with pytest.raises(InputError, match=r"Got f0_version=2 in .*new and f0_version=1"):
        data.TFRecordProvider(folders)
