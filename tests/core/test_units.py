import numpy as np
import pytest
import tensorflow as tf

from ddsp.core import units
from ddsp.core.units import (
    amplitude_to_db,
    bark_to_hz,
    db_to_amplitude,
    db_to_power,
    hz_to_bark,
    hz_to_erb,
    hz_to_mel,
    hz_to_midi,
    hz_to_unit,
    mel_to_hz,
    midi_to_hz,
    midi_to_unit,
    power_to_db,
    unit_to_hz,
    unit_to_midi,
)


def test_doubling_the_amplitude_adds_six_decibels():
    amplitudes = np.array([0.01, 0.1, 1.0, 10.0], np.float32)
    rise = amplitude_to_db(2.0 * amplitudes) - amplitude_to_db(amplitudes)
    np.testing.assert_allclose(rise, 20.0 * np.log10(2.0), atol=1e-5)


@pytest.mark.parametrize("use_tf", [True, False])
def test_levels_of_powers_of_ten(use_tf):
    powers = np.array([0.0, 1e-3, 1.0, 100.0])
    levels = power_to_db(powers, use_tf=use_tf)
    np.testing.assert_allclose(levels, [-80.0, -30.0, 0.0, 20.0], atol=1e-5)
    levels = power_to_db(powers, ref_db=20.0, use_tf=use_tf)
    np.testing.assert_allclose(levels, [-80.0, -50.0, -20.0, 0.0], atol=1e-5)


def test_range_sets_the_floor():
    levels = amplitude_to_db([0.0, 1e-9, 0.5, 1.0], range_db=1.0)
    np.testing.assert_allclose(levels, [-1.0, -1.0, -1.0, 0.0], atol=1e-6)
    assert units.DB_RANGE == 80.0


def test_numpy_keeps_float64():
    amplitudes = np.array([0.1, 1.0 / 3.0, 0.7])
    levels = amplitude_to_db(amplitudes, use_tf=False)
    assert isinstance(levels, np.ndarray) and levels.dtype == np.float64
    np.testing.assert_allclose(levels, 20.0 * np.log10(amplitudes), rtol=1e-15)


def test_float64_tensors_have_levels():
    levels = power_to_db(tf.constant([1e-3, 1.0 / 3.0], tf.float64))
    np.testing.assert_allclose(levels, [-30.0, 10.0 * np.log10(1 / 3)], rtol=1e-13)


@pytest.mark.parametrize("convert", [np.float32, tf.constant, list])
def test_levels_come_back(convert):
    levels = [-60.0, -20.0, 0.0, 6.0]
    np.testing.assert_allclose(
        amplitude_to_db(db_to_amplitude(convert(levels))), levels, atol=1e-4
    )
    np.testing.assert_allclose(
        power_to_db(db_to_power(convert(levels))), levels, atol=1e-4
    )


def test_plain_numbers_stay_plain_numbers():
    assert db_to_amplitude(-20) == pytest.approx(0.1, rel=1e-15)
    assert db_to_power(20) == pytest.approx(100.0, rel=1e-15)


def test_gradient_of_silence_is_zero():
    silence = tf.zeros([4])
    with tf.GradientTape() as tape:
        tape.watch(silence)
        levels = amplitude_to_db(silence)
    np.testing.assert_array_equal(tape.gradient(levels, silence), np.zeros(4))


def test_notes_are_equal_temperament():
    notes = np.arange(128)
    expected = 440.0 * 2.0 ** ((notes - 69.0) / 12.0)
    np.testing.assert_allclose(midi_to_hz(notes), expected, rtol=1e-6)
    np.testing.assert_allclose(hz_to_midi(expected), notes, atol=2e-5)


def test_known_pitches():
    np.testing.assert_allclose(midi_to_hz(60), 261.62555, rtol=1e-6)
    np.testing.assert_allclose(hz_to_midi(100.0), 43.349957, rtol=1e-6)
    np.testing.assert_allclose(unit_to_hz(0.5, 20, 8000), 400.0, rtol=1e-5)
    np.testing.assert_allclose(hz_to_unit(440, 20, 8000), 0.51590765, rtol=1e-5)


def test_an_octave_is_twelve_notes():
    f0_hz = np.array([27.5, 100.0, 1234.0, 7000.0], np.float32)
    np.testing.assert_allclose(
        hz_to_midi(2.0 * f0_hz) - hz_to_midi(f0_hz), 12.0, atol=2e-5
    )


def test_note_zero_is_silence_on_request():
    np.testing.assert_allclose(midi_to_hz([0, 69]), [8.175799, 440.0], rtol=1e-6)
    np.testing.assert_allclose(
        midi_to_hz([0, 69], midi_zero_silence=True), [0.0, 440.0], rtol=1e-6
    )


