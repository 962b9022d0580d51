"""Several devices: they do what one does, and XLA takes the whole step."""

import contextlib
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import tensorflow as tf
import wide_training

ROOT = Path(__file__).resolve().parents[2]
# What a TPU has no arithmetic for, and what would need the host in the midst of a step.
REFUSED = (
    r"\bf64\[",
    r"\bc128\[",
    r"\[[\d,]*<=",  # A dimension that is known at run time only.
    r"\bcustom-call\(",
    r"\b(?:infeed|outfeed|send|recv)\(",
)
# Devices can be split only before TensorFlow has started.
TWO_DEVICES = """
import sys
sys.path[:0] = {paths!r}
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
half = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [half, half])
import wide_training

def values(variables):
    return [np.array(tf.convert_to_tensor(v.value)) for v in variables]

dataset = wide_training.make_batches(batch_size=4, n_batches=4)

def train(strategy):
    trainer = wide_training.make_trainer(strategy)
    batches = iter(trainer.distribute_dataset(dataset))
    trainer.build(next(batches))
    start = values(trainer.model.trainable_variables)
    losses = [float(trainer.train_step(batches)["total_loss"]) for _ in range(3)]
    return losses, values(trainer.model.trainable_variables), start

one = train(tf.distribute.get_strategy())
two = train(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
np.testing.assert_allclose(two[0], one[0], rtol=1e-5)
assert len(one[1]) == 18
for a, b, start in zip(one[1], two[1], one[2], strict=True):
    assert np.abs(a - start).max() > 1e-3  # Three steps of 1e-3.
    np.testing.assert_allclose(b, a, rtol=0, atol=1e-5)
# Other noise would be noticed.
second = list(dataset)[1]
for seed, same in ((7, True), (8, False)):
    trainer = wide_training.make_trainer(tf.distribute.get_strategy(), seed)
    loss = trainer.model(second, return_losses=True)[1]["total_loss"]
    assert (abs(loss / one[0][0] - 1) < 1e-5) == same
print("equal")
"""


def test_two_devices_train_as_one_does_with_noise_and_all() -> None:
    code = TWO_DEVICES.format(paths=[str(ROOT), str(ROOT / "tests")])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "equal"


def lowered(function: tf.types.experimental.PolymorphicFunction, *args: object) -> str:
    """The program that XLA makes of a compiled function."""
    return function.experimental_get_compiler_ir(*args)(stage="hlo")


def refused(program: str) -> list[str]:
    """What of a program a TPU would refuse."""
    return [pattern for pattern in REFUSED if re.search(pattern, program)]


def test_no_operation_of_a_training_step_is_refused_by_xla_or_a_tpu() -> None:
    trainer = wide_training.make_trainer(tf.distribute.get_strategy())
    batch = next(iter(wide_training.make_batches(batch_size=2, n_batches=1)))
    trainer.build(batch)
    program = lowered(tf.function(trainer._step, jit_compile=True), batch)
    # It is the whole step: transforms there and back, products, weights that change.
    for pattern in (r"fft_type=RFFT", r"fft_type=IRFFT", r"\bdot\(", r"\bf32\[8,24\]"):
        assert re.search(pattern, program), pattern
    assert refused(program) == []


def test_what_is_refused_would_be_found() -> None:
    x = tf.constant([1.0, -2.0, 3.0])

    @tf.function(jit_compile=True)
    def double(x: tf.Tensor) -> tf.Tensor:
        return tf.cast(x, tf.float64) * 2.0

    @tf.function(jit_compile=True)
    def dynamic(x: tf.Tensor) -> tf.Tensor:
        return tf.boolean_mask(x, x > 0)

    @tf.function(jit_compile=True)
    def twice(x: tf.Tensor) -> tf.Tensor:
        return 2.0 * x

    assert REFUSED[0] in refused(lowered(double, x))
    assert REFUSED[2] in refused(lowered(dynamic, x))
    assert refused(lowered(twice, x)) == []


WORKER = """
import json, os, sys
sys.path.insert(0, {root!r})
import tensorflow as tf
from ddsp.training import strategies
from ddsp.training.errors import InputError
hosts, index = {hosts!r}, int(sys.argv[1])
task = {{"type": "worker", "index": index}}
config = {{"cluster": {{"worker": hosts}}, "task": task}}
strategy = strategies.get_strategy(cluster_config=config)
dataset = tf.data.Dataset.range(12).batch(4)
batches = strategy.experimental_distribute_dataset(dataset)
found = {{
    "writes": strategies.writes_files(strategy),
    "chief": strategies.is_chief(config),
    "examples": [
        strategy.experimental_local_results(batch)[0].numpy().tolist()
        for batch in batches
    ],
    "numbers": strategies.gather_integers(strategy, 10**15 + index),
}}
strategies.require_same_step(strategy, 300)
try:
    strategies.require_same_step(strategy, 300 * index)
except InputError as error:
    found["error"] = str(error)
failures = strategies.failing_together(strategy), strategies.failing_together(strategy)
with failures[0]:
    found["together"] = True
try:
    with failures[1]:
        if index == 0:
            raise OSError("no room")
except Exception as error:
    found["failure"] = repr(error)
found["cluster"] = strategies.is_cluster(strategy)
gather = strategies._gatherer(strategy)
found["traces"] = gather.experimental_get_tracing_count()
print(json.dumps(found), flush=True)
"""


def test_two_workers_split_every_batch_and_agree() -> None:
    # Two local processes over gRPC, as `--cluster_config` has them.
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("localhost", 0))
        hosts = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    code = WORKER.format(root=str(ROOT), hosts=hosts)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(index)], **pipes)
        for index in range(2)
    ]
    try:
        said = [worker.communicate(timeout=240) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert [worker.returncode for worker in workers] == [0, 0], said[0][1][-2000:]
    chief, other = (json.loads(out.splitlines()[-1]) for out, _ in said)
    assert chief["writes"] and chief["chief"]
    assert not other["writes"] and not other["chief"]
    assert chief["examples"] == [[0, 1], [4, 5], [8, 9]]
    assert other["examples"] == [[2, 3], [6, 7], [10, 11]]
    assert chief["failure"] == "OSError('no room')"
    assert "Got an error in worker 0;" in other["failure"]
    for found in (chief, other):
        assert found["cluster"] and found["together"]
        # It is asked for every few steps of a run: once is enough.
        assert found["traces"] == 1
        assert found["numbers"] == [10**15, 10**15 + 1]
        assert "Got steps [0, 300]" in found["error"]
