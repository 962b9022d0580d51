"""The decay of a room is heard from the notes that end in it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal
from training.data_inspection import scales

from ddsp.training import audio_io
from ddsp.training.data_inspection import decay


def decays(audio: np.ndarray) -> np.ndarray:
    levels_db = decay.band_levels_db(audio.astype(np.float32))
    return decay.decay_times(levels_db, decay.loudest_band_db(levels_db))[1]


def n_decays(levels_db: np.ndarray, loud_db: float) -> int:
    begins, secs = decay.decay_times(levels_db, loud_db)
    assert begins.shape == secs.shape
    return secs.size


@pytest.mark.parametrize("decay_secs", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("pause_secs", [0.05, 0.5])
def test_room_has_its_decay(decay_secs: float, pause_secs: float) -> None:
    dry = scales.play(note_secs=0.6, pause_secs=pause_secs, n_scales=2)
    found = decays(scales.in_room(dry, decay_secs))
    assert found.size > 50
    assert np.median(found) == pytest.approx(decay_secs, rel=0.25)


def test_hall_is_measured_as_long() -> None:
    found = decays(scales.in_room(scales.play(n_scales=2), 1.8))
    assert 0.9 < np.median(found) < 2.2


def test_dry_notes_decay_as_fast_as_they_end() -> None:
    found = decays(scales.play())
    assert found.size > 50
    assert np.median(found) < 0.2


def test_exponential_decay_is_exact() -> None:
    time = np.arange(3 * scales.RATE) / scales.RATE
    for decay_secs in (0.4, 1.0, 2.0):
        fall = 10.0 ** (-3.0 * np.maximum(time - 0.5, 0.0) / decay_secs)
        found = decays(0.5 * fall * np.sin(2 * np.pi * 1000.0 * time))
        assert np.median(found) == pytest.approx(decay_secs, rel=0.04)


def test_end_of_a_slow_fade_counts_not_the_fade() -> None:
    # As players let a note go: 6 dB in half a second, then 40 dB in a tenth of one.
    levels_db = np.interp(
        np.arange(0.0, 1.5, 1 / 62.5), [0.3, 0.8, 1.0, 1.5], [0.0, -9.0, -60.0, -60.0]
    )
    (begin,), (found,) = decay.decay_times(levels_db[:, np.newaxis], 0.0)
    assert begin == pytest.approx(0.3, abs=0.02)
    assert found == pytest.approx(60.0 / (51.0 / 0.2), rel=0.1)


def test_soft_fall_short_fall_and_steady_sound_are_no_decays() -> None:
    secs = np.arange(0.0, 2.0, 1 / 62.5)
    fall_db = np.maximum(-60.0 * np.maximum(secs - 0.5, 0.0), -60.0)[:, np.newaxis]
    assert n_decays(fall_db, 0.0) == 1
    assert n_decays(fall_db, 21.0) == 0
    assert n_decays(np.maximum(fall_db, -24.0), 0.0) == 0
    assert n_decays(np.zeros((100, 2)), 0.0) == 0


def test_crooked_fall_is_no_decay() -> None:
    # A step down, a long plateau, another step.
    secs = np.arange(0.0, 2.0, 1 / 62.5)
    levels_db = np.where(secs < 0.5, 0.0, np.where(secs < 1.4, -12.0, -40.0))
    levels_db = levels_db - 0.1 * secs
    assert n_decays(levels_db[:, np.newaxis], 0.0) == 0


# Times of T20 from the impulse responses themselves, by backward integration.
@pytest.mark.parametrize(
    ("name", "decay_secs"), [("maes_howe", 0.47), ("seminar_room_clap", 0.63)]
)
def test_real_rooms_have_their_decay(
    shared_data: Callable[..., object], name: str, decay_secs: float
) -> None:
    room = audio_io.load_audio(str(shared_data("rir", f"{name}.flac")), scales.RATE)
    wet = signal.fftconvolve(scales.play(n_scales=2), room)
    assert np.median(decays(wet)) == pytest.approx(decay_secs, rel=0.25)


def test_real_dry_voice_is_dry(shared_data: Callable[..., object]) -> None:
    path = str(shared_data("voice", "vocadito_10.flac"))
    assert np.median(decays(audio_io.load_audio(path, scales.RATE))) < 0.3
