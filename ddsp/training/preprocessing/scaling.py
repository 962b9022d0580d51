"""Pitch and levels between 0 and 1, as networks take them."""

from typing import Any

import tensorflow as tf

from ddsp import core
from ddsp.core import DB_RANGE
from ddsp.spectral_ops import F0_RANGE


def at_least_3d(x: Any) -> tf.Tensor:
    """Adds the axes that a control lacks.

    Args:
        x: A number, [n_frames], [batch, n_frames] or [batch, n_frames, n_channels].

    Returns:
        [batch, n_frames, n_channels], with axes of size 1 where there were none.
    """
    x = core.tf_float32(x)
    if x.shape.rank == 0:
        return x[tf.newaxis, tf.newaxis, tf.newaxis]
    if x.shape.rank == 1:
        return x[tf.newaxis, :, tf.newaxis]
    return x[:, :, tf.newaxis] if x.shape.rank == 2 else x


def scale_db(db: Any) -> Any:
    """Maps levels to [0, 1].

    Args:
        db: Level in dB, from -DB_RANGE to 0, any shape.

    Returns:
        From 0 to 1, same shape.
    """
    return db / DB_RANGE + 1.0


def inv_scale_db(db_scaled: Any) -> Any:
    """Undoes `scale_db`.

    Args:
        db_scaled: From 0 to 1, any shape.

    Returns:
        Level in dB, same shape.
    """
    return (db_scaled - 1.0) * DB_RANGE


def scale_f0_hz(f0_hz: Any) -> tf.Tensor:
    """Maps pitches to [0, 1], linear in MIDI notes.

    Args:
        f0_hz: Pitch in Hz, any shape.

    Returns:
        From 0 (MIDI note 0, and 0 Hz) to 1 (MIDI note 127), same shape.
    """
    return core.hz_to_midi(f0_hz) / F0_RANGE


def inv_scale_f0_hz(f0_scaled: Any) -> tf.Tensor:
    """Undoes `scale_f0_hz`.

    Args:
        f0_scaled: From 0 to 1, any shape.

    Returns:
        Pitch in Hz, same shape.
    """
    return core.midi_to_hz(f0_scaled * F0_RANGE)
