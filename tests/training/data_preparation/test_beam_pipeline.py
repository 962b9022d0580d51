"""Apache Beam makes the same files as the processes of one computer."""

import fnmatch
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from records import harmonic_tone, write_recording

from ddsp.training.data_preparation import (
    beam_files,
    beam_pipeline,
    prepare_dataset,
)
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
        assert len(found) == 6 and found == contents(tmp_path / "local")

    def test_nothing_but_silence_is_one_line(
        self, tmp_path: Path, recordings: Path
    ) -> None:
        with pytest.raises(InputError, match="every recording is silent"):
            prepare_dataset(
                recordings / "silent.wav", tmp_path / "out", pipeline_options=DIRECT
            )
        assert [path.name for path in tmp_path.iterdir()] == ["in"]


class Bucket(dict[str, bytes]):
    """A bucket in memory beside the disk, and pipelines that run right here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Takes the place of Beam."""
        super().__init__()
        self.events: list[tuple[str, str]] = []
        monkeypatch.setattr(beam_files, "import_beam", lambda: None)
        for name in ("fetch", "put", "read", "write", "match", "list_files", "remove"):
            monkeypatch.setattr(beam_files, name, getattr(self, name))
        monkeypatch.setattr(beam_pipeline, "_run", self.run)

    def read(self, path: str) -> bytes:
        return self[path] if "://" in path else Path(path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        if "://" in path:
            self[path] = content
            self.events.append(("write", path))
        else:
            Path(path).write_bytes(content)

    def fetch(self, path: str, folder: str) -> str:
        local = Path(folder, path.rpartition("/")[2])
        local.write_bytes(self.read(path))
        return str(local)

    def put(self, local: str, path: str) -> None:
        self.write(path, Path(local).read_bytes())

    def match(self, patterns: list[str]) -> list[str]:
        return sorted(path for x in patterns for path in fnmatch.filter(self, x))

    def list_files(self, prefix: str) -> list[str]:
        return self.match([prefix + "*"])

    def remove(self, paths: list[str]) -> None:
        for path in paths:
            del self[path]
            self.events.append(("remove", path))

    @staticmethod
    def run(options: Any, items: Any, work: Any, write: Any = None) -> None:
        del options
        groups: dict[int, list[Any]] = {}
        for made in [made for item in items for made in work(item)]:
            if write is not None:
                groups.setdefault(made[0], []).append(made[1])
        for group in groups.items():
            write(group)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    return Bucket(monkeypatch)


@pytest.mark.usefixtures("bucket")
def test_the_pipeline_makes_the_same_files_as_processes(
    tmp_path: Path, recordings: Path
) -> None:
    for name, options in [("local", None), ("beam", DIRECT)]:
        prepare_dataset(
            recordings, tmp_path / name, **FAST, n_shards=3, pipeline_options=options
        )
    assert contents(tmp_path / "local") == contents(tmp_path / "beam")
    assert len(contents(tmp_path / "beam")) == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beam", "in", "local"]


def test_the_pipeline_keeps_nothing_and_loses_nothing_of_others(
    tmp_path: Path,
    recordings: Path,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tmp_path / ".out.preparing" / "kept" / "by processes"
    write_recording(kept / "audio.wav", np.zeros(9))

    def stop(*args: Any, **settings: Any) -> None:
        del args, settings
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(beam_pipeline, "write_part", stop)
        with pytest.raises(KeyboardInterrupt):
            prepare_dataset(
                recordings, tmp_path / "out", **FAST, pipeline_options=DIRECT
            )
    left = [path for path in tmp_path.rglob(".out.preparing/*/**/*") if path.is_file()]
    assert left == [kept / "audio.wav"] and not bucket
    prepare_dataset(recordings, tmp_path / "out", **FAST, pipeline_options=DIRECT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_records_in_a_bucket_are_replaced_after_the_new_ones_are_there(
    recordings: Path, bucket: Bucket
) -> None:
    for path in recordings.iterdir():
        bucket[f"gs://b/in/{path.name}"] = path.read_bytes()
    old = [f"gs://b/out/x.tfrecord{part}-00000-of-00001" for part in ("", "-train")]
    others = [
        "gs://b/out/x.tfrecord-notes",
        "gs://b/out/x.tfrecord-more/x.tfrecord-00000-of-00001",
        "gs://b/out/y.tfrecord-00000-of-00001",
    ]
    for path in old + others:
        bucket[path] = b"old"
    info = prepare_tfrecord(
        "gs://b/in/*.wav",
        "gs://b/out/x.tfrecord",
        **FAST,
        num_shards=2,
        pipeline_options="--runner=DataflowRunner",
    )
    new = [f"gs://b/out/x.tfrecord-0000{i}-of-00002" for i in range(2)]
    assert bucket.match(["gs://b/out/*"]) == sorted(others + new)
    assert all(bucket[path] == b"old" for path in others) and info.statistics == {}
    # All records are written before the first is removed.
    records = [kind for kind, path in bucket.events if path in old + new]
    assert records == ["write"] * 2 + ["remove"] * 2


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