def test_what_is_not_a_frequency_is_note_zero_without_a_gradient():
    frequencies = tf.constant([0.0, -5.0, 440.0])
    with tf.GradientTape() as tape:
        tape.watch(frequencies)
        notes = hz_to_midi(frequencies)
    np.testing.assert_allclose(notes, [0.0, 0.0, 69.0], atol=1e-5)
    slope = 12.0 / np.log(2.0) / 440.0
    np.testing.assert_allclose(
        tape.gradient(notes, frequencies), [0.0, 0.0, slope], rtol=1e-5
    )


def test_unit_interval_and_notes():
    unit = np.array([-1.0, 0.0, 0.25, 1.0, 2.0])
    notes = unit_to_midi(unit, 24.0, 84.0)
    assert isinstance(notes, np.ndarray)
    np.testing.assert_allclose(notes, [-36.0, 24.0, 39.0, 84.0, 144.0])
    np.testing.assert_allclose(midi_to_unit(notes, 24.0, 84.0), unit)
    limited = [0.0, 0.0, 0.25, 1.0, 1.0]
    np.testing.assert_allclose(midi_to_unit(notes, 24.0, 84.0, clip=True), limited)
    np.testing.assert_allclose(
        unit_to_midi(unit, 24.0, 84.0, clip=True), [24.0, 24.0, 39.0, 84.0, 84.0]
    )


def test_integer_notes_map_to_the_unit_interval():
    np.testing.assert_allclose(
        midi_to_unit(tf.constant([20, 55, 90])), [0.0, 0.5, 1.0], rtol=1e-6
    )


def test_unit_interval_is_a_geometric_series_of_frequencies():
    unit = np.linspace(0.0, 1.0, 33)
    expected = np.geomspace(20.0, 1000.0, 33)
    np.testing.assert_allclose(unit_to_hz(unit, 20, 1000), expected, rtol=2e-6)
    np.testing.assert_allclose(hz_to_unit(expected, 20, 1000), unit, atol=1e-6)


def test_clipped_frequencies_stay_in_the_range():
    np.testing.assert_allclose(
        unit_to_hz([-1.0, 2.0], 20.0, 1000.0, clip=True), [20.0, 1000.0], rtol=1e-5
    )
    np.testing.assert_allclose(
        hz_to_unit([1.0, 5000.0], 20.0, 1000.0, clip=True), [0.0, 1.0]
    )


def test_bark_equals_the_published_form():
    hz = np.array([20.0, 100.0, 1000.0, 8000.0])
    np.testing.assert_allclose(hz_to_bark(hz), 26.81 / (1 + 1960 / hz) - 0.53)
    bark = np.array([0.1, 5.0, 20.0])
    np.testing.assert_allclose(bark_to_hz(bark), 1960 / (26.81 / (bark + 0.53) - 1))


def test_bark_has_a_zero():
    assert hz_to_bark(0.0) == pytest.approx(-0.53)
    assert bark_to_hz(-0.53) == pytest.approx(0.0)
    silence = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(silence)
        bark = hz_to_bark(silence)
    np.testing.assert_allclose(tape.gradient(bark, silence), 26.81 / 1960, rtol=1e-6)


@pytest.mark.parametrize(
    ("there", "back"), [(hz_to_bark, bark_to_hz), (hz_to_mel, mel_to_hz)]
)
@pytest.mark.parametrize("convert", [np.float64, np.float32, tf.constant, list])
def test_auditory_scales_come_back(there, back, convert):
    hz = [0.0, 30.0, 440.0, 1000.0, 8000.0]
    np.testing.assert_allclose(back(there(convert(hz))), hz, rtol=1e-4, atol=1e-3)


def test_a_thousand_hertz_are_a_thousand_mel():
    np.testing.assert_allclose(hz_to_mel([0, 1000]), [0.0, 1000.0], atol=0.05)
    hz = np.array([100.0, 440.0, 7000.0])
    np.testing.assert_allclose(hz_to_mel(hz), 2595 * np.log10(1 + hz / 700), rtol=1e-12)


def test_bandwidth_of_hearing():
    assert hz_to_erb(1000.0) == pytest.approx(132.7)
    np.testing.assert_allclose(hz_to_erb(tf.constant([0, 1000])), [24.7, 132.7])


@pytest.mark.parametrize(
    "function",
    [
        amplitude_to_db,
        db_to_amplitude,
        midi_to_hz,
        hz_to_midi,
        hz_to_bark,
        bark_to_hz,
        hz_to_mel,
        mel_to_hz,
        lambda x: unit_to_hz(x, 20.0, 8000.0, clip=True),
        lambda x: hz_to_unit(x, 20.0, 8000.0),
    ],
)
def test_compiled_for_any_batch_equals_eager(function):
    x = np.array([[0.0, 0.5, 20.0], [1.0, 5.0, 12.0]], np.float32)
    signature = [tf.TensorSpec([None, 3])]
    compiled = tf.function(function, input_signature=signature, jit_compile=True)
    np.testing.assert_allclose(compiled(x), function(x), rtol=2e-5, atol=2e-4)
