"""Recordings in, WAV files out: finding, reading, resampling, writing."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from ddsp.training.errors import InputError

if TYPE_CHECKING:
    import soundfile

READABLE = ".wav .wave .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64"
# Recordings, but not for libsndfile: named with a reason instead of passed over.
UNREADABLE = ".m4a .mp4 .aac .wma"
AUDIO_SUFFIXES = tuple(f"{READABLE} {UNREADABLE}".split())
BLOCK_FRAMES = 1 << 18
BYTES_PER_SAMPLE = 4
# Rates outside are a damaged header; resampling from them would fill the memory.
SLOWEST_HZ, FASTEST_HZ = 1000, 1_000_000
# A few megabytes of silence unpack to days, which would fill the memory.
LONGEST_HOURS = 24
# Full scale is 1. Far above it, integers were stored as floats without scaling.
HIGHEST_PEAK = 100.0
# Programs that write into a pipe declare about 2 or 4 GB, as they cannot know better.
UNKNOWN_SIZE_BYTES = 0x7FFF0000
UNKNOWN_FRAMES = 1 << 62
MP3_SLACK_FRAMES = 2304  # Two MP3 frames: encoders count their delay differently.


class AudioFileError(InputError):
    """A recording cannot be used.

    Attributes:
        reason: Why, in a few words without the file's name.

    Example:
        >>> AudioFileError("a.wav", "it is empty", "Record it again.").reason
        'it is empty'
    """

    def __init__(self, path: str | Path, reason: str, remedy: str) -> None:
        """Makes the one-line message.

        Args:
            path: The file.
            reason: Why it cannot be used, in a few words.
            remedy: What to do about it, a sentence.
        """
        super().__init__(
            f"A recording must be a readable audio file. Got {path}: {reason}. {remedy}"
        )
        self.reason = reason


def find_recordings(paths: Iterable[str | Path]) -> list[Path]:
    """Lists the recordings that files and folders stand for.

    Folders are searched through all levels; hidden files, hidden folders and files
    that are no audio by their suffix are passed over. A file that is named itself is
    always listed.

    Args:
        paths: Files and folders.

    Returns:
        Audio files, sorted, each of them once.

    Raises:
        InputError: If a path does not exist, or a folder holds no recording.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        if path.is_dir():
            files = sorted(_walk(path))
            if not files:
                raise InputError(
                    f"A folder of recordings must hold audio files. Got {path}, which "
                    "has none; put WAV, FLAC, OGG, MP3 or AIFF files into it."
                )
        elif path.exists():
            files = [path]
        else:
            raise InputError(
                f"Recordings must exist. Got {path}, which does not; check the name."
            )
        for file in files:
            found.setdefault(file.resolve(), file)
    return sorted(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    """Audio files below a folder that are not hidden."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            is_audio = name.lower().endswith(AUDIO_SUFFIXES)
            if is_audio and not name.startswith("."):
                yield Path(parent, name)


def declared_secs(path: str | Path) -> float:
    """Reads how long a recording says it is, without reading its sound.

    Args:
        path: Audio file.

    Returns:
        Seconds; 0 if it does not tell.
    """
    import soundfile

    try:
        found = soundfile.info(path)
        known = 0 < found.frames < UNKNOWN_FRAMES and found.samplerate > 0
        return found.frames / found.samplerate if known else 0.0
    except (soundfile.LibsndfileError, TypeError, OSError):
        return 0.0


def load_audio(
    path: str | Path, sample_rate: int = 16000, mono: bool = True
) -> np.ndarray:
    """Reads a recording at a given rate.

    The resampling filter (soxr, VHQ) is flat to 0.9 of half the
    lower rate and keeps products of aliasing below -100 dB. The file is read in blocks,
    so that only the result is held in memory as a whole.

    Args:
        path: WAV, FLAC, OGG, MP3, AIFF or another file that libsndfile reads.
        sample_rate: Samples per second of the result.
        mono: Whether to average the channels.

    Returns:
        Audio, float32, [n_samples], or [n_channels, n_samples] if not mono; full scale
        is 1. A file of n samples gives round(n * sample_rate / rate of the file).

    Raises:
        AudioFileError: If the file is missing, empty, no audio, truncated or damaged,
            lasts more than 24 hours, or has samples that are not finite or far beyond
            full scale.
    """
    with _open(path) as file:
        _check_header(path, file)
        n_channels = 1 if mono else file.channels
        blocks = _Resampled(file.samplerate, sample_rate, n_channels)
        n_read = 0
        for block in _blocks(path, file):
            n_read += len(block)
            _check_not_endless(path, file, n_read)
            blocks.add(block.mean(axis=1, keepdims=True) if mono else block)
        _check_length(path, file, n_read)
    audio = blocks.finish()
    return audio[:, 0] if mono else audio.T


def _open(path: str | Path) -> "soundfile.SoundFile":
    """Opens an audio file, or says why that is not possible."""
    import soundfile

    path = Path(path)
    if path.is_dir():
        raise AudioFileError(path, "it is a folder", "Name a file in it.")
    try:
        with open(path, "rb") as raw:
            is_empty = not raw.read(1)
    except FileNotFoundError:
        raise AudioFileError(path, "it does not exist", "Check the name.") from None
    except OSError as error:
        raise AudioFileError(
            path, f"it cannot be opened ({error.strerror})", "Check its permissions."
        ) from error
    if is_empty:
        raise AudioFileError(path, "it is empty (0 bytes)", "Record or copy it again.")
    try:
        return soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, TypeError) as error:
        # A TypeError asks for the rate of headerless audio.
        raise AudioFileError(
            path,
            f"it is no audio that can be read ({_detail(error)})",
            "Convert it to WAV or FLAC.",
        ) from error


def _detail(error: Exception) -> str:
    """What libsndfile says, without the path and the final stop."""
    text = getattr(error, "error_string", None) or "unknown format"
    return " ".join(str(text).removeprefix("Error : ").split()).rstrip(".")


def _check_header(path: str | Path, file: "soundfile.SoundFile") -> None:
    """Refuses a header that cannot be true."""
    if not SLOWEST_HZ <= file.samplerate <= FASTEST_HZ:
        raise AudioFileError(
            path,
            f"its header says {file.samplerate} samples per second",
            "Export it again at 16000 to 96000.",
        )
    # Of an MP3 file the length may be guessed; others are at least as long or damaged.
    if file.format != "MP3" and file.frames < UNKNOWN_FRAMES:
        _check_not_endless(path, file, file.frames)
    # libsndfile shortens a RIFF or AIFF file to what is there and only tells its log.
    declared = re.search(
        r"^\s*(?:data|SSND) *: (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE
    )
    if declared:
        size, present = int(declared[1]), int(declared[2])
        if present + 1 < size < UNKNOWN_SIZE_BYTES:
            _raise_truncated(path, f"{present} of {size} bytes are there")


def _check_not_endless(
    path: str | Path, file: "soundfile.SoundFile", n_frames: int
) -> None:
    """Refuses more sound than anybody has recorded at once."""
    if n_frames > LONGEST_HOURS * 3600 * file.samplerate:
        raise AudioFileError(
            path,
            f"it lasts more than {LONGEST_HOURS} hours",
            "Cut it into shorter ones.",
        )


def _blocks(path: str | Path, file: "soundfile.SoundFile") -> Iterator[np.ndarray]:
    """All channels, float32, [n_frames, n_channels], block by block."""
    import soundfile

    n_read = 0
    while True:
        try:
            block = file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            _raise_truncated(
                path,
                f"{_detail(error)} in the second {n_read / file.samplerate:.0f}",
            )
        if not len(block):
            return
        n_read += len(block)
        peak = float(np.max(np.abs(block)))
        if not np.isfinite(peak):
            raise AudioFileError(
                path, "it has samples that are not finite", "Export it again."
            )
        if peak > HIGHEST_PEAK:
            raise AudioFileError(
                path,
                f"its samples reach {peak:.4g}, but full scale is 1",
                "Export it again as 16-bit or scaled to full scale.",
            )
        yield block


def _check_length(path: str | Path, file: "soundfile.SoundFile", n_read: int) -> None:
    """Refuses a file that has no samples, or fewer than its header says."""
    slack = 0
    if file.format == "MP3":
        slack = MP3_SLACK_FRAMES if _has_mp3_length(path) else UNKNOWN_FRAMES
    if n_read + slack < file.frames < UNKNOWN_FRAMES:
        _raise_truncated(path, f"{n_read} of {file.frames} samples are there")
    if not n_read:
        raise AudioFileError(path, "it holds no samples", "Record or copy it again.")


def _has_mp3_length(path: str | Path) -> bool:
    """Whether an MP3 file declares its length; otherwise libsndfile only guesses it."""
    with open(path, "rb") as file:
        tag = file.read(10)
        if tag.startswith(b"ID3"):
            # The size is written with seven bits a byte.
            size = sum(byte << 7 * place for place, byte in enumerate(tag[:5:-1]))
            file.seek(10 + size)
        first_frame = file.read(2048)
    return any(name in first_frame for name in (b"Xing", b"Info", b"VBRI"))


def _raise_truncated(path: str | Path, detail: str) -> NoReturn:
    """Raises for a file that ends before its end or is damaged inside."""
    raise AudioFileError(
        path, f"it is truncated or damaged ({detail})", "Copy or export it again."
    )


class _Resampled:
    """Collects blocks of audio at one rate and gives them back at another."""

    def __init__(self, rate_in: int, rate_out: int, n_channels: int = 1) -> None:
        import soxr

        self._rate_in, self._rate_out = rate_in, rate_out
        self._n_channels = n_channels
        self._n_in = 0
        # Grows in place; joining a list of blocks would need twice the memory.
        self._done = bytearray()
        self._stream = None
        if rate_in != rate_out:
            self._stream = soxr.ResampleStream(
                rate_in, rate_out, n_channels, dtype="float32", quality="VHQ"
            )

    def add(self, block: np.ndarray) -> None:
        """Takes the next samples, float32, [n_samples, n_channels]."""
        self._n_in += len(block)
        if self._stream is not None:
            block = self._stream.resample_chunk(block)
        self._done += block.tobytes()

    def finish(self) -> np.ndarray:
        """All at the new rate, [n_samples, n_channels], as long as the rates ask."""
        if self._stream is not None:
            nothing = np.zeros((0, self._n_channels), np.float32)
            self._done += self._stream.resample_chunk(nothing, last=True).tobytes()
        n_out = round(self._n_in * self._rate_out / self._rate_in)
        frame_bytes = BYTES_PER_SAMPLE * self._n_channels
        self._done += bytes(max(0, n_out * frame_bytes - len(self._done)))
        audio = np.frombuffer(self._done, np.float32).reshape(-1, self._n_channels)
        return audio[:n_out]


def resample(audio: np.ndarray, rate_in: int, rate_out: int) -> np.ndarray:
    """Brings audio to another rate, as `load_audio` does.

    Args:
        audio: Mono audio, float32, [n_samples].
        rate_in: Its samples per second.
        rate_out: Wanted samples per second.

    Returns:
        Audio, float32, [round(n_samples * rate_out / rate_in)].
    """
    if rate_in == rate_out:
        return audio
    blocks = _Resampled(rate_in, rate_out)
    blocks.add(audio[:, np.newaxis])
    return blocks.finish()[:, 0]


def write_wav(path: str | Path, audio: np.ndarray, sample_rate: int) -> None:
    """Writes mono audio as a 16-bit WAV file, whole or not at all.

    Args:
        path: File to write; an existing one is replaced.
        audio: Finite samples, [n_samples]; what is beyond full scale (1) is clipped.
        sample_rate: Samples per second.

    Raises:
        ValueError: If the audio is not one-dimensional or not finite.
        InputError: If the file cannot be written.
    """
    import soundfile

    audio = np.asarray(audio)
    if audio.ndim != 1 or not np.all(np.isfinite(audio)):
        raise ValueError(
            "audio must be finite samples, [n_samples]. Got "
            f"audio.shape={audio.shape}. Take one example of a batch, and look for the "
            "cause of samples that are not finite."
        )
    pcm = np.clip(np.rint(audio * 32768.0), -32768, 32767).astype(np.int16)
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            soundfile.write(file, pcm, sample_rate, format="WAV", subtype="PCM_16")
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"Audio must go to a place that can be written. Got {path} "
            f"({error.strerror}); choose another file."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
