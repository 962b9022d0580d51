"""The description that lies beside the records of a dataset."""

import json
import math
import os
from typing import Any

from ddsp.training.errors import InputError

DATASET_FILE = "dataset.json"
RECORDS_PATTERN = "data.tfrecord*"
FORMAT = 1
# A description lists recordings; this is room for a hundred thousand of them.
MAX_BYTES = 32 << 20


def read_dataset_info(folder_or_pattern: str | os.PathLike[str]) -> dict | None:
    """Reads how a dataset was made.

    Args:
        folder_or_pattern: Folder that `ddsp prepare` wrote, or a file pattern of the
            records in it.

    Returns:
        The content of `dataset.json`, of which `sample_rate`, `frame_rate`,
        `example_secs`, `hop_secs`, `centered`, `n_examples` and `n_frames` are there
        and make sense; None where the file does not exist.

    Raises:
        InputError: If the file is damaged or of a later version.
    """
    folder = os.fspath(folder_or_pattern)
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    path = os.path.join(folder, DATASET_FILE)
    if not os.path.isfile(path):
        return None
    content = _read_json(path)
    if content.get("format") != FORMAT:
        raise _damaged(path, f'"format" is not {FORMAT}')
    for name, is_right in CHECKS.items():
        if not is_right(content.get(name)):
            raise _damaged(path, f'"{name}" is missing or makes no sense')
    return content


def _read_json(path: str) -> dict[str, Any]:
    """The JSON object in a file, or an error."""
    if os.path.getsize(path) > MAX_BYTES:
        raise _damaged(path, f"it has more than {MAX_BYTES} bytes")
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is no JSON") from error
    if not isinstance(content, dict):
        raise _damaged(path, "it is no JSON object")
    return content


def _damaged(path: str, reason: str) -> InputError:
    """The error for a description that cannot be used."""
    return InputError(
        "A dataset's description must be as `ddsp prepare` of this version writes it. "
        f"Got {path}: {reason}. Prepare the dataset again."
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 40


def _is_duration(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 < value < 1e6


CHECKS = {
    "sample_rate": _is_count,
    "frame_rate": _is_count,
    "example_secs": _is_duration,
    "hop_secs": _is_duration,
    "centered": lambda value: isinstance(value, bool),
    "n_examples": _is_count,
    "n_frames": _is_count,
}
