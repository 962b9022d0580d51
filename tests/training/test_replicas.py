"""Sums, runs and batches over the replicas of a strategy."""

import subprocess
import sys
from pathlib import Path

import tensorflow as tf

from ddsp.training.replicas import RunsOnReplicas

ROOT = Path(__file__).resolve().parents[2]


class One(RunsOnReplicas):
    strategy = tf.distribute.get_strategy()


def test_one_replica_is_the_sum_of_itself() -> None:
    one = One()
    assert float(one.psum(tf.constant(3.0))) == 3.0
    assert one.run(lambda x, y: (x, y), 1, y=2) == (1, 2)
    assert one._mean([tf.constant(2.0)])[0] == 2.0
    batches = [1, 2]
    assert one.distribute_dataset(batches) is batches


def test_axes_are_summed_as_well() -> None:
    assert One().psum(tf.constant([1.0, 2.0]), axis=0) == 3.0


def test_two_replicas_share_batches_and_add_up() -> None:
    # Devices can be split only before TensorFlow has started.
    code = (
        "import tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "half = tf.config.LogicalDeviceConfiguration()\n"
        "tf.config.set_logical_device_configuration(cpu, [half, half])\n"
        "from ddsp.training.replicas import RunsOnReplicas\n"
        "two = RunsOnReplicas()\n"
        "two.strategy = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])\n"
        "dataset = tf.data.Dataset.range(1, 5, output_type=tf.float32).batch(2)\n"
        "batches = iter(two.distribute_dataset(dataset))\n"
        "@tf.function\n"
        "def step(batch):\n"
        "    peaks = two.run(tf.reduce_max, batch)\n"
        "    means = two.run(lambda x: two._mean([tf.reduce_max(x)])[0], batch)\n"
        "    return two.psum(peaks), two.strategy.experimental_local_results(means)\n"
        "total, means = step(next(batches))\n"
        "assert float(total) == 3.0\n"
        "assert [float(mean) for mean in means] == [1.5, 1.5]\n"
    )
    code = f"import sys\nsys.path[:0] = [{str(ROOT)!r}]\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
