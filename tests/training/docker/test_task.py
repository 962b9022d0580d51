"""The command of a container: its flags, and which part TF_CONFIG gives it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from absl import flags

from ddsp.training import ddsp_run
from ddsp.training.docker import task

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = {"chief": ["host0:2222"], "worker": ["host1:2222", "host2:2222"]}
CHIEF = {"type": "chief", "index": 0}
WORKER = {"type": "worker", "index": 1}


@pytest.fixture
def set_config(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Sets TF_CONFIG and returns its text."""

    def set_to(**content: Any) -> str:
        text = json.dumps(content)
        monkeypatch.setenv("TF_CONFIG", text)
        return text

    return set_to


def test_without_a_configuration_a_machine_is_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert task.get_worker_behavior_info("/model") == ("", "/model")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"task": WORKER},
        {"cluster": CLUSTER},
        {"cluster": {"worker": CLUSTER["worker"]}, "task": WORKER},
        {"cluster": {}, "task": CHIEF},
    ],
)
def test_a_cluster_needs_two_jobs_and_a_task(
    set_config: Callable[..., str], content: dict[str, Any]
) -> None:
    set_config(**content)
    assert task.get_worker_behavior_info("/model") == ("", "/model")


def test_the_chief_alone_writes(set_config: Callable[..., str]) -> None:
    text = set_config(cluster=CLUSTER, task=CHIEF)
    assert task.get_worker_behavior_info("/model") == (text, "/model")
    text = set_config(cluster=CLUSTER, task=WORKER)
    assert task.get_worker_behavior_info("/model") == (text, "")


def test_lists_become_repeated_flags() -> None:
    found = task.parse_list_params(["a=1", "b = 2"], "gin_param")
    assert found == ["--gin_param=a=1", "--gin_param=b = 2"]
    assert task.parse_list_params([], "gin_file") == []


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Runs `task` with flags in a process of its own and returns what it becomes."""

    def run(*argv: str) -> list[str]:
        code = (
            "import json, os, sys\n"
            "os.execv = lambda path, argv: print(json.dumps([path, *argv]))\n"
            "from ddsp.training.docker import task\n"
            "task.console_entry_point()\n"
        )
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code, *argv],
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    monkeypatch.delenv("TF_CONFIG", raising=False)
    yield run


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What `ddsp_run` understands."""
    ddsp_run.define_flags()
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["ddsp_run", *arguments])
    found = {name: flags.FLAGS[name].value for name in flags.FLAGS}
    flags.FLAGS.unparse_flags()
    return found


def test_ddsp_run_gets_the_original_s_defaults(
    executed: Callable[..., list[str]],
) -> None:
    path, *command = executed("--save_dir=/m odel", "--file_pattern=gs://b/it's*")
    assert path == command[0] == sys.executable
    assert command[1:3] == ["-m", "ddsp.training.ddsp_run"]
    found = parsed(command[3:])
    assert found["mode"] == "train"
    assert (found["save_dir"], found["restore_dir"]) == ("/m odel", "")
    assert found["cluster_config"] == ""
    assert found["early_stop_loss_value"] == 0.0
    assert found["hypertune"] is False
    assert found["gin_search_path"] == []
    assert found["gin_file"] == ["models/solo_instrument.gin", "datasets/tfrecord.gin"]
    assert found["gin_param"] == [
        "batch_size=32",
        "learning_rate=0.003",
        'TFRecordProvider.file_pattern="gs://b/it\'s*"',
        "train.num_steps=30000",
        "train.steps_per_save=300",
        "train.steps_per_summary=300",
    ]


def test_a_worker_goes_on_from_the_folder_of_the_chief(
    executed: Callable[..., list[str]], set_config: Callable[..., str]
) -> None:
    text = set_config(cluster=CLUSTER, task=WORKER)
    argv = ["--save_dir=/model", "--file_pattern=x", "--batch_size=4"]
    argv += ["--gin_file=mine.gin", "--gin_param=a=1", "--gin_search_path=/mine"]
    argv += ["--early_stop_loss_value=2.5", "--hypertune", "--learning_rate=1e-4"]
    argv += ["--num_steps=7", "--steps_per_save=8", "--steps_per_summary=9"]
    found = parsed(executed(*argv)[4:])
    assert found["cluster_config"] == text
    assert (found["save_dir"], found["restore_dir"]) == ("/model", "")
    assert found["gin_search_path"] == ["/mine"]
    assert found["gin_file"][-1] == "mine.gin"
    assert found["gin_param"] == [
        "batch_size=4",
        "learning_rate=0.0001",
        "TFRecordProvider.file_pattern='x'",
        "train.num_steps=7",
        "train.steps_per_save=8",
        "train.steps_per_summary=9",
        "a=1",
    ]
    assert found["early_stop_loss_value"] == 2.5
    assert found["hypertune"] is True
    other = parsed(executed(*argv, "--restore_dir=/other")[4:])
    assert other["restore_dir"] == "/other"


@pytest.mark.parametrize("missing", ["save_dir", "file_pattern"])
def test_folder_and_dataset_must_be_given(missing: str) -> None:
    given = {"save_dir": "/model", "file_pattern": "x"}
    argv = [f"--{name}={value}" for name, value in given.items() if name != missing]
    done = subprocess.run(
        [sys.executable, "-m", "ddsp.training.docker.task", *argv],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert f"flag --{missing}" in done.stderr.lower()


def test_flags_are_not_defined_at_import() -> None:
    code = (
        "from absl import flags\n"
        "from ddsp.training import ddsp_run\n"
        "from ddsp.training.docker import ddsp_ai_platform, task\n"
        "assert 'save_dir' not in flags.FLAGS\n"
        "task.define_flags()\n"
        "task.define_flags()\n"
        "assert 'file_pattern' in flags.FLAGS\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
