"""Which devices share the work, who writes, and what happens when a worker is lost."""

import io
import json
import os
import re
import sys
import types
from typing import Any

import pytest
import tensorflow as tf

from ddsp.training import strategies, train_util
from ddsp.training.errors import InputError

TWO = {"worker": ["localhost:1", "localhost:2"]}


def cluster(job: str, index: Any, jobs: dict[str, list[str]] | None = None) -> str:
    """A cluster_config, as a command line has it."""
    task = {"type": job, "index": index}
    return json.dumps({"cluster": TWO if jobs is None else jobs, "task": task})


def test_one_device_needs_no_mirroring() -> None:
    assert strategies.get_strategy() is tf.distribute.get_strategy()
    assert train_util.get_strategy is strategies.get_strategy


@pytest.mark.parametrize(("n_gpus", "mirrored"), [(0, False), (1, False), (2, True)])
def test_several_gpus_are_mirrored(
    monkeypatch: pytest.MonkeyPatch, n_gpus: int, mirrored: bool
) -> None:
    asked = []

    def devices(kind: str) -> list[str]:
        asked.append(kind)
        return [f"GPU:{i}" for i in range(n_gpus)]

    monkeypatch.setattr(tf.config, "list_logical_devices", devices)
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: "mirrored")
    assert (strategies.get_strategy() == "mirrored") == mirrored
    assert asked == ["GPU"]


def test_a_tpu_is_reached_by_its_address_before_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[tuple[str, Any]] = []

    def record(name: str) -> Any:
        def call(argument: Any) -> str:
            done.append((name, argument))
            return f"{name}({argument})"

        return call

    for place, name in (
        (tf.distribute.cluster_resolver, "TPUClusterResolver"),
        (tf.config, "experimental_connect_to_cluster"),
        (tf.tpu.experimental, "initialize_tpu_system"),
        (tf.distribute, "TPUStrategy"),
    ):
        monkeypatch.setattr(place, name, record(name))
    found = strategies.get_strategy(tpu="grpc://10.0.0.2:8470")
    resolver = "TPUClusterResolver(grpc://10.0.0.2:8470)"
    assert found == f"TPUStrategy({resolver})"
    assert done == [
        ("TPUClusterResolver", "grpc://10.0.0.2:8470"),
        ("experimental_connect_to_cluster", resolver),
        ("initialize_tpu_system", resolver),
        ("TPUStrategy", resolver),
    ]


def test_a_cluster_is_joined_over_grpc_as_the_task_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        strategies, "ClusterStrategy", lambda cluster_resolver: cluster_resolver
    )
    for config in (cluster("worker", 1), json.loads(cluster("worker", "1"))):
        resolver: Any = strategies.get_strategy(cluster_config=config)
        assert resolver.cluster_spec().as_dict() == TWO
        assert (resolver.task_type, resolver.task_id) == ("worker", 1)
        assert resolver.rpc_layer == "grpc"


def test_examples_and_not_files_are_split_between_workers() -> None:
    options = strategies._split_by_example()
    policy = options.experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA


@pytest.mark.parametrize(
    ("config", "chief"),
    [
        ("", True),
        (cluster("worker", 0), True),
        (cluster("worker", "0"), True),
        (cluster("worker", 1), False),
        (cluster("chief", 0, {"chief": ["a:1"], **TWO}), True),
        (cluster("worker", 0, {"chief": ["a:1"], **TWO}), False),
        (cluster("evaluator", 0, {"evaluator": ["a:1"], **TWO}), False),
    ],
)
def test_one_process_of_a_cluster_writes(config: str, chief: bool) -> None:
    assert strategies.is_chief(config) is chief


