"""Several recordings: what is played, where it goes, what is never replaced."""

import os
from pathlib import Path

import pytest

from ddsp.training.errors import InputError
from ddsp.training.inference.batch import Job, is_batch, plan_jobs


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("songs/a.wav", "songs/a.mp3", "songs/live/b.flac", "c.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def targets(jobs: list[Job]) -> dict[str, str]:
    return {str(job.source): str(job.target) for job in jobs}


def test_a_folder_or_two_files_are_a_batch(songs: Path) -> None:
    assert is_batch(["songs"]) and is_batch(["c.wav", "songs/a.wav"])
    assert not is_batch(["c.wav"]) and not is_batch([songs / "missing.wav"])


@pytest.mark.usefixtures("songs")
def test_folders_keep_their_shape_and_no_two_results_share_a_file() -> None:
    assert targets(plan_jobs(["songs", "c.wav"], "out")) == {
        "songs/a.mp3": "out/a.wav",
        "songs/a.wav": "out/a_wav.wav",
        "songs/live/b.flac": "out/live/b.wav",
        "c.wav": "out/c.wav",
    }


@pytest.mark.usefixtures("songs")
def test_a_recording_that_is_named_twice_is_played_once() -> None:
    jobs = plan_jobs(["songs", "songs/a.wav", "./songs/live/../a.wav"], "out")
    assert len(jobs) == 3


def test_names_that_differ_in_capitals_or_folder_only_stay_apart(songs: Path) -> None:
    (songs / "more").mkdir()
    for name in ("A.wav", "c.wav"):
        (songs / "more" / name).touch()
    jobs = plan_jobs(["songs", "more", "c.wav"], "out")
    lower = [str(job.target).lower() for job in jobs]
    assert len(set(lower)) == len(jobs) == 6


@pytest.mark.usefixtures("songs")
def test_results_in_a_folder_of_recordings_are_no_recordings() -> None:
    first = plan_jobs(["songs"], "songs/violin")
    Path("songs/violin").mkdir()
    for job in first:
        job.target.parent.mkdir(exist_ok=True)
        job.target.touch()
    assert plan_jobs(["songs"], "songs/violin") == first


@pytest.mark.parametrize("output", ["songs", "./songs/../songs", "link"])
def test_no_recording_is_ever_replaced(songs: Path, output: str) -> None:
    (songs / "link").symlink_to(songs / "songs")
    with pytest.raises(InputError, match="must not replace"):
        plan_jobs(["songs/a.wav", "c.wav"], output)


def test_a_result_counts_as_done_until_the_recording_changes(songs: Path) -> None:
    job = Job(songs / "c.wav", songs / "out.wav")
    assert not job.is_done()
    job.target.touch()
    os.utime(job.source, (1000, 1000))
    assert job.is_done()
    os.utime(job.target, (999, 999))
    assert not job.is_done()


@pytest.mark.usefixtures("songs")
def test_what_is_missing_or_empty_is_said() -> None:
    with pytest.raises(InputError, match=r"nowhere"):
        plan_jobs(["songs", "nowhere"], "out")
    Path("bare").mkdir()
    with pytest.raises(InputError, match="audio files"):
        plan_jobs(["bare"], "out")
    with pytest.raises(InputError, match="output folder"):
        plan_jobs(["songs/live"], "songs/live")
