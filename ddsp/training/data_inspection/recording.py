"""One recording, measured: sound, pitch, loudness and every fault that can be heard."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ddsp import spectral_ops
from ddsp.training import audio_io
from ddsp.training.data.feature_spec import LOUDNESS_N_FFT, VOICED_CONFIDENCE
from ddsp.training.data_inspection import decay, levels
from ddsp.training.data_inspection.background import (
    Background,
    counts_as_sound,
    listen_for_hum,
    measure_background,
)
from ddsp.training.data_inspection.clipping import SampleFaults, find_sample_faults
from ddsp.training.data_inspection.levels import FRAME_RATE, SAMPLE_RATE, Span
from ddsp.training.data_inspection.mains import remove_hum
from ddsp.training.inference import polyphony

BLOCK_SECS = 30
N_NOTES = 128
# Edges of the loudness histogram; its zero is not full scale, see `compute_loudness`.
LOUDNESS_EDGES_DB = np.arange(-80.0, 43.0, 3.0)
# Two strokes that overlap are no chord; that is longer.
SHORTEST_CHORD_SECS = 0.3
# Partials of lower notes lie too close to be told from those of a chord.
LOWEST_CHORD_HZ = 65.0
# The bands of a note end together, within about that.
NOTE_SECS = 1.0


@dataclass
class RecordingFigures:
    """What was measured in a recording.

    Attributes:
        name: Name for lists.
        seconds: Length.
        sample_rate: Samples per second of the file.
        sounding_secs: Seconds that are not silent.
        voiced_secs: Seconds of them with a clear pitch.
        loud_db: Level of the louder notes in dB of full scale.
        samples: Peak, clipping and offset.
        silent_spans: When half a second or more is silent, begins and ends in seconds.
        background: Hum and noise of the pauses; None if there are too few pauses.
        several_secs: Seconds in which several notes sound at once.
        several_spans: When, begins and ends in seconds.
        decays_secs: Time of each free decay to -60 dB, [n_decays].
        n_note_ends: Moments at which those decays began.
        note_counts: Frames with each MIDI pitch, [128].
        loudness_counts: Frames that sound, by loudness, [40].
    """

    name: str
    seconds: float
    sample_rate: int
    samples: SampleFaults
    sounding_secs: float = 0.0
    voiced_secs: float = 0.0
    loud_db: float = levels.SILENCE_DB
    silent_spans: list[Span] = field(default_factory=list)
    background: Background | None = None
    several_secs: float = 0.0
    several_spans: list[Span] = field(default_factory=list)
    decays_secs: np.ndarray = field(default_factory=lambda: np.zeros(0))
    n_note_ends: int = 0
    note_counts: np.ndarray = field(default_factory=lambda: np.zeros(N_NOTES, int))
    loudness_counts: np.ndarray = field(
        default_factory=lambda: np.zeros(LOUDNESS_EDGES_DB.size - 1, int)
    )


def measure_recording(
    path: str | Path, name: str, say: Callable[[str], None]
) -> RecordingFigures:
    """Measures a recording.

    Of the audio only one channel at 16000 samples per second is held as a whole, twice,
    8 MB per minute; everything else goes block by block.

    Args:
        path: Audio file.
        name: Name for lists.
        say: Called with what is being done.

    Returns:
        Its figures.

    Raises:
        AudioFileError: If the file cannot be used.
    """
    say(f"{name}: reading")
    audio = levels.remove_rumble(audio_io.load_audio(path, SAMPLE_RATE))
    figures = RecordingFigures(
        name, audio.size / SAMPLE_RATE, _sample_rate(path), find_sample_faults(path)
    )
    audio, figures.background = _without_strong_hum(audio)
    levels_db = levels.frame_levels_db(audio)
    sounds = levels.sounding_frames(levels_db)
    figures.sounding_secs = float(sounds.sum()) / FRAME_RATE
    figures.loud_db = levels.loud_level_db(levels_db)
    figures.silent_spans = levels.silent_spans(sounds)
    loud_band_db = -np.inf
    decays = []
    for begin_secs, block, block_sounds in _blocks(audio, sounds):
        say(f"{name}: listened to {begin_secs:.0f} of {figures.seconds:.0f} s")
        if not block_sounds.any():
            continue
        f0_hz = _count_pitch_and_loudness(figures, block, block_sounds)
        judged = block_sounds & (f0_hz >= LOWEST_CHORD_HZ)
        _find_several_notes(figures, block, judged, begin_secs)
        bands_db = decay.band_levels_db(block)
        loud_band_db = max(loud_band_db, decay.loudest_band_db(bands_db))
        begins, secs = decay.decay_times(bands_db, loud_band_db)
        decays.append(secs)
        figures.n_note_ends += np.unique(np.floor(begins / NOTE_SECS)).size
    if decays:
        figures.decays_secs = np.concatenate(decays)
    figures.several_spans = levels.join_spans(figures.several_spans)
    return figures


def _without_strong_hum(audio: np.ndarray) -> tuple[np.ndarray, Background | None]:
    """Audio without hum that would be taken for notes, and what its pauses hold."""
    levels_db = levels.frame_levels_db(audio)
    hum = listen_for_hum(audio, levels_db)
    background = measure_background(audio, levels_db)
    if hum is None or background is None or not counts_as_sound(hum, levels_db):
        return audio, background
    audio = remove_hum(audio, hum)
    # Only now are there pauses.
    rest = measure_background(audio, levels.frame_levels_db(audio))
    return audio, replace(background, noise_db=rest.noise_db if rest else None)


def _sample_rate(path: str | Path) -> int:
    """Samples per second of a file."""
    import soundfile

    return int(soundfile.info(path).samplerate)


def _blocks(
    audio: np.ndarray, sounds: np.ndarray
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Begin in seconds, audio and which frames sound, block by block."""
    n_frames = BLOCK_SECS * FRAME_RATE
    for first in range(0, sounds.size, n_frames):
        block_sounds = sounds[first : first + n_frames]
        begin = first * levels.HOP_SIZE
        block = audio[begin : begin + block_sounds.size * levels.HOP_SIZE]
        yield first / FRAME_RATE, block, block_sounds