@pytest.mark.parametrize("config", [{"cluster": {}}, '{"task": {}}'])
@pytest.mark.parametrize("function", [strategies.get_strategy, strategies.is_chief])
def test_an_incomplete_cluster_is_named(function: Any, config: object) -> None:
    with pytest.raises(KeyError, match='must have "cluster" and "task"'):
        function(cluster_config=config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{cluster:", "must be JSON.*{cluster:"),
        (cluster("worker", 2), "type='worker', index=2 with {'worker': 2} tasks"),
        (cluster("worker", -1), "index=-1"),
        (cluster("boss", 0), "type='boss'"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {}}', "type=None, index=None"),
    ],
)
def test_a_task_outside_its_cluster_is_named(config: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        strategies.get_strategy(cluster_config=config)


@pytest.mark.parametrize(
    ("batch_size", "n_replicas", "told"),
    [(32, 3, "is 3. Got batch_size=32; use 33."), (1, 8, "Got batch_size=1; use 8.")],
)
def test_batches_are_split_evenly(batch_size: int, n_replicas: int, told: str) -> None:
    strategy: Any = types.SimpleNamespace(num_replicas_in_sync=n_replicas)
    with pytest.raises(InputError, match=re.escape(told)):
        strategies.require_even_batches(strategy, batch_size)
    strategies.require_even_batches(strategy, n_replicas * batch_size)
    strategies.require_even_batches(tf.distribute.get_strategy(), batch_size)


def gathering(monkeypatch: pytest.MonkeyPatch, *others: int) -> list[int]:
    """Lets other workers say something; returns what this one has said, in time."""
    said: list[int] = []

    def gather(_: object, value: int) -> list[int]:
        said.append(value)
        return [value, *others]

    monkeypatch.setattr(strategies, "gather_integers", gather)
    return said


def test_where_all_succeed_all_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    said = gathering(monkeypatch, 0)
    with strategies.failing_together(tf.distribute.get_strategy()):
        assert said == []
    assert said == [0]


def test_where_one_fails_it_says_why_and_the_others_who(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = gathering(monkeypatch, 0)
    error = FloatingPointError("weights")
    with (
        pytest.raises(FloatingPointError) as caught,
        strategies.failing_together(tf.distribute.get_strategy()),
    ):
        raise error
    assert caught.value is error
    assert said == [1]
    gathering(monkeypatch, 0, 1, 0)
    with (
        pytest.raises(InputError, match="Got an error in worker 2;"),
        strategies.failing_together(tf.distribute.get_strategy()),
    ):
        pass


def test_a_worker_that_fails_alone_still_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lose(*_: object) -> None:
        raise tf.errors.UnavailableError(None, None, "a worker is gone")

    monkeypatch.setattr(strategies, "gather_integers", lose)
    with (
        pytest.raises(FloatingPointError, match="weights"),
        strategies.failing_together(tf.distribute.get_strategy()),
    ):
        raise FloatingPointError("weights")
    with (
        pytest.raises(tf.errors.UnavailableError, match="a worker is gone"),
        strategies.failing_together(tf.distribute.get_strategy()),
    ):
        pass


@pytest.mark.parametrize("error", [tf.errors.AbortedError, KeyboardInterrupt])
def test_a_lost_worker_and_ctrl_c_wait_for_nobody(
    monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    said = gathering(monkeypatch, 0)
    raised = error() if error is KeyboardInterrupt else error(None, None, "gone")
    with (
        pytest.raises(error),
        strategies.failing_together(tf.distribute.get_strategy()),
    ):
        raise raised
    assert said == []


def test_alone_nobody_is_asked() -> None:
    strategy = tf.distribute.get_strategy()
    assert not strategies.is_cluster(strategy)
    assert strategies.writes_files(strategy)
    assert strategies.gather_integers(strategy, 5) == [5]
    strategies.require_same_step(strategy, 5)


def test_workers_of_different_steps_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = [300, 300]
    monkeypatch.setattr(strategies, "gather_integers", lambda *_: steps)
    strategies.require_same_step(tf.distribute.get_strategy(), 300)
    steps[1] = 0
    with pytest.raises(InputError, match=r"same step\. Got steps \[300, 0\]"):
        strategies.require_same_step(tf.distribute.get_strategy(), 300)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was started instead of this process, and the seconds waited before."""
    calls: list[Any] = []
    monkeypatch.setattr("time.sleep", calls.append)
    monkeypatch.setattr(os, "execv", lambda *args: calls.append(args))
    monkeypatch.setenv(strategies.RESTARTS_VARIABLE, "")
    monkeypatch.delenv(strategies.RESTARTS_VARIABLE)
    return calls


def test_the_same_command_takes_the_place_of_a_worker_left_alone(
    monkeypatch: pytest.MonkeyPatch, started: list[Any]
) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "ddsp.x", "--a=1"])
    said = io.StringIO()
    strategies.restart_process(said.write)
    command = [sys.executable, "-m", "ddsp.x", "--a=1"]
    assert started == [2.0, (sys.executable, command)]
    assert said.getvalue().startswith("a worker of the cluster is gone")
    assert said.getvalue().count("\n") == 1
    strategies.restart_process(said.write, seconds=0.5)
    assert os.environ[strategies.RESTARTS_VARIABLE] == "2"
    assert started[2] == 0.5


def test_a_cluster_that_never_holds_is_given_up(
    monkeypatch: pytest.MonkeyPatch, started: list[Any]
) -> None:
    monkeypatch.setenv(strategies.RESTARTS_VARIABLE, "99")
    strategies.restart_process(io.StringIO().write)
    assert len(started) == 2
    with pytest.raises(InputError, match="keep its workers"):
        strategies.restart_process(io.StringIO().write)
    assert len(started) == 2


def test_other_errors_are_not_taken_for_a_lost_worker() -> None:
    for error in (tf.errors.UnavailableError, tf.errors.AbortedError):
        assert issubclass(error, strategies.WORKER_LOST)
    for other in (tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError):
        assert not issubclass(other, strategies.WORKER_LOST)
