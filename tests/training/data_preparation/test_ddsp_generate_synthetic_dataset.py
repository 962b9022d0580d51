"""`ddsp_generate_synthetic_dataset`: flags, records, and reading them back."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import records
from absl import flags

from ddsp.training import config, data
from ddsp.training.data_preparation import (
    ddsp_generate_synthetic_dataset as script,
)
from ddsp.training.data_preparation import synthetic_data
from ddsp.training.errors import InputError

SMALL = (
    "generate_examples.generate_fn = @generate_notes_v2",
    "generate_notes_v2.n_timesteps = 12",
    "generate_notes_v2.n_harmonics = 3",
    "generate_notes_v2.n_mags = 4",
)
OWN_FLAGS = {
    "output_tfrecord_path": None,
    "num_shards": None,
    "num_examples": 1000000,
    "random_seed": 42,
    "pipeline_options": ["--runner=DirectRunner"],
    "gin_search_path": [],
    "gin_file": [],
    "gin_param": [],
}


@pytest.fixture(autouse=True)
def empty_gin() -> Iterator[None]:
    with config.isolated_gin():
        yield


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Runs the command with flags, into a folder that is not there yet."""
    script.define_flags()

    def run(*arguments: str) -> int:
        flags.FLAGS.unparse_flags()
        for name in OWN_FLAGS:
            flags.FLAGS[name].unparse()
        small = [f"--gin_param={binding}" for binding in SMALL]
        path = f"--output_tfrecord_path={tmp_path / 'a b' / 'data.tfrecord'}"
        flags.FLAGS(["command", path, "--num_examples=5", *small, *arguments])
        return script.main([])

    yield run
    flags.FLAGS.unparse_flags()


def read(folder: Path) -> list[dict[str, np.ndarray]]:
    return records.read_records(folder)


def test_flags_have_the_original_s_defaults() -> None:
    script.define_flags()
    for name, value in OWN_FLAGS.items():
        flags.FLAGS[name].unparse()
        assert flags.FLAGS[name].default == value


def test_help_shows_the_flags_and_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script.define_flags()
    with pytest.raises(SystemExit) as ended:
        script.parse_flags(["command", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"--{name}" in said.replace("[no]", "") for name in OWN_FLAGS)
    assert '--gin_param="generate_examples.generate_fn=@generate_notes_v2"' in said


@pytest.mark.parametrize("flag", ["--num_examples=many", "--unknown=1"])
def test_wrong_flags_are_one_line(
    capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    script.define_flags()
    with pytest.raises(SystemExit) as ended:
        script.parse_flags(["bin/ddsp_generate_synthetic_dataset", flag])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("ddsp_generate_synthetic_dataset: error: ")
    assert flag.partition("=")[0].strip("-") in said


def test_records_are_notes_of_their_seeds(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--num_shards=2", "--random_seed=7") == 0
    names = sorted(os.listdir(tmp_path / "a b"))
    assert names == ["data.tfrecord-00000-of-00002", "data.tfrecord-00001-of-00002"]
    assert capsys.readouterr().out.startswith("5 examples: ")
    seeds = np.random.default_rng(7).integers(2**32, size=5)
    found = read(tmp_path / "a b")
    assert len(found) == 5
    for seed, example in zip(seeds, found, strict=True):
        expected = synthetic_data.generate_notes_v2(
            n_batch=1, rng=np.random.default_rng(seed)
        )
        assert set(example) == set(expected)
        for name, value in expected.items():
            np.testing.assert_allclose(example[name], np.ravel(value), rtol=1e-6)
            assert value.shape[:2] == (1, 12)


def test_the_number_of_files_and_a_second_run_change_nothing(
    command: Callable[..., int], tmp_path: Path
) -> None:
    command("--num_shards=3")
    first = read(tmp_path / "a b")
    command()
    assert os.listdir(tmp_path / "a b") == ["data.tfrecord-00000-of-00001"]
    second = read(tmp_path / "a b")
    assert len(first) == len(second) == 5
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one["f0_hz"], other["f0_hz"])
    assert np.any(first[0]["f0_hz"] != first[1]["f0_hz"])
    command("--random_seed=1")
    assert np.any(read(tmp_path / "a b")[0]["f0_hz"] != first[0]["f0_hz"])


def test_files_of_other_names_stay(tmp_path: Path) -> None:
    others = ["x", "x-notes", "x-train-00000-of-00001", "y-00000-of-00003", "y.json"]
    # The last two are what a killed process has left.
    ours = [
        "x-00000-of-00003",
        ".x-00000-of-00004.partial",
        ".x-00000-of-00001.partial",
    ]
    for name in others + ours:
        (tmp_path / name).write_text("old")
    config.parse_gin([], SMALL)
    script.write_dataset(str(tmp_path / "x"), 1)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "x-00000-of-00001"])
    assert all((tmp_path / name).read_text() == "old" for name in others)


