"""How the features of a dataset were measured, and whether others are comparable."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from ddsp.training.errors import InputError, first_line

# Raised whenever the numbers that come out of a method change. Pitch: 2 checks octaves,
# and holds the pitch in silence.
F0_VERSION = 2
LOUDNESS_VERSION = 1
# Those of format 1, which did not tell them.
FIRST_VERSION = 1
DEFAULT_F0_METHOD = "tiny"
LOUDNESS_N_FFT = 512
# What a model has learned its features by lies beside its checkpoints.
SPEC_FILE = "features.json"
MAX_BYTES = 1 << 16
# From there on a pitch is clear enough to learn from.
VOICED_CONFIDENCE = 0.7


@dataclass(frozen=True)
class FeatureSpec:
    """The definition of `f0_hz`, `f0_confidence` and `loudness_db`.

    Two recordings have comparable features if their specifications are equal. Folders
    that are read together are compared, and a model keeps the one that it has learned
    by, so that what is played to it is measured alike.

    Attributes:
        frame_rate: Frames per second.
        centered: Whether frame k is centred at k / frame_rate seconds, or begins there.
        viterbi: Whether the pitch is the best path through time.
        f0_method: Pitch tracker, a method of `compute_f0`.
        f0_version: Version of its numbers.
        loudness_method: Definition of the loudness: 'a-weighted' is the power under the
            A-weighting of IEC 61672-1 in dB of a full-scale sine, at least -80.
        loudness_version: Version of its numbers.
        loudness_n_fft: Samples of the window of the loudness, at 16000 per second.

    Example:
        >>> spec = FeatureSpec(frame_rate=250, centered=True)
        >>> spec == FeatureSpec.from_dict(spec.to_dict())
        True
        >>> spec.digest() == FeatureSpec(100, centered=True).digest()
        False
    """

    frame_rate: int
    centered: bool
    viterbi: bool = True
    f0_method: str = DEFAULT_F0_METHOD
    f0_version: int = F0_VERSION
    loudness_method: str = "a-weighted"
    loudness_version: int = LOUDNESS_VERSION
    loudness_n_fft: int = LOUDNESS_N_FFT

    def to_dict(self) -> dict[str, Any]:
        """Writes the specification as plain values.

        Returns:
            Attributes by name, as JSON takes them.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FeatureSpec":
        """Reads what `to_dict` has written.

        Args:
            values: Attributes by name. Others are ignored.

        Returns:
            The specification.

        Raises:
            InputError: If an attribute is missing or of another type.
        """
        for name, kind in cls.__annotations__.items():
            value = values.get(name)
            is_right = type(value) is kind
            if kind is int:
                is_right = type(value) is int and value > 0
            if not is_right:
                raise InputError(
                    f"A description of features must have a {name} ({kind.__name__}). "
                    f"Got {name}={value!r}; prepare the dataset again."
                )
        return cls(**{name: values[name] for name in cls.__annotations__})

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> "FeatureSpec":
        """Reads the specification out of a dataset's description.

        Args:
            info: What `read_dataset_info` returns. Descriptions of format 1 do not tell
                methods, of which there was only one set.

        Returns:
            The specification.

        Raises:
            InputError: If an attribute is missing or of another type.
        """
        if "features" in info:
            return cls.from_dict(info["features"])
        return cls(
            info["frame_rate"],
            info["centered"],
            f0_version=FIRST_VERSION,
            loudness_version=FIRST_VERSION,
        )

    def digest(self) -> str:
        """Names the specification by its content.

        Returns:
            SHA-256 of it, 64 hexadecimal digits.
        """
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_feature_spec(folder: str | Path) -> FeatureSpec | None:
    """Reads by what features a model has learned.

    Args:
        folder: Folder of the model. Its files are not trusted.

    Returns:
        The specification; None where the folder has no `features.json`, as those of the
        original have not.

    Raises:
        InputError: If the file is damaged.
    """
    path = os.path.join(os.fspath(folder), SPEC_FILE)
    if not tf.io.gfile.exists(path) and not os.path.lexists(path):
        return None
    try:
        if "://" not in path and not os.path.isfile(path):
            raise ValueError("it is no regular file")
        with tf.io.gfile.GFile(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError("it is too large")
        values = json.loads(content)
        if not isinstance(values, dict):
            raise ValueError("it is no description")
        return FeatureSpec.from_dict(values)
    except (OSError, ValueError, RecursionError, tf.errors.OpError) as error:
        raise InputError(
            f"The features of a model must be described by a whole file. Got {path} "
            f"({first_line(error)}); copy it again from the folder of its training."
        ) from error
