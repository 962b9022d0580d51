"""How the devices of a run share the work: one machine, a cluster, a TPU."""

import contextlib
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from ddsp.training.errors import InputError

# What TensorFlow raises in the workers that are left when another one is gone, or has
# come back as a new process that the others do not know yet.
WORKER_LOST = (
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)
# Set for a process that has started itself again: how often it has done so.
RESTARTS_VARIABLE = "DDSP_CLUSTER_RESTARTS"
MAX_RESTARTS = 100
# The others notice a loss up to a minute later; meanwhile they refuse newcomers.
SECONDS_BEFORE_RESTART = 2.0


class ClusterStrategy(tf.distribute.MultiWorkerMirroredStrategy):
    """One worker of a cluster whose workers split each batch between them.

    Every worker reads the whole dataset and takes its examples of each batch. By itself
    TensorFlow gives each worker files of its own, of which a dataset may have too few.

    Example:
        >>> resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        ...     tf.train.ClusterSpec({"worker": ["localhost:2222"]}),
        ...     task_type="worker", task_id=0)  # doctest: +SKIP
        >>> ClusterStrategy(cluster_resolver=resolver)  # doctest: +SKIP
    """

    def experimental_distribute_dataset(
        self, dataset: tf.data.Dataset, options: Any = None
    ) -> Any:
        """Gives this worker its share of every batch.

        Args:
            dataset: Batches of the size that all workers have together. Its order must
                be the same on every worker, or else some examples are taken twice and
                others not at all.
            options: See `tf.distribute.Strategy`; None keeps batches on the host, for
                iterators that put them on devices may never end.

        Returns:
            The distributed dataset.
        """
        if options is None:
            options = tf.distribute.InputOptions(experimental_fetch_to_device=False)
        return super().experimental_distribute_dataset(
            dataset.with_options(_split_by_example()), options
        )


def _split_by_example() -> tf.data.Options:
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return options


def get_strategy(
    tpu: str = "", cluster_config: str | Mapping[str, Any] = ""
) -> tf.distribute.Strategy:
    """Chooses how the devices of this run share the work.

    Args:
        tpu: Address of a TPU; empty for none.
        cluster_config: Workers of a cluster: "cluster" (addresses by job) and "task"
            ("type" and "index" of this worker), as a mapping or as JSON; empty for one
            machine.

    Returns:
        TPUStrategy, ClusterStrategy (a MultiWorkerMirroredStrategy), MirroredStrategy
        where there are several GPUs, otherwise TensorFlow's default strategy.

    Raises:
        InputError: If cluster_config is no JSON object, or its task is not in its
            cluster.
        KeyError: If cluster_config lacks "cluster" or "task".
    """
    if tpu:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    if cluster_config:
        return _cluster_strategy(cluster_config)
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def _cluster_strategy(config: str | Mapping[str, Any]) -> tf.distribute.Strategy:
    """The strategy of one worker of a cluster."""
    cluster, job, index = _parse(config)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(cluster), task_type=job, task_id=index, rpc_layer="grpc"
    )
    return ClusterStrategy(cluster_resolver=resolver)


def is_chief(cluster_config: str | Mapping[str, Any] = "") -> bool:
    """Tells whether this process is the one of its cluster that writes files.

    Args:
        cluster_config: See `get_strategy`.

    Returns:
        True on one machine, for the task "chief", and for worker 0 of a cluster that
        has no chief.

    Raises:
        InputError: If cluster_config is no JSON object, or its task is not in its
            cluster.
        KeyError: If cluster_config lacks "cluster" or "task".
    """
    if not cluster_config:
        return True
    cluster, job, index = _parse(cluster_config)
    return job == "chief" or ("chief" not in cluster and (job, index) == ("worker", 0))


def _parse(
    config: str | Mapping[str, Any],
) -> tuple[dict[str, list[str]], str, int]:
    """Addresses by job, and job and index of this process."""
    try:
        parsed = json.loads(config) if isinstance(config, str) else config
    except ValueError as error:
        raise InputError(
            f"cluster_config must be JSON. Got {config!r} ({error}); put it in single "
            "quotes on a command line."
        ) from error
    for key in ("cluster", "task"):
        if key not in parsed:
            raise KeyError(
                f'cluster_config must have "cluster" and "task". Got keys '
                f'{sorted(parsed)}. Add "{key}".'
            )
    cluster, task = parsed["cluster"], parsed["task"]
    job, index = task.get("type"), task.get("index")
    # A managed service writes the index as text.
    if not str(index).isdigit() or int(index) >= len(cluster.get(job, ())):
        raise InputError(
            "The task of cluster_config must be one of its cluster's. Got "
            f"type={job!r}, index={index!r} with "
            f"{ {name: len(hosts) for name, hosts in cluster.items()} } tasks; count "
            "from 0."
        )
    return cluster, job, int(index)


