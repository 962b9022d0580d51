"""Conversions of level, pitch and frequency from one unit to another."""

from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.core.numerics import log10, logb
from ddsp.core.tensors import float_tensors, tf_float32

# Decibels between the loudest and the softest level that is told from silence.
DB_RANGE = 80.0


def _for_arithmetic(x: Any) -> Any:
    """Makes lists and integer tensors floating point; keeps NumPy and numbers."""
    if tf.is_tensor(x) or isinstance(x, list | tuple):
        return float_tensors(x)[0]
    return x


def power_to_db(
    power: Any, ref_db: float = 0.0, range_db: float = DB_RANGE, use_tf: bool = True
) -> Any:
    """Converts power to decibels.

    Args:
        power: Power (amplitude squared), any shape.
        ref_db: Level in decibels that is to become 0.
        range_db: Nothing is softer than -range_db, with and without ref_db taken off.
        use_tf: Whether to compute with TensorFlow. NumPy keeps float64.

    Returns:
        Level in decibels, tensor or array of the same shape.
    """
    floor = 10.0 ** (-range_db / 10.0)
    if not use_tf:
        decibels = 10.0 * np.log10(np.maximum(floor, power)) - ref_db
        return np.maximum(decibels, -range_db)
    (power,) = float_tensors(power)
    decibels = 10.0 * log10(tf.maximum(power, tf.cast(floor, power.dtype))) - ref_db
    return tf.maximum(decibels, tf.cast(-range_db, power.dtype))


def amplitude_to_db(
    amplitude: Any, ref_db: float = 0.0, range_db: float = DB_RANGE, use_tf: bool = True
) -> Any:
    """Converts amplitude to decibels.

    Args:
        amplitude: Amplitude, any shape.
        ref_db: Level in decibels that is to become 0.
        range_db: Nothing is softer than -range_db, with and without ref_db taken off.
        use_tf: Whether to compute with TensorFlow. NumPy keeps float64.

    Returns:
        Level in decibels, tensor or array of the same shape.
    """
    if use_tf:
        (amplitude,) = float_tensors(amplitude)
        power = tf.square(amplitude)
    else:
        power = np.square(amplitude)
    return power_to_db(power, ref_db=ref_db, range_db=range_db, use_tf=use_tf)


def db_to_amplitude(db: Any) -> Any:
    """Converts decibels to amplitude.

    Args:
        db: Level in decibels, any shape.

    Returns:
        Amplitude, of the same kind and shape; 0 dB is 1.
    """
    return 10.0 ** (_for_arithmetic(db) / 20.0)


def db_to_power(db: Any) -> Any:
    """Converts decibels to power.

    Args:
        db: Level in decibels, any shape.

    Returns:
        Power, of the same kind and shape; 0 dB is 1.
    """
    return 10.0 ** (_for_arithmetic(db) / 10.0)


def midi_to_hz(notes: Any, midi_zero_silence: bool = False) -> tf.Tensor:
    """Converts MIDI notes to frequencies.

    Args:
        notes: Notes, whole or fractional, any shape; 69 is 440 Hz.
        midi_zero_silence: Whether note 0 means silence and becomes 0 Hz.

    Returns:
        Frequencies in Hz, float32 tensor of the same shape.
    """
    notes = tf_float32(notes)
    frequencies = 440.0 * (2.0 ** ((notes - 69.0) / 12.0))
    if midi_zero_silence:
        frequencies = tf.where(notes == 0.0, 0.0, frequencies)
    return frequencies


def hz_to_midi(frequencies: Any) -> tf.Tensor:
    """Converts frequencies to MIDI notes.

    Args:
        frequencies: Frequencies in Hz, any shape.

    Returns:
        Fractional notes, float32 tensor of the same shape; 0 where the frequency is not
        positive.
    """
    frequencies = tf_float32(frequencies)
    notes = 12.0 * (logb(frequencies, 2.0) - logb(440.0, 2.0)) + 69.0
    return tf.where(frequencies <= 0.0, 0.0, notes)


def unit_to_midi(
    unit: Any, midi_min: Any = 20.0, midi_max: Any = 90.0, clip: bool = False
) -> Any:
    """Maps [0, 1] to a range of MIDI notes.

    Args:
        unit: Positions within the range, any shape.
        midi_min: Note of 0.
        midi_max: Note of 1.
        clip: Whether to limit positions to [0, 1].

    Returns:
        Fractional notes, of the same shape.
    """
    unit = _for_arithmetic(unit)
    if clip:
        unit = tf.clip_by_value(unit, 0.0, 1.0)
    return midi_min + (midi_max - midi_min) * unit


