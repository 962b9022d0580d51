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
        "songs/a.mp3": "out/a_mp3.wav",
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
    assert job.is_done()
    changed = job.target.stat().st_mtime + 1.0
    os.utime(job.source, (changed, changed))
    assert not job.is_done()


def test_a_result_from_before_an_old_recording_came_is_not_of_it(songs: Path) -> None:
    target = songs / "out.wav"
    target.touch()
    os.utime(target, (2000, 2000))
    os.utime(songs / "c.wav", (1000, 1000))  # Older by its date, but put there since.
    assert not Job(songs / "c.wav", target).is_done()


def test_a_recording_of_the_same_name_is_not_taken_for_played(songs: Path) -> None:
    (first,) = plan_jobs(["songs/live"], "out")
    Path("out").mkdir()
    first.target.touch()
    (songs / "songs/live/b.aiff").touch()
    os.utime("songs/live/b.aiff", (1000, 1000))
    before = plan_jobs(["songs/live"], "out")
    assert targets(before) == {
        "songs/live/b.aiff": "out/b_aiff.wav",
        "songs/live/b.flac": "out/b_flac.wav",
    }
    assert not any(job.is_done() for job in before)
    for job in before:
        job.target.touch()
    assert plan_jobs(["songs/live"], "out") == before
    assert all(job.is_done() for job in before)


@pytest.mark.usefixtures("songs")
def test_results_may_go_to_a_folder_around_the_recordings() -> None:
    assert targets(plan_jobs(["songs/live"], "songs")) == {
        "songs/live/b.flac": "songs/b.wav"
    }
    assert targets(plan_jobs(["songs"], ".")) == {
        "songs/a.mp3": "a_mp3.wav",
        "songs/a.wav": "a_wav.wav",
        "songs/live/b.flac": "live/b.wav",
    }


@pytest.mark.usefixtures("songs")
def test_what_is_missing_or_empty_is_said() -> None:
    with pytest.raises(InputError, match=r"nowhere"):
        plan_jobs(["songs", "nowhere"], "out")
    Path("bare").mkdir()
    with pytest.raises(InputError, match="audio files"):
        plan_jobs(["bare"], "out")
    with pytest.raises(InputError, match="output folder"):
        plan_jobs(["songs/live"], "songs/live")
