"""Whenever a process is killed, its folder holds a whole checkpoint."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from saving_loop import BEST
from small_models import tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.loop.run_state import RunState

TESTS = Path(__file__).parents[2]
SCRIPT = TESTS / "saving_loop.py"


class Life:
    """A process that saves, until it is killed."""

    def __init__(self, folder, n_changes):
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), str(n_changes)],
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
            },
            text=True,
        )
        self.events = []

    def until(self, word):
        """Reads events to the next one of a kind."""
        for line in self._process.stdout:
            self.events.append(line.split())
            if line.startswith(word):
                return
        raise AssertionError(f"ended after {self.events[-3:]}")

    def kill(self):
        """Ends it as a system without memory would; returns all its events."""
        self._process.send_signal(signal.SIGKILL)
        with self._process:
            self.events += [line.split() for line in self._process.stdout]
        assert self._process.returncode == -signal.SIGKILL
        return self.events


def steps(events, word):
    """Steps of the events of a kind."""
    return [int(event[1]) for event in events if event[0] == word]


@pytest.fixture(scope="module")
def model():
    model, features = tiny_autoencoder()
    model(features)
    return model


def state_of(model, path):
    """The step of which all parts of a checkpoint are."""
    step = checkpoints.restore_checkpoint(model, path)
    state = RunState.from_sidecar(checkpoints.load_sidecar(path))
    assert state == RunState(n_batches=step, n_skipped=BEST)
    assert set(np.unique(model.decoder.dense_out.bias)) == {step}
    return step


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_five_kills_at_random_moments_lose_no_finished_save(tmp_path, model):
    rng = np.random.default_rng(5)
    folder = tmp_path / "model"
    # Two kills that are certainly inside a save, at a random change of its files; the
    # others wherever the process is after a random time.
    moments = [-1, int(rng.integers(2, 9)), -1, int(rng.integers(20, 40)), -1]
    newest, n_inside = 0, 0
    for n_changes in moments:
        life = Life(folder, n_changes)
        life.until("from")
        assert steps(life.events, "from") == [newest]
        if n_changes < 0:
            life.until("saved")
            life.until("saved")
            time.sleep(rng.uniform(0.0, 0.5))
        else:
            life.until("waiting")
        events = life.kill()
        # Nothing was passed over on the way.
        assert {event[0] for event in events} <= {"from", "saving", "saved", "waiting"}
        n_inside += events[-1][0] != "saved"
        path = checkpoints.latest_whole_checkpoint(folder, pytest.fail)
        found = state_of(model, path)
        begun, finished = steps(events, "saving"), steps(events, "saved")
        assert max([newest, *finished]) <= found <= max(begun)
        newest = found
        for index in folder.glob("ckpt-*.index"):
            state_of(model, str(index).removesuffix(".index"))
    assert n_inside >= 2
    assert newest > BEST
    assert state_of(model, folder / f"ckpt-{BEST}") == BEST
    # The next save leaves nothing of all that behind.
    checkpoints.save_checkpoint(model, None, folder, newest + 1, 2, {}, [BEST])
    names = sorted(path.name for path in folder.iterdir())
    kept = sorted([BEST, newest, newest + 1], key=str)
    parts = ("data-00000-of-00001", "extra.npz", "index")
    files = [f"ckpt-{step}.{part}" for step in kept for part in parts]
    assert names == [".training.lock", "checkpoint", *files]
