"""One voice or several: combs of one fundamental against chords."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from ddsp.training import source_phrase
from ddsp.training.inference import polyphony

CHORDS = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "first inversion": (0, 3, 8),
    "second inversion": (0, 5, 9),
    "open": (0, 7, 16),
    "diminished": (0, 3, 6),
    "seventh": (0, 4, 7, 10),
}


def tone(midi: float, secs: float = 1.5, fall: float = 1.0) -> np.ndarray:
    """A note with 20 harmonics that fall by a power of their number."""
    time = np.arange(int(secs * 16000)) / 16000
    f0 = 440 * 2 ** ((midi - 69) / 12)
    numbers = [k for k in range(1, 21) if k * f0 < 8000]
    audio = sum(np.sin(2 * np.pi * k * f0 * time + k * midi) / k**fall for k in numbers)
    return (0.2 * audio).astype(np.float32)


def share(audio: np.ndarray) -> float:
    return polyphony.several_notes_share(*polyphony.several_notes(audio))


@pytest.mark.parametrize("root", [48, 60, 67])
@pytest.mark.parametrize("intervals", CHORDS.values(), ids=CHORDS)
def test_chord_of_three_notes_is_found(root: int, intervals: tuple[int, ...]) -> None:
    chord = sum(tone(root + interval) for interval in intervals)
    assert share(np.asarray(chord)) > 0.8


@pytest.mark.parametrize("midi", [45, 57, 69, 81])
@pytest.mark.parametrize("fall", [0.3, 1.0, 2.0])
def test_single_note_is_one_note(midi: int, fall: float) -> None:
    assert share(tone(midi, fall=fall)) == 0.0


def test_odd_harmonics_alone_are_one_note() -> None:
    time = np.arange(24000) / 16000
    clarinet = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in (1, 3, 5, 7, 9))
    assert share(np.asarray(clarinet, np.float32)) == 0.0


def test_scale_is_one_note_after_the_other() -> None:
    steps = (0, 2, 4, 5, 7, 9, 11, 12)
    scale = np.concatenate([tone(60 + step, 0.35) for step in steps])
    assert share(scale) < 0.1


def test_ringing_room_makes_no_chord_of_a_scale(rng: np.random.Generator) -> None:
    steps = (0, 2, 4, 5, 7, 9, 11, 12)
    scale = np.concatenate([tone(60 + step, 0.35) for step in steps])
    decay = 10 ** (-3 * np.arange(16000) / 16000 / 1.2)  # 1.2 s to -60 dB.
    room = rng.standard_normal(16000) * decay
    room *= 0.5 / np.sqrt(np.sum(room**2))
    wet = scale + np.convolve(scale, room)[: scale.size]
    assert share(wet.astype(np.float32)) < polyphony.SHARE_LIMIT


def test_library_s_own_voice_is_one_voice() -> None:
    assert share(source_phrase.sung_phrase()) < 0.05


def test_noise_and_silence_hold_no_notes(rng: np.random.Generator) -> None:
    noise = 0.1 * rng.standard_normal(32000).astype(np.float32)
    assert share(noise) < 0.1
    assert share(np.zeros(16000, np.float32)) == 0.0


def test_too_short_for_one_frame_is_no_frame() -> None:
    amplitude, several = polyphony.several_notes(np.ones(2047, np.float32))
    assert amplitude.size == several.size == 0
    assert polyphony.several_notes_share(amplitude, several) == 0.0


def test_chord_is_found_where_it_is() -> None:
    chord = tone(60) + tone(64) + tone(67)
    _, several = polyphony.several_notes(np.concatenate([tone(60), chord]))
    rate = polyphony.SAMPLE_RATE / polyphony.HOP_SIZE
    assert not several[: int(1.2 * rate)].any()
    assert several[int(1.8 * rate) : int(2.7 * rate)].all()


REAL_VOICES = (
    ("voice", "sms_singing-female.flac"),
    ("voice", "sms_soprano-E4.flac"),
    ("voice", "vocadito_1.flac"),
    ("voice", "vocadito_10.flac"),
    ("violin_eval", "minjikim_bwv1003_mov4_140s-end.flac"),
    ("violin_eval", "vsco_violin_C6.flac"),
    ("violin_eval", "vsco_violin_G3.flac"),
)


def read(path: Path, secs: float = 20.0) -> np.ndarray:
    audio, sample_rate = soundfile.read(path, dtype="float32")
    return soxr.resample(audio[: int(secs * sample_rate)], sample_rate, 16000)


@pytest.mark.parametrize("parts", REAL_VOICES, ids=lambda parts: parts[-1])
def test_real_single_line_is_not_taken_for_a_chord(
    parts: tuple[str, str], shared_data: Callable[..., Path]
) -> None:
    assert share(read(shared_data(*parts))) < 0.75 * polyphony.SHARE_LIMIT


def test_real_chord_is_found(shared_data: Callable[..., Path]) -> None:
    notes = [
        read(shared_data("notes", f"guitar_acoustic_000-{midi:03d}-100.flac"))
        for midi in (52, 56, 59)
    ]
    assert share(np.asarray(sum(notes))) > polyphony.SHARE_LIMIT


def test_real_double_stops_are_found(shared_data: Callable[..., Path]) -> None:
    path = shared_data("violin_train", "garner_bwv1002_mov7.flac")
    assert share(read(path)) > polyphony.SHARE_LIMIT
