"""Apache Beam makes the same files as the processes of one computer."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from records import harmonic_tone, write_recording

from ddsp.training.data_preparation import beam_files, prepare_dataset
from ddsp.training.data_preparation.prepare_tfrecord_lib import prepare_tfrecord
from ddsp.training.errors import InputError

FAST = {"example_secs": 0.4, "hop_secs": 0.1, "frame_rate": 50, "viterbi": False}
DIRECT = ["--runner=DirectRunner"]
# What Beam itself warns of is not ours.
needs_beam = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        importlib.util.find_spec("apache_beam") is None,
        reason="Apache Beam (extra data) is not installed",
    ),
]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    for i in range(3):
        audio = harmonic_tone(220.0 * 2**i, 1.2 + i / 4)
        write_recording(tmp_path / "in" / f"{i}.wav", audio)
    write_recording(tmp_path / "in" / "silent.wav", np.zeros(16000))
    return tmp_path / "in"


class TestWithBeam:
    pytestmark = needs_beam

    def test_a_dataset_is_byte_for_byte_the_same(
        self, tmp_path: Path, recordings: Path
    ) -> None:
        for name, options in [("local", None), ("beam", DIRECT)]:
            info = prepare_dataset(
                recordings,
                tmp_path / name,
                **FAST,
                n_shards=3,
                pipeline_options=options,
            )
            assert [dropped.name for dropped in info.dropped] == ["silent.wav"]
        assert contents(tmp_path / "local") == contents(tmp_path / "beam")
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["beam", "in", "local"]

    def test_split_records_are_byte_for_byte_the_same(
        self, tmp_path: Path, recordings: Path
    ) -> None:
        for name, options in [("local", DIRECT), ("beam", [*DIRECT, "--job_name=x"])]:
            prepare_tfrecord(
                recordings,
                tmp_path / name / "x.tfrecord",
                **FAST,
                num_shards=2,
                chunk_secs=0.6,
                eval_split_fraction=0.4,
                sample_rate=24000,
                pipeline_options=options,
            )
        found = contents(tmp_path / "beam")
        assert len(found) == 5 and found == contents(tmp_path / "local")

    def test_nothing_but_silence_is_one_line(
        self, tmp_path: Path, recordings: Path
    ) -> None:
        with pytest.raises(InputError, match="every recording is silent"):
            prepare_dataset(
                recordings / "silent.wav", tmp_path / "out", pipeline_options=DIRECT
            )
        assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_without_beam_the_extra_is_named(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(ImportError, match=r"pip install 'ddsp\[data\]'"):
        prepare_dataset(recordings, tmp_path / "out", pipeline_options=DIRECT)
    with pytest.raises(ImportError, match=r"pip install 'ddsp\[data\]'"):
        prepare_tfrecord(
            recordings, tmp_path / "x", pipeline_options="--runner=FlinkRunner"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    ("folder", "path"), [("gs://a/b/", "gs://a/b/c"), ("gs://a/b", "gs://a/b/c")]
)
def test_paths_in_buckets_are_joined_by_slashes(folder: str, path: str) -> None:
    assert beam_files.join(folder, "c") == path
    assert beam_files.is_remote(path) and not beam_files.is_remote("C:\\a")