def test_an_old_dataset_is_whole_while_a_new_one_is_made(
    command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("--num_shards=2")
    folder = tmp_path / "a b"
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    make = script.generate_examples
    seen: list[dict[str, bytes]] = []

    def look(seed: int) -> dict[str, np.ndarray]:
        files = folder.glob("data.tfrecord*")
        seen.append({path.name: path.read_bytes() for path in files})
        if len(seen) == 5:
            raise KeyboardInterrupt
        return make(seed)

    monkeypatch.setattr(script, "generate_examples", look)
    assert command("--num_shards=3", "--random_seed=1") == 130
    assert seen == [old] * 5
    # Nor is anything left of what was begun.
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == old


def test_the_provider_reads_them_back(
    command: Callable[..., int], tmp_path: Path
) -> None:
    command()
    pattern = str(tmp_path / "a b" / "data.tfrecord*")
    provider = data.SyntheticNotes(
        n_timesteps=12, n_harmonics=3, n_mags=4, file_pattern=pattern
    )
    (batch,) = provider.get_batch(5, shuffle=False, repeats=1)
    assert batch["noise_magnitudes"].shape == (5, 12, 4)
    frequencies = batch["f0_hz"].numpy() * np.arange(1, 4)
    np.testing.assert_allclose(batch["sin_freqs"], frequencies, rtol=1e-6)
    expected = batch["harm_amp"].numpy() * batch["harm_dist"].numpy()
    np.testing.assert_allclose(batch["sin_amps"], expected, rtol=1e-5)


def test_there_are_no_more_files_than_examples(tmp_path: Path) -> None:
    config.parse_gin([], SMALL)
    paths = script.write_dataset(str(tmp_path / "x"), 3, num_shards=8)
    assert [os.path.basename(path) for path in paths] == [
        f"x-0000{i}-of-00003" for i in range(3)
    ]
    assert sorted(os.listdir(tmp_path)) == [os.path.basename(p) for p in paths]


def test_a_file_holds_ten_thousand_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert script.EXAMPLES_PER_SHARD == 10000
    monkeypatch.setattr(script, "EXAMPLES_PER_SHARD", 2)
    config.parse_gin([], SMALL)
    assert len(script.write_dataset(str(tmp_path / "x"), 5)) == 3


def test_it_says_how_many_are_written(tmp_path: Path) -> None:
    config.parse_gin([], SMALL)
    said: list[str] = []
    script.write_dataset(str(tmp_path / "x"), 3, say=said.append)
    assert said == [f"wrote {n} of 3 examples" for n in (1, 2, 3)]


def test_a_function_of_the_user_without_rng_has_numpy_s_global_generator() -> None:
    def draw(n_batch: int) -> dict[str, Any]:
        return {"x": np.random.uniform(size=[n_batch, 2, 2])}

    gin.bind_parameter("generate_examples.generate_fn", draw)
    one = script.generate_examples(5)["x"]
    assert one.shape == (4,) and one.dtype == np.float32
    expected = np.random.RandomState(5).uniform(size=4)
    np.testing.assert_allclose(one, expected, rtol=1e-6)
    np.testing.assert_array_equal(script.generate_examples(5)["x"], one)


def test_a_broken_run_leaves_no_record_file_behind(tmp_path: Path) -> None:
    def fail(n_batch: int) -> dict[str, Any]:
        raise RuntimeError(f"n_batch={n_batch}")

    gin.bind_parameter("generate_examples.generate_fn", fail)
    with pytest.raises(RuntimeError, match="n_batch=1"):
        script.write_dataset(str(tmp_path / "x"), 3)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        ("--output_tfrecord_path=", "Got no --output_tfrecord_path"),
        ("--pipeline_options=--runner=DataflowRunner", "without Apache Beam"),
        ("--num_examples=0", "num_examples=0 and"),
        ("--num_shards=0", "num_shards=0;"),
        ("--gin_param=generate_examples.generate_fn = None", "Got no generate_ex"),
        ("--gin_file=nowhere.gin", "nowhere.gin"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    flag: str,
    reason: str,
) -> None:
    assert command(flag) == 2
    said = capsys.readouterr().err
    assert said.startswith("ddsp_generate_synthetic_dataset: error: ")
    assert said.count("\n") == 1 and reason in said


def test_ctrl_c_is_no_error(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt(*args)

    monkeypatch.setattr(script, "write_dataset", interrupt)
    assert command() == 130


def test_a_place_that_takes_nothing_is_one_line(tmp_path: Path) -> None:
    config.parse_gin([], SMALL)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Records must go to a place"):
        script.write_dataset(str(tmp_path / "file" / "x"), 1)
