"""Every public function of core: its gradient, its graphs, and its extremes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences

from ddsp import core

RNG = np.random.default_rng(5)
# Functions without a gradient, and why.
NO_GRADIENT = {
    "DB_RANGE": "a constant",
    "Number": "a type",
    "copy_if_tf_function": "moves references",
    "get_fft_size": "sizes",
    "leaf_key": "names",
    "make_iterable": "moves references",
    "map_shape": "shapes",
    "nested_keys": "names",
    "nested_lookup": "moves references",
    "to_dict": "moves references",
    "random_wavetables": "draws initial values",
    "waveform_amplitudes": "constants",
    "white_noise": "draws noise",
    "seeded_noise": "a context",
    "gradient_reversal": "its gradient is not the derivative",
    "hmm_most_likely_path": "states are whole numbers",
}


@dataclass(frozen=True)
class Row:
    """How to call a function on inputs that all have a gradient.

    Attributes:
        function: The function, of tensors alone.
        inputs: Where it is smooth.
        steps: For finite differences, a number for each input.
    """

    function: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    steps: tuple[float, ...]


def between(low: float, high: float, *shape: int) -> np.ndarray:
    return RNG.uniform(low, high, shape or (2, 6)).astype(np.float32)


def one(function: Callable[..., Any], low: float, high: float, step: float) -> Row:
    return Row(function, (between(low, high),), (step,))


def frames(low: float, high: float, channels: int) -> np.ndarray:
    return between(low, high, 2, 5, channels)


ROWS = {
    "amplitude_to_db": one(core.amplitude_to_db, 0.1, 2, 1e-3),
    "power_to_db": one(core.power_to_db, 0.1, 2, 1e-3),
    "db_to_amplitude": one(core.db_to_amplitude, -40, 10, 1e-2),
    "db_to_power": one(core.db_to_power, -40, 10, 1e-2),
    "midi_to_hz": one(core.midi_to_hz, 20, 100, 1e-2),
    "hz_to_midi": one(core.hz_to_midi, 50, 2000, 0.5),
    "unit_to_midi": one(core.unit_to_midi, 0, 1, 1e-2),
    "midi_to_unit": one(core.midi_to_unit, 20, 90, 1e-1),
    "unit_to_hz": one(lambda x: core.unit_to_hz(x, 20.0, 2000.0), 0, 1, 1e-3),
    "hz_to_unit": one(lambda x: core.hz_to_unit(x, 20.0, 2000.0), 50, 1000, 0.5),
    "hz_to_bark": one(core.hz_to_bark, 50, 5000, 1.0),
    "bark_to_hz": one(core.bark_to_hz, 2, 20, 1e-2),
    "hz_to_mel": one(core.hz_to_mel, 50, 5000, 1.0),
    "mel_to_hz": one(core.mel_to_hz, 50, 2000, 1.0),
    "hz_to_erb": one(core.hz_to_erb, 50, 5000, 1.0),
    "nan_to_num": one(core.nan_to_num, -1, 1, 1e-2),
    "diff": one(core.diff, -1, 1, 1e-2),
    "pad_axis": one(lambda x: core.pad_axis(x, (1, 2), axis=1), -1, 1, 1e-2),
    "tf_float32": one(core.tf_float32, -1, 1, 1e-2),
    "safe_log": one(core.safe_log, 0.5, 2, 1e-3),
    "log10": one(core.log10, 0.5, 2, 1e-3),
    "safe_root": one(core.safe_root, 0.5, 2, 1e-3),
    "logb": Row(core.logb, (between(0.5, 2), between(2, 4)), (1e-3, 1e-2)),
    "safe_divide": Row(core.safe_divide, (between(0, 1), between(1, 2)), (1e-2, 1e-3)),
    "log_scale": one(lambda x: core.log_scale(x, 20.0, 2000.0), -1, 1, 1e-3),
    "log_scale_sigmoid": one(
        lambda x: core.log_scale_sigmoid(x, 0.1, 100.0), -4, 4, 1e-2
    ),
    "soft_limit": one(lambda x: core.soft_limit(x, 0.0, 5.0), -3, 8, 1e-2),
    "exp_sigmoid": one(core.exp_sigmoid, -4, 4, 1e-2),
    "sym_exp_sigmoid": one(core.sym_exp_sigmoid, 0.2, 4, 1e-2),
    "frequencies_softmax": Row(
        lambda x: core.frequencies_softmax(x, depth=4), (frames(-2, 2, 8),), (1e-3,)
    ),
    "frequencies_sigmoid": Row(
        lambda x: core.frequencies_sigmoid(x, depth=2), (frames(-2, 2, 8),), (1e-3,)
    ),
    "frequencies_critical_bands": Row(
        lambda x: core.frequencies_critical_bands(x, depth=2),
        (frames(-2, 2, 8),),
        (1e-2,),
    ),
    "resample": Row(lambda x: core.resample(x, 16), (frames(-1, 1, 3),), (1e-2,)),
    "upsample_with_windows": Row(
        lambda x: core.upsample_with_windows(x, 20), (frames(-1, 1, 3),), (1e-2,)
    ),
    "center_crop": one(lambda x: core.center_crop(x, 3), -1, 1, 1e-2),
    "remove_above_nyquist": Row(
        lambda x: core.remove_above_nyquist(tf.fill([2, 6], 100.0), x),
        (between(0, 1),),
        (1e-2,),
    ),
    "get_harmonic_frequencies": Row(
        lambda x: core.get_harmonic_frequencies(x, 4), (frames(50, 500, 1),), (0.1,)
    ),
    "normalize_harmonics": Row(core.normalize_harmonics, (frames(0.1, 1, 4),), (1e-3,)),
    "angular_cumsum": Row(core.angular_cumsum, (between(0.01, 0.05),), (1e-3,)),
    "oscillator_bank": Row(
        core.oscillator_bank,
        (between(100, 900, 2, 30, 3), between(0.1, 1, 2, 30, 3)),
        (1.0, 1e-2),
    ),
    "harmonic_oscillator_bank": Row(
        lambda f0, a: core.harmonic_oscillator_bank(f0, a)[0],
        (between(100, 300, 2, 30, 1), between(0.1, 1, 2, 30, 3)),
        (1.0, 1e-2),
    ),
    "harmonic_synthesis": Row(
        lambda f0, a, d: core.harmonic_synthesis(
            f0, a, harmonic_distribution=d, n_samples=100
        ),
        (frames(200, 400, 1), frames(0.1, 1, 1), frames(0.1, 1, 4)),
        (0.2, 1e-2, 1e-2),
    ),
    "streaming_harmonic_synthesis": Row(
        lambda f0, a, d: core.streaming_harmonic_synthesis(f0, a, d, n_samples=100)[0],
        (frames(200, 400, 1), frames(0.1, 1, 1), frames(0.1, 1, 4)),
        (0.2, 1e-2, 1e-3),
    ),
    "harmonic_to_sinusoidal": Row(
        lambda a, d, f0: tf.concat(core.harmonic_to_sinusoidal(a, d, f0), axis=-1),
        (frames(0.1, 1, 1), frames(0.1, 1, 4), frames(200, 400, 1)),
        (1e-2, 1e-3, 0.1),
    ),
    "sinusoidal_to_harmonic": Row(
        lambda a, f, f0: tf.concat(
            core.sinusoidal_to_harmonic(a, f, f0, n_harmonics=4), axis=-1
        ),
        (frames(0.1, 1, 3), frames(200, 800, 3), frames(200, 210, 1)),
        (1e-2, 0.1, 0.1),
    ),
    "linear_lookup": Row(
        core.linear_lookup,
        # Away from the corners at the points.
        (
            np.float32((RNG.integers(0, 8, [2, 9]) + between(0.2, 0.8, 2, 9)) / 8),
            between(-1, 1, 2, 8),
        ),
        (1e-3, 1e-2),
    ),
    "harmonic_distribution_to_wavetable": Row(
        lambda x: core.harmonic_distribution_to_wavetable(x, 16),
        (frames(0, 1, 4),),
        (1e-2,),
    ),
    "wavetable_synthesis": Row(
        lambda a, t: core.wavetable_synthesis(tf.fill([2, 5, 1], 300.0), a, t, 50),
        (frames(0.1, 1, 1), frames(-1, 1, 8)),
        (1e-2, 1e-2),
    ),
    "variable_length_delay": Row(
        lambda phase, audio: core.variable_length_delay(phase, audio, 8),
        (
            np.float32((RNG.integers(0, 8, [2, 20, 1]) + 0.5) / 8),
            between(-1, 1, 2, 20),
        ),
        (1e-3, 1e-2),
    ),
    "fft_convolve": Row(
        core.fft_convolve, (between(-1, 1, 2, 40), between(-1, 1, 2, 9)), (1e-2, 1e-2)
    ),
    "crop_and_compensate_delay": Row(
        lambda x: core.crop_and_compensate_delay(x, 20, 9, "same", 3),
        (between(-1, 1, 2, 28),),
        (1e-2,),
    ),
    "frequency_impulse_response": Row(
        lambda x: core.frequency_impulse_response(x, 9), (between(0, 1, 2, 9),), (1e-2,)
    ),
    "apply_window_to_impulse_response": Row(
        lambda x: core.apply_window_to_impulse_response(x, 9),
        (between(-1, 1, 2, 16),),
        (1e-2,),
    ),
    "frequency_filter": Row(
        core.frequency_filter,
        (between(-1, 1, 2, 40), between(0, 1, 2, 4, 9)),
        (1e-2, 1e-2),
    ),
    "sinc": one(core.sinc, -3, 3, 1e-2),
    "sinc_impulse_response": Row(
        lambda x: core.sinc_impulse_response(x, 16), (frames(0.2, 0.6, 1),), (1e-3,)
    ),
    "sinc_filter": Row(
        lambda x, c: core.sinc_filter(x, c, 16),
        (between(-1, 1, 2, 40), frames(0.2, 0.6, 1)),
        (1e-2, 1e-3),
    ),
}
# These have files of their own, with the same claims.
TESTED_ELSEWHERE = {
    "adsr_envelope",
    "bandlimited_synthesis",
    "chebyshev_waveshaper",
    "constant_power_gains",
    "decimate",
    "drive_sigmoid",
    "duration_sigmoid",
    "exponential_decay",
    "fade_below_nyquist",
    "get_inharmonic_frequencies",
    "hmm_log_likelihood",
    "inharmonic_synthesis",
    "inharmonicity_sigmoid",
    "mix_wavetables",
    "oversample",
    "sinusoidal_synthesis",
    "tanh_waveshaper",
}
# Exponentials, which leave the range of numbers for absurd inputs.
OVERFLOW = {"db_to_amplitude", "db_to_power", "midi_to_hz", "unit_to_hz", "log_scale"}
# Element by element, without phase or transform: these keep the type they are given.
KEEP_TYPE = {
    "amplitude_to_db",
    "power_to_db",
    "db_to_amplitude",
    "db_to_power",
    "unit_to_midi",
    "midi_to_unit",
    "hz_to_bark",
    "bark_to_hz",
    "hz_to_mel",
    "mel_to_hz",
    "hz_to_erb",
    "diff",
    "safe_log",
    "log10",
    "logb",
    "safe_divide",
    "safe_root",
    "soft_limit",
    "normalize_harmonics",
}
every_row = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


def test_no_function_is_forgotten() -> None:
    assert set(core.__all__) == set(ROWS) | set(NO_GRADIENT) | TESTED_ELSEWHERE


@every_row
def test_gradient_is_the_derivative(row: Row) -> None:
    assert_gradients_match_differences(row.function, row.inputs, row.steps)


@every_row
def test_traced_and_compiled_with_unknown_batch_equal_eager(row: Row) -> None:
    eager = row.function(*map(tf.constant, row.inputs))
    signature = [tf.TensorSpec([None, *x.shape[1:]]) for x in row.inputs]
    scale = float(tf.reduce_max(tf.abs(eager)))
    for compiled in (False, True):
        function = tf.function(
            row.function, input_signature=signature, jit_compile=compiled
        )
        found = function(*row.inputs)
        np.testing.assert_allclose(found, eager, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("value", [0.0, 8000.0, 1e4, -1e4])
@pytest.mark.parametrize("name", [name for name in ROWS if name not in OVERFLOW])
def test_value_and_gradient_are_finite_at_extremes(name: str, value: float) -> None:
    inputs = [tf.fill(x.shape, value) for x in ROWS[name].inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = ROWS[name].function(*inputs)
    assert np.isfinite(output).all()
    for gradient in tape.gradient(output, inputs):
        assert gradient is None or np.isfinite(gradient).all()


@pytest.mark.parametrize("name", [name for name in ROWS if name not in KEEP_TYPE])
def test_half_precision_is_promoted(name: str) -> None:
    halves = [tf.constant(x, tf.float16) for x in ROWS[name].inputs]
    found = ROWS[name].function(*halves)
    expected = ROWS[name].function(*[tf.cast(x, tf.float32) for x in halves])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
