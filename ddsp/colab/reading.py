"""Audio files that come as bytes, from a browser or from a zip."""

import tempfile
from pathlib import Path

import numpy as np

from ddsp.training import audio_io
from ddsp.training.inference.levels import normalize_peak
from ddsp.training.plotting import DEFAULT_SAMPLE_RATE

REMEDY = "Choose another file, or convert it to WAV, FLAC, OGG or MP3."


def audio_bytes_to_np(
    wav_data: bytes,
    sample_rate: int = DEFAULT_SAMPLE_RATE,
    normalize_db: float | None = 0.1,
    mono: bool = True,
) -> np.ndarray:
    """Reads an audio file that is in memory, as `audio_io.load_audio` reads one.

    Args:
        wav_data: The content of a WAV, FLAC, OGG, MP3 or AIFF file.
        sample_rate: Samples per second of the result. Nothing of what it cannot hold is
            folded into it.
        normalize_db: dB below full scale to which the peak is brought, 0 or more; None
            to leave the level as it is. Silence stays.
        mono: Whether to average the channels.

    Returns:
        Audio, float32, [n_samples]; [n_channels, n_samples] if the file has several
        channels and `mono` is False.

    Raises:
        AudioFileError: If this is no audio that can be read, or it is damaged.
        ValueError: If normalize_db is negative.
    """
    return read_sound("the given bytes", wav_data, sample_rate, normalize_db, mono)


def read_sound(
    name: str,
    content: bytes,
    sample_rate: int,
    normalize_db: float | None,
    mono: bool = True,
) -> np.ndarray:
    """Does what `audio_bytes_to_np` does, with a name for the errors.

    Args:
        name: What the file was called where it comes from. It leads nowhere.
        content: The file.
        sample_rate: Samples per second of the result.
        normalize_db: dB below full scale to which the peak is brought, or None.
        mono: Whether to average the channels.

    Returns:
        Audio as from `audio_bytes_to_np`.

    Raises:
        AudioFileError: If this is no audio that can be read, or it is damaged.
        ValueError: If normalize_db is negative.
    """
    with tempfile.TemporaryDirectory(prefix="ddsp_sound_") as folder:
        path = Path(folder, "sound")
        path.write_bytes(content)
        try:
            audio = audio_io.load_audio(path, sample_rate, mono=mono)
        except audio_io.AudioFileError as error:
            raise audio_io.AudioFileError(name, error.reason, REMEDY) from error
    if audio.ndim == 2 and len(audio) == 1:
        audio = audio[0]
    return audio if normalize_db is None else normalize_peak(audio, normalize_db)