def writes_files(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether the process that made a strategy is the one that writes files.

    Args:
        strategy: What `get_strategy` returned.

    Returns:
        What `is_chief` said of its cluster_config.
    """
    return bool(strategy.extended.should_checkpoint)


def is_cluster(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether several processes take every step together.

    Args:
        strategy: What `get_strategy` returned.

    Returns:
        Whether it was made of a cluster_config.
    """
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def gather_integers(strategy: tf.distribute.Strategy, value: int) -> list[int]:
    """Collects a number of every worker of a cluster.

    All workers must call this at once. It also makes them wait for each other.

    Args:
        strategy: What `get_strategy` returned.
        value: This worker's number, of at most 63 bits.

    Returns:
        The numbers of all workers, the chief's first; that of this process where there
        is no cluster.
    """
    if not is_cluster(strategy):
        return [value]
    gathered = _gatherer(strategy)(tf.constant([value], tf.int64))
    n_local = len(strategy.extended.worker_devices)  # Each of which says the same.
    return [int(each) for each in gathered[::n_local]]


@functools.lru_cache(maxsize=1)
def _gatherer(
    strategy: tf.distribute.Strategy,
) -> tf.types.experimental.PolymorphicFunction:
    """The function that collects a value of every replica: traced once, used often."""

    @tf.function
    def gather(value: tf.Tensor) -> tf.Tensor:
        return strategy.gather(strategy.run(tf.identity, args=(value,)), axis=0)

    return gather


@contextlib.contextmanager
def failing_together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Ends all workers of a cluster if one of them has an error within.

    The others would wait for the one that has ended, and start again without end. It
    also makes them wait for each other.

    Args:
        strategy: What `get_strategy` returned. All workers must enter this at once,
            and do nothing within that needs another worker.

    Yields:
        Nothing.

    Raises:
        InputError: If another worker had an error.

    Example:
        >>> with failing_together(tf.distribute.get_strategy()):
        ...     print("saved")
        saved
    """
    error: Exception | None = None
    try:
        yield
    except WORKER_LOST:
        raise
    except Exception as caught:
        error = caught
    try:
        failed = gather_integers(strategy, int(error is not None))
    finally:
        if error is not None:
            raise error
    if any(failed):
        raise InputError(
            "Every worker of a cluster must do its part. Got an error in worker "
            f"{failed.index(1)}; see what it says, then start all of them again."
        )


def require_even_batches(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Makes sure that all replicas have the same share of a batch.

    Args:
        strategy: What `get_strategy` returned.
        batch_size: Examples in a batch, over all replicas.

    Raises:
        InputError: If the shares would differ.
    """
    n_replicas = strategy.num_replicas_in_sync
    if batch_size % n_replicas:
        fitting = -(-batch_size // n_replicas) * n_replicas
        raise InputError(
            "batch_size must be a multiple of the number of replicas, which is "
            f"{n_replicas}. Got batch_size={batch_size}; use {fitting}."
        )


def require_same_step(strategy: tf.distribute.Strategy, step: int) -> None:
    """Makes sure that all workers of a cluster go on from one step.

    Args:
        strategy: What `get_strategy` returned; all workers must call this at once.
        step: Steps that this worker has behind it.

    Raises:
        InputError: If another worker has another step.
    """
    steps = gather_integers(strategy, step)
    if len(set(steps)) > 1:
        raise InputError(
            "All workers of a cluster must go on from the same step. Got steps "
            f"{steps}; give all of them the same folder, on a disk that they share."
        )


def restart_process(
    write: Callable[[str], object], seconds: float = SECONDS_BEFORE_RESTART
) -> None:
    """Starts the command of this process again, in its place, under the same number.

    TensorFlow cannot join a cluster twice in one process. The new one waits for the
    worker that was lost, and goes on from the newest checkpoint.

    Args:
        write: Receives the line that says so.
        seconds: Seconds to wait before.

    Raises:
        InputError: If this has been done too often.
    """
    n_restarts = int(os.environ.get(RESTARTS_VARIABLE, "0"))
    if n_restarts >= MAX_RESTARTS:
        raise InputError(
            "A cluster must keep its workers. Got "
            f"{n_restarts} restarts because one was lost; look into the logs of the "
            "others, then start all of them again."
        )
    write(
        "a worker of the cluster is gone: waiting for it, to go on from the newest "
        "checkpoint\n"
    )
    time.sleep(seconds)
    os.environ[RESTARTS_VARIABLE] = str(n_restarts + 1)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
