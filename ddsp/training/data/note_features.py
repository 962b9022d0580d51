"""Pitch and loudness of short recordings, measured once."""

import hashlib
import io
from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp import spectral_ops
from ddsp.training import audio_io
from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE, ExampleShape
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.errors import InputError
from ddsp.training.whole_files import write_whole

FEATURES = ("f0_hz", "f0_confidence", "loudness_db")


class NoteFeatures:
    """Measures recordings, and keeps what it has measured in memory or in a folder.

    Names in the folder are made of the content of a recording, of all settings and of
    the versions of what measures, so a folder may serve many datasets and is never out
    of date.

    Example:
        >>> features = NoteFeatures(ExampleShape(4.0, 16000, 250, False), "features")
        >>> features.of(Path("note.wav")).shape  # doctest: +SKIP
        (3, 1000)
    """

    def __init__(self, shape: ExampleShape, cache_dir: str | None = None) -> None:
        """Chooses what is measured and where it is kept.

        Args:
            shape: Length and frames of an example. Frames are centred; with
                `centered=False` the one at the very end is left out.
            cache_dir: Folder for features, made if need be; None for the memory.
        """
        self._shape = shape
        self._spec = FeatureSpec(shape.frame_rate, centered=True)
        self._cache_dir = None if cache_dir is None else Path(cache_dir)
        self._arrays: dict[Path, np.ndarray] = {}
        self._paths: dict[Path, Path] = {}

    def of(self, file: Path) -> np.ndarray:
        """Gives the features of a recording.

        Args:
            file: The recording.

        Returns:
            `f0_hz`, `f0_confidence` and `loudness_db`, float32, [3, n_frames].

        Raises:
            InputError: If the recording cannot be used, or the folder not be written.
        """
        if self._cache_dir is None:
            if file not in self._arrays:
                self._arrays[file] = self._measure(file)
            return self._arrays[file]
        found = self._load(self._paths[file]) if file in self._paths else None
        return self._measure_into(self._cache_dir, file) if found is None else found

    def audio(self, file: Path, sample_rate: int) -> np.ndarray:
        """Reads a recording, cut or filled up with silence to an example's length.

        Args:
            file: The recording.
            sample_rate: Samples per second of the result.

        Returns:
            Audio, float32, [n_samples].

        Raises:
            InputError: If the recording cannot be used.
        """
        n_samples = round(self._shape.example_secs * sample_rate)
        audio = audio_io.load_audio(file, sample_rate)[:n_samples]
        return np.pad(audio, [0, n_samples - audio.size])

    def _measure_into(self, cache: Path, file: Path) -> np.ndarray:
        """Looks a recording up in the folder by its content; measures it if need be."""
        shape = self._shape
        settings = (shape.example_secs, shape.centered, self._spec.digest())
        try:
            digest = hashlib.sha256(file.read_bytes() + repr(settings).encode())
            path = cache / f"{digest.hexdigest()}.npy"
            features = self._load(path)
            if features is None:
                features = self._measure(file)
                content = io.BytesIO()
                np.save(content, features, allow_pickle=False)
                cache.mkdir(parents=True, exist_ok=True)
                write_whole(str(path), content.getvalue())
        except (OSError, tf.errors.OpError) as error:
            raise InputError(
                "Notes must be readable and cache_dir a folder to write to. Got "
                f"{file} and cache_dir={cache}: {str(error)[:200]}; name another one."
            ) from error
        self._paths[file] = path
        return features

    def _load(self, path: Path) -> np.ndarray | None:
        """Features that were kept; None if they are not there or damaged."""
        try:
            found = np.load(path, allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):
            return None
        is_whole = found.shape == (len(FEATURES), self._shape.n_frames)
        return found if is_whole and found.dtype == np.float32 else None

    def _measure(self, file: Path) -> np.ndarray:
        """Pitch, confidence and loudness."""
        audio, spec = self.audio(file, FEATURE_SAMPLE_RATE), self._spec
        f0_hz, f0_confidence = spectral_ops.compute_f0(
            audio, spec.frame_rate, viterbi=spec.viterbi, method=spec.f0_method
        )
        loudness_db = spectral_ops.compute_loudness(
            audio,
            FEATURE_SAMPLE_RATE,
            spec.frame_rate,
            spec.loudness_n_fft,
            use_tf=False,
        )
        curves = np.array([f0_hz, f0_confidence, loudness_db], np.float32)
        return curves[:, : self._shape.n_frames]
