"""The description that lies beside the records of a dataset."""

import json
import math
import os
import re
from collections.abc import Iterator
from typing import Any

from ddsp.training.errors import InputError

DATASET_FILE = "dataset.json"
RECORDS_PATTERN = "data.tfrecord*"
# Format 1 did not tell features, schema, statistics and versions.
FORMATS = (1, 2)
FORMAT = FORMATS[-1]
# A description lists recordings; this is room for a hundred thousand of them.
MAX_BYTES = 32 << 20
# What may follow the name of records in a pattern: their number, or a wildcard.
_AFTER_PREFIX = "-*?["
_OF_PREFIX = re.compile(r"dataset\.(.+)\.json")


def description_name(prefix: str) -> str:
    """Names the description of records that share a folder with others.

    Args:
        prefix: Name of the records without their numbers, such as 'train.tfrecord'.

    Returns:
        Name of the file. Patterns such as 'train.tfrecord*' do not match it.
    """
    return f"dataset.{prefix}.json"


def read_dataset_info(folder_or_pattern: str | os.PathLike[str]) -> dict | None:
    """Reads how a dataset was made.

    Args:
        folder_or_pattern: Folder that `ddsp prepare` wrote, or a file pattern of the
            records in it.

    Returns:
        The content of `dataset.json`, of which `sample_rate`, `frame_rate`,
        `example_secs`, `hop_secs`, `centered`, `n_examples` and `n_frames` are there
        and make sense, and in files of format 2 also `features`, see
        `FeatureSpec.from_info`; None where the file does not exist. Records whose
        description is named after them, as `ddsp_prepare_tfrecord` writes it, are
        found by patterns that begin with their whole name.

    Raises:
        InputError: If the file is damaged or of a later version.
    """
    path = _find_description(os.fspath(folder_or_pattern))
    if path is None:
        return None
    content = _read_json(path)
    if content.get("format") not in FORMATS or content["format"] is True:
        raise _damaged(path, f'"format" is none of {FORMATS}')
    checks = CHECKS if content["format"] == 1 else {**CHECKS, "features": _is_object}
    for name, is_right in checks.items():
        if not is_right(content.get(name)):
            raise _damaged(path, f'"{name}" is missing or makes no sense')
    return content


def _find_description(folder_or_pattern: str) -> str | None:
    """Path of the description that belongs to records, if there is one."""
    if os.path.isdir(folder_or_pattern):
        paths = [os.path.join(folder_or_pattern, DATASET_FILE)]
    else:
        folder, name = os.path.split(folder_or_pattern)
        paths = [*_of_prefix(folder, name), os.path.join(folder, DATASET_FILE)]
    return next((path for path in paths if os.path.isfile(path)), None)


def _of_prefix(folder: str, pattern: str) -> Iterator[str]:
    """Descriptions of records whose names a pattern begins with, closest first."""
    names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
    prefixes = [found[1] for name in names if (found := _OF_PREFIX.fullmatch(name))]
    for prefix in sorted(prefixes, key=len, reverse=True):
        rest = pattern.removeprefix(prefix)
        if pattern.startswith(prefix) and (not rest or rest[0] in _AFTER_PREFIX):
            yield os.path.join(folder, description_name(prefix))


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


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


CHECKS = {
    "sample_rate": _is_count,
    "frame_rate": _is_count,
    "example_secs": _is_duration,
    "hop_secs": _is_duration,
    "centered": lambda value: isinstance(value, bool),
    "n_examples": _is_count,
    "n_frames": _is_count,
}
