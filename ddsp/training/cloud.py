"""Google Cloud: files of buckets, and what a tuning service reads."""

import json
import os
import time
from pathlib import Path
from typing import Any

import tensorflow as tf
from absl import logging

from ddsp.training.errors import InputError, reason, writing

BUCKET_PREFIX = "gs://"
# Where the tuning services of Google Cloud look for metrics, and what they set.
METRIC_FILE_VARIABLE = "CLOUD_ML_HP_METRIC_FILE"
TRIAL_VARIABLE = "CLOUD_ML_TRIAL_ID"
DEFAULT_METRIC_FILE = "/var/hypertune/output.metrics"
N_KEPT_METRICS = 100


def download_from_gstorage(gstorage_path: str, local_path: str | Path) -> None:
    """Copies a file of a bucket to this machine.

    Args:
        gstorage_path: The file, 'gs://<bucket>/<folders>/<name>'.
        local_path: File to write; its folder is made if it does not exist.

    Raises:
        InputError: If the file cannot be copied.
    """
    local_path = os.fspath(local_path)
    os.makedirs(os.path.dirname(os.path.abspath(local_path)), exist_ok=True)
    try:
        tf.io.gfile.copy(gstorage_path, local_path, overwrite=True)
    except tf.errors.OpError as error:
        raise InputError(
            "A file of a bucket must exist and be open to this machine. Got "
            f"{gstorage_path} ({reason(error)}); copy it here and name the copy."
        ) from error
    logging.info("Copied %s to %s.", gstorage_path, local_path)


def make_file_paths_local(paths: Any, local_directory: str | Path) -> Any:
    """Copies files of buckets to this machine, and leaves other paths as they are.

    Args:
        paths: One path, or a sequence of paths.
        local_directory: Folder for the copies, which keep bucket and folders below it,
            so that two files of one name do not meet.

    Returns:
        For each path that of its copy, or the path itself if it is of no bucket: one
        path for one, a list for several.

    Raises:
        InputError: If a file cannot be copied.
    """
    if not isinstance(paths, str):
        return [make_file_paths_local(path, local_directory) for path in paths]
    if not paths.startswith(BUCKET_PREFIX):
        return paths
    parts = paths.removeprefix(BUCKET_PREFIX).split("/")
    if ".." in parts:
        raise InputError(
            f"A path in a bucket must not lead out of it. Got {paths}; give it "
            "without '..'."
        )
    local_path = os.path.join(local_directory, *parts)
    download_from_gstorage(paths, local_path)
    return local_path


def report_metric_to_hypertune(metric_value: Any, step: int, tag: str = "Loss") -> None:
    """Tells the tuning service of Google Cloud how good a trial is.

    The service reads the file that the environment variable CLOUD_ML_HP_METRIC_FILE
    names, else /var/hypertune/output.metrics: one JSON object a line, the last 100 of
    them. The variable CLOUD_ML_TRIAL_ID numbers the trial. Both are what the package
    cloudml-hypertune uses, which is not needed.

    Args:
        metric_value: The number that is tuned for.
        step: Step of training that it belongs to.
        tag: Name of the number in the configuration of the service.

    Raises:
        InputError: If the file cannot be written.
    """
    path = Path(os.environ.get(METRIC_FILE_VARIABLE) or DEFAULT_METRIC_FILE)
    line = json.dumps(
        {
            "timestamp": time.time(),
            "trial": os.environ.get(TRIAL_VARIABLE, "0"),
            tag: str(float(metric_value)),
            "global_step": str(int(step)),
            "checkpoint_path": "",
        },
        sort_keys=True,
    )
    with writing("Metrics", path, f"set {METRIC_FILE_VARIABLE} to another file"):
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        path.write_text("\n".join([*lines[1 - N_KEPT_METRICS :], line]) + "\n")
