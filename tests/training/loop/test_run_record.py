"""What a run writes down, and what it says where nothing can be written any more."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tensorflow as tf
from event_reader import read_scalars

from ddsp.training import event_files
from ddsp.training.errors import InputError
from ddsp.training.loop.history_file import HistoryFile, read_history
from ddsp.training.loop.run_record import RunRecord

needs_limit = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such limit"
)


@contextlib.contextmanager
def full_disk(n_bytes: int = 500) -> Iterator[None]:
    """Lets no file become larger, as a disk does that is full."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def write_many(record: RunRecord, n_summaries: int) -> None:
    with record.validation_writer():
        for step in range(n_summaries):
            event_files.write_scalar("peak", step / 2.0, step)


def test_losses_and_validations_are_written_at_once(tmp_path: Path) -> None:
    record = RunRecord(str(tmp_path), step=0)
    record.add_losses(3, {"total_loss": 2.5}, steps_per_sec=4.0)
    record.add_validation(3, {"total_loss": 2.75})
    write_many(record, 2)
    assert read_scalars(tmp_path / "summaries" / "train") == {
        "steps_per_sec": [(3, 4.0)],
        "losses/total_loss": [(3, 2.5)],
    }
    scalars = read_scalars(tmp_path / "summaries" / "eval")
    assert scalars == {"peak": [(0, 0.0), (1, 0.5)]}
    history = read_history(tmp_path)
    assert history["total_loss"][1].tolist() == [2.5]
    assert history["validation_total_loss"][1].tolist() == [2.75]
    assert (tmp_path / "operative_config-0.gin").exists()


def test_a_run_without_a_folder_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record = RunRecord("", step=0)
    record.add_losses(3, {"total_loss": 2.5}, steps_per_sec=4.0)
    record.add_validation(3, {"total_loss": 2.75})
    write_many(record, 2)
    assert list(tmp_path.iterdir()) == []


@needs_limit
@pytest.mark.parametrize("n_summaries", [1, 100])
def test_a_disk_that_is_full_after_a_validation_is_one_line(
    tmp_path: Path, n_summaries: int
) -> None:
    record = RunRecord(str(tmp_path), step=0)
    write_many(record, 1)
    with pytest.raises(InputError) as raised, full_disk(100):
        write_many(record, n_summaries)
    assert str(raised.value) == (
        f"Summaries must go to a place that can be written. Got {tmp_path} (File too "
        "large); make room, or choose another folder."
    )


@needs_limit
def test_a_disk_that_is_full_at_a_summary_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = RunRecord(str(tmp_path), step=0)
    monkeypatch.setattr(HistoryFile, "append", lambda *_: None)
    with (
        pytest.raises(InputError, match=r"^Summaries .*\(File too large\)"),
        full_disk(100),
    ):
        record.add_losses(3, {"total_loss": 2.5}, steps_per_sec=4.0)


def test_what_fails_within_a_validation_is_not_about_the_disk(tmp_path: Path) -> None:
    record = RunRecord(str(tmp_path), step=0)
    error = tf.errors.ResourceExhaustedError(None, None, "OOM")
    with (
        pytest.raises(tf.errors.ResourceExhaustedError) as raised,
        record.validation_writer(),
    ):
        raise error
    assert raised.value is error


def no_summaries(folder: Path) -> None:
    (folder / "summaries").touch()


def no_configuration(folder: Path) -> None:
    (folder / "operative_config-0.gin").mkdir()


@pytest.mark.parametrize(
    ("spoil", "what"),
    [(no_summaries, "Summaries"), (no_configuration, "The configuration of a run")],
)
def test_a_folder_that_takes_no_files_is_one_line(
    tmp_path: Path, spoil: Callable[[Path], None], what: str
) -> None:
    spoil(tmp_path)
    with pytest.raises(InputError, match=f"^{what} must go to") as raised:
        RunRecord(str(tmp_path), step=0)
    assert len(str(raised.value).splitlines()) == 1