def midi_to_unit(
    midi: Any, midi_min: Any = 20.0, midi_max: Any = 90.0, clip: bool = False
) -> Any:
    """Maps a range of MIDI notes to [0, 1].

    Args:
        midi: Notes, any shape.
        midi_min: Note that becomes 0.
        midi_max: Note that becomes 1.
        clip: Whether to limit the result to [0, 1].

    Returns:
        Positions within the range, of the same shape.
    """
    unit = (_for_arithmetic(midi) - midi_min) / (midi_max - midi_min)
    return tf.clip_by_value(unit, 0.0, 1.0) if clip else unit


def unit_to_hz(unit: Any, hz_min: Any, hz_max: Any, clip: bool = False) -> tf.Tensor:
    """Maps [0, 1] to a range of frequencies so that equal steps are equal intervals.

    Args:
        unit: Positions within the range, any shape.
        hz_min: Frequency of 0 in Hz. 0 Hz acts as MIDI note 0, which is 8.18 Hz.
        hz_max: Frequency of 1 in Hz.
        clip: Whether to limit positions to [0, 1].

    Returns:
        Frequencies in Hz, float32 tensor of the same shape.
    """
    midi_min, midi_max = hz_to_midi(hz_min), hz_to_midi(hz_max)
    return midi_to_hz(unit_to_midi(tf_float32(unit), midi_min, midi_max, clip))


def hz_to_unit(hz: Any, hz_min: Any, hz_max: Any, clip: bool = False) -> tf.Tensor:
    """Maps a range of frequencies to [0, 1] so that equal intervals are equal steps.

    Args:
        hz: Frequencies in Hz, any shape.
        hz_min: Frequency in Hz that becomes 0. 0 Hz acts as MIDI note 0 (8.18 Hz).
        hz_max: Frequency in Hz that becomes 1.
        clip: Whether to limit the result to [0, 1].

    Returns:
        Positions within the range, float32 tensor of the same shape.
    """
    midi_min, midi_max = hz_to_midi(hz_min), hz_to_midi(hz_max)
    return midi_to_unit(hz_to_midi(hz), midi_min, midi_max, clip)


def hz_to_bark(hz: Any) -> Any:
    """Converts frequencies to the Bark scale (Traunmueller, JASA 88, 1990, p. 97).

    Args:
        hz: Frequencies in Hz, any shape.

    Returns:
        Critical band rate in Bark, of the same kind and shape; -0.53 at 0 Hz.
    """
    hz = _for_arithmetic(hz)
    return 26.81 * hz / (1960.0 + hz) - 0.53


def bark_to_hz(bark: Any) -> Any:
    """Converts the Bark scale to frequencies, the inverse of `hz_to_bark`.

    Args:
        bark: Critical band rate in Bark, any shape, below 26.28.

    Returns:
        Frequencies in Hz, of the same kind and shape.
    """
    shifted = _for_arithmetic(bark) + 0.53
    return 1960.0 * shifted / (26.81 - shifted)


def hz_to_mel(hz: Any) -> tf.Tensor:
    """Converts frequencies to the mel scale (O'Shaughnessy, 1987).

    Args:
        hz: Frequencies in Hz, any shape.

    Returns:
        Pitch in mel, tensor of the same shape; 1000 Hz are 1000 mel.
    """
    return 2595.0 * log10(1.0 + _for_arithmetic(hz) / 700.0)


def mel_to_hz(mel: Any) -> Any:
    """Converts the mel scale to frequencies, the inverse of `hz_to_mel`.

    Args:
        mel: Pitch in mel, any shape.

    Returns:
        Frequencies in Hz, of the same kind and shape.
    """
    return 700.0 * (10.0 ** (_for_arithmetic(mel) / 2595.0) - 1.0)


def hz_to_erb(hz: Any) -> Any:
    """Bandwidth of the auditory filter at a frequency (Glasberg and Moore, 1990).

    Args:
        hz: Centre frequencies in Hz, any shape.

    Returns:
        Equivalent rectangular bandwidths in Hz, of the same kind and shape.
    """
    return 0.108 * _for_arithmetic(hz) + 24.7