def _count_pitch_and_loudness(
    figures: RecordingFigures, audio: np.ndarray, sounds: np.ndarray
) -> np.ndarray:
    """Adds the pitches and loudnesses of a block; returns the pitch of its frames."""
    # A leap of more than two semitones per frame is music at 50 frames per second: the
    # best path through time would smooth it away.
    f0_hz, confidence = spectral_ops.compute_f0(audio, FRAME_RATE, viterbi=False)
    loudness_db = spectral_ops.compute_loudness(
        audio, SAMPLE_RATE, FRAME_RATE, n_fft=LOUDNESS_N_FFT, use_tf=False
    )
    # Frames are centred at k / 50 seconds and one more than there are whole hops.
    n_frames = sounds.size
    voiced = sounds & (confidence[:n_frames] >= VOICED_CONFIDENCE)
    voiced &= f0_hz[:n_frames] > 0.0
    midi = 69.0 + 12.0 * np.log2(f0_hz[:n_frames][voiced] / 440.0)
    notes = np.clip(np.rint(midi), 0, N_NOTES - 1).astype(int)
    figures.note_counts += np.bincount(notes, minlength=N_NOTES)
    figures.voiced_secs += float(voiced.sum()) / FRAME_RATE
    heard_db = np.clip(
        loudness_db[:n_frames][sounds], LOUDNESS_EDGES_DB[0], LOUDNESS_EDGES_DB[-1]
    )
    figures.loudness_counts += np.histogram(heard_db, LOUDNESS_EDGES_DB)[0]
    return f0_hz[:n_frames]


def _find_several_notes(
    figures: RecordingFigures, audio: np.ndarray, sounds: np.ndarray, begin_secs: float
) -> None:
    """Adds where several notes sound at once in a block."""
    amplitude, several = polyphony.several_notes(audio)
    if not amplitude.size:
        return
    rate = polyphony.SAMPLE_RATE / polyphony.HOP_SIZE
    centre_secs = polyphony.WINDOW_SIZE / 2 / polyphony.SAMPLE_RATE
    centres = np.arange(amplitude.size) / rate + centre_secs
    frames = np.minimum((centres * FRAME_RATE).astype(int), sounds.size - 1)
    several = several & sounds[frames]
    sounding = (amplitude > 0.0) & sounds[frames]
    # The share of the frames that are loud enough to be judged stands for all.
    share = several.sum() / max(int(sounding.sum()), 1)
    figures.several_secs += float(share) * float(sounds.sum()) / FRAME_RATE
    begin_secs += centre_secs - 0.5 / rate
    figures.several_spans += levels.spans_of(
        several, rate, begin_secs, SHORTEST_CHORD_SECS
    )
