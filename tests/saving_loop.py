"""A process that saves checkpoints without end, for a test that kills it.

Arguments: the folder, and the number of the change of files at which a save waits to be
killed; -1 for never. Every line that it writes is an event of its own.
"""

import sys
import time

import numpy as np
import tensorflow as tf
from small_models import tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.loop.run_lock import RunLock
from ddsp.training.loop.run_state import RunState

BEST = 3


def say(*words):
    """Writes an event at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def wait_at(n_changes):
    """Lets a number of changes of files happen, then waits to be killed."""
    done = []

    def wrap(function):
        def change(*args, **kwargs):
            if len(done) == n_changes:
                say("waiting")
                time.sleep(600)
            done.append(args)
            return function(*args, **kwargs)

        return change

    for name in ("rename", "remove", "copy", "rmtree", "makedirs", "GFile"):
        setattr(tf.io.gfile, name, wrap(getattr(tf.io.gfile, name)))


def main(folder, n_changes):
    """Goes on from what is there, as a run does."""
    model, features = tiny_autoencoder()
    model(features)
    bias = model.decoder.dense_out.bias
    step = 0
    with RunLock(folder):
        try:
            path = checkpoints.latest_whole_checkpoint(folder, say)
        except checkpoints.MissingFileError:
            pass
        else:
            step = checkpoints.restore_checkpoint(model, path)
            state = RunState.from_sidecar(checkpoints.load_sidecar(path))
            assert set(np.unique(bias)) == {step} == {state.n_batches}
        say("from", step)
        if n_changes >= 0:
            # The first save of a life has nothing left to prune.
            wait_at(n_changes)
        while True:
            step += 1
            bias.assign(tf.fill(bias.shape, float(step)))
            sidecar = RunState(n_batches=step, n_skipped=BEST).to_sidecar()
            say("saving", step)
            checkpoints.save_checkpoint(model, None, folder, step, 2, sidecar, [BEST])
            say("saved", step)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
