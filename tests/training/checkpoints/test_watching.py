"""Checkpoints are found as they are written."""

import types

import pytest

from ddsp.training import checkpoints
from ddsp.training.checkpoints import watching


class Clock:
    """A clock that moves when somebody sleeps, and lets things happen meanwhile."""

    def __init__(self, happens):
        self.now = 0.0
        self._happens = list(happens)

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        while self._happens and self._happens[0][0] <= self.now:
            self._happens.pop(0)[1]()


@pytest.fixture
def watch(tmp_path, monkeypatch):
    """Watches a folder in which checkpoints of steps appear at times."""

    def run(times, n, **settings):
        def write(step):
            (tmp_path / f"ckpt-{step}.index").write_text("")

        clock = Clock((at, lambda step=step: write(step)) for step, at in times)
        stub = types.SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
        monkeypatch.setattr(watching, "time", stub)
        clock.sleep(0.0)  # What is there at the beginning.
        said, found = [], []
        for path in checkpoints.watch_checkpoints(tmp_path, said.append, **settings):
            found.append((int(path.rpartition("-")[2]), clock.now))
            if len(found) == n:
                break
        return found, said

    return run


def test_waiting_for_the_first_one_is_said_once(watch):
    found, said = watch([(3, 2.5)], n=1)
    assert found == [(3, 3.0)]
    assert len(said) == 1 and "waiting for a checkpoint" in said[0]


def test_each_one_is_found_once_and_nothing_is_said(watch):
    found, said = watch([(3, 0.0), (6, 4.5), (9, 20.0)], n=3)
    assert found == [(3, 0.0), (6, 5.0), (9, 20.0)]
    assert said == []


def test_there_is_a_least_time_between_two(watch):
    found, _ = watch([(3, 0.0), (6, 1.0)], n=2, min_interval_secs=10.0)
    assert found == [(3, 0.0), (6, 10.0)]


def test_one_may_be_enough(watch):
    assert watch([(3, 0.0), (6, 0.0)], n=9, once=True)[0] == [(6, 0.0)]


def test_one_that_is_not_there_is_an_error(watch):
    with pytest.raises(checkpoints.MissingFileError, match="A checkpoint must be"):
        watch([], n=1, once=True)


def test_the_path_of_one_stands_for_that_one_alone(tmp_path):
    for step in (3, 6):
        (tmp_path / f"ckpt-{step}.index").write_text("")
    path = str(tmp_path / "ckpt-3")
    assert list(checkpoints.watch_checkpoints(path, print)) == [path]
