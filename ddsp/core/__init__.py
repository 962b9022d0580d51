"""Pure functions on tensors: the mathematics of the library."""

from ddsp.core.convolution import crop_and_compensate_delay, fft_convolve, get_fft_size
from ddsp.core.crossfade import constant_power_gains
from ddsp.core.decay import exponential_decay
from ddsp.core.envelopes import adsr_envelope, duration_sigmoid
from ddsp.core.filters import (
    apply_window_to_impulse_response,
    frequency_filter,
    frequency_impulse_response,
)
from ddsp.core.harmonics import (
    get_harmonic_frequencies,
    harmonic_synthesis,
    normalize_harmonics,
    streaming_harmonic_synthesis,
)
from ddsp.core.hidden_markov import hmm_log_likelihood, hmm_most_likely_path
from ddsp.core.inharmonicity import (
    get_inharmonic_frequencies,
    inharmonic_synthesis,
    inharmonicity_sigmoid,
)
from ddsp.core.nested import leaf_key, map_shape, nested_keys, nested_lookup, to_dict
from ddsp.core.noise import seeded_noise, white_noise
from ddsp.core.numerics import (
    log10,
    log_scale,
    logb,
    safe_divide,
    safe_log,
    safe_root,
    soft_limit,
)
from ddsp.core.oscillators import (
    angular_cumsum,
    harmonic_oscillator_bank,
    oscillator_bank,
    remove_above_nyquist,
)
from ddsp.core.oversampling import decimate, oversample
from ddsp.core.resampling import center_crop, resample, upsample_with_windows
from ddsp.core.scaling import (
    exp_sigmoid,
    frequencies_critical_bands,
    frequencies_sigmoid,
    frequencies_softmax,
    log_scale_sigmoid,
    sym_exp_sigmoid,
)
from ddsp.core.sinc_filters import sinc, sinc_filter, sinc_impulse_response
from ddsp.core.sinusoidal_conversion import (
    harmonic_to_sinusoidal,
    sinusoidal_to_harmonic,
)
from ddsp.core.sinusoids import sinusoidal_synthesis
from ddsp.core.tensors import (
    Number,
    copy_if_tf_function,
    diff,
    gradient_reversal,
    make_iterable,
    nan_to_num,
    pad_axis,
    tf_float32,
)
from ddsp.core.units import (
    DB_RANGE,
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
from ddsp.core.waveforms import (
    bandlimited_synthesis,
    fade_below_nyquist,
    waveform_amplitudes,
)
from ddsp.core.waveshaping import (
    chebyshev_waveshaper,
    drive_sigmoid,
    tanh_waveshaper,
)
from ddsp.core.wavetable_banks import mix_wavetables, random_wavetables
from ddsp.core.wavetables import (
    harmonic_distribution_to_wavetable,
    linear_lookup,
    variable_length_delay,
    wavetable_synthesis,
)

__all__ = [
    "DB_RANGE",
    "Number",
    "adsr_envelope",
    "amplitude_to_db",
    "angular_cumsum",
    "apply_window_to_impulse_response",
    "bandlimited_synthesis",
    "bark_to_hz",
    "center_crop",
    "chebyshev_waveshaper",
    "constant_power_gains",
    "copy_if_tf_function",
    "crop_and_compensate_delay",
    "db_to_amplitude",
    "db_to_power",
    "decimate",
    "diff",
    "drive_sigmoid",
    "duration_sigmoid",
    "exp_sigmoid",
    "exponential_decay",
    "fade_below_nyquist",
    "fft_convolve",
    "frequencies_critical_bands",
    "frequencies_sigmoid",
    "frequencies_softmax",
    "frequency_filter",
    "frequency_impulse_response",
    "get_fft_size",
    "get_harmonic_frequencies",
    "get_inharmonic_frequencies",
    "gradient_reversal",
    "harmonic_distribution_to_wavetable",
    "harmonic_oscillator_bank",
    "harmonic_synthesis",
    "harmonic_to_sinusoidal",
    "hmm_log_likelihood",
    "hmm_most_likely_path",
    "hz_to_bark",
    "hz_to_erb",
    "hz_to_mel",
    "hz_to_midi",
    "hz_to_unit",
    "inharmonic_synthesis",
    "inharmonicity_sigmoid",
    "leaf_key",
    "linear_lookup",
    "log10",
    "log_scale",
    "log_scale_sigmoid",
    "logb",
    "make_iterable",
    "map_shape",
    "mel_to_hz",
    "midi_to_hz",
    "midi_to_unit",
    "mix_wavetables",
    "nan_to_num",
    "nested_keys",
    "nested_lookup",
    "normalize_harmonics",
    "oscillator_bank",
    "oversample",
    "pad_axis",
    "power_to_db",
    "random_wavetables",
    "remove_above_nyquist",
    "resample",
    "safe_divide",
    "safe_log",
    "safe_root",
    "seeded_noise",
    "sinc",
    "sinc_filter",
    "sinc_impulse_response",
    "sinusoidal_synthesis",
    "sinusoidal_to_harmonic",
    "soft_limit",
    "streaming_harmonic_synthesis",
    "sym_exp_sigmoid",
    "tanh_waveshaper",
    "tf_float32",
    "to_dict",
    "unit_to_hz",
    "unit_to_midi",
    "upsample_with_windows",
    "variable_length_delay",
    "waveform_amplitudes",
    "wavetable_synthesis",
    "white_noise",
]
