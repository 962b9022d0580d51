"""Notes in sequences of frames: which frame belongs to which, and averages of each.

A mask of notes, [batch, n_frames, n_notes], is 1 where a frame belongs to a note and 0
elsewhere; a frame belongs to one note at most. Notes are numbered in their order.
"""

import tensorflow as tf

from ddsp import core


def get_note_mask(
    q_pitch: tf.Tensor, max_regions: int = 100, note_on_only: bool = True
) -> tf.Tensor:
    """Finds notes as stretches of the same pitch.

    The last frame always belongs to the stretch before it, as in the original.

    Args:
        q_pitch: Pitch as whole MIDI notes, not above 0 in silence, [batch, n_frames] or
            [batch, n_frames, 1].
        max_regions: Number of stretches that the mask has room for; later ones are left
            out.
        note_on_only: Whether stretches of silence get no frames; they keep their place
            in the mask.

    Returns:
        Mask of notes, [batch, n_frames, max_regions].

    Example:
        >>> mask = get_note_mask(tf.constant([[60.0, 60.0, 0.0, 0.0]]), max_regions=2)
        >>> mask[0].numpy().tolist()
        [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    """
    q_pitch = _frames(core.tf_float32(q_pitch))
    changes = tf.not_equal(q_pitch[:, 1:], q_pitch[:, :-1])[:, :-1]
    starts = tf.pad(tf.cast(changes, tf.int32), [[0, 0], [1, 1]])
    mask = _mask_from_starts(starts[:, : tf.shape(q_pitch)[1]], max_regions)
    if note_on_only:
        sums = tf.einsum("bt,btn->bn", q_pitch, mask)
        mask *= tf.cast(sums > 0.0, mask.dtype)[:, tf.newaxis]
    return mask


def get_note_mask_from_onset(
    q_pitch: tf.Tensor,
    onset: tf.Tensor,
    max_regions: int = 100,
    note_on_only: bool = True,
) -> tf.Tensor:
    """Finds notes as stretches between onsets.

    Args:
        q_pitch: Pitch as whole MIDI notes, not above 0 in silence, [batch, n_frames] or
            [batch, n_frames, 1].
        onset: 1 in the first frame of a note and 0 elsewhere, same shape. What it is in
            the first frame of all does not matter.
        max_regions: Number of stretches that the mask has room for; later ones are left
            out.
        note_on_only: Whether silent frames belong to no note.

    Returns:
        Mask of notes, [batch, n_frames, max_regions].

    Example:
        >>> pitch, onset = tf.constant([[60.0, 60.0]]), tf.constant([[1.0, 1.0]])
        >>> get_note_mask_from_onset(pitch, onset, max_regions=2)[0].numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    q_pitch = _frames(core.tf_float32(q_pitch))
    starts = tf.cast(tf.equal(_frames(core.tf_float32(onset)), 1.0), tf.int32)
    mask = _mask_from_starts(tf.pad(starts[:, 1:], [[0, 0], [1, 0]]), max_regions)
    if note_on_only:
        mask *= tf.cast(q_pitch > 0.0, mask.dtype)[:, :, tf.newaxis]
    return mask


def _frames(x: tf.Tensor) -> tf.Tensor:
    """[batch, n_frames, 1] to [batch, n_frames]."""
    return x[:, :, 0] if len(x.shape) == 3 else x


def _mask_from_starts(starts: tf.Tensor, max_regions: int) -> tf.Tensor:
    """Counts starts [batch, n_frames]; what is beyond max_regions has no column."""
    return tf.one_hot(tf.cumsum(starts, axis=1), max_regions)


def get_note_lengths(note_mask: tf.Tensor) -> tf.Tensor:
    """Counts the frames of each note.

    Args:
        note_mask: Mask of notes, [batch, n_frames, n_notes].

    Returns:
        Length in frames, [batch, n_notes].

    Example:
        >>> mask = tf.constant([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
        >>> get_note_lengths(mask).numpy().tolist()
        [[2.0, 1.0]]
    """
    return tf.reduce_sum(note_mask, axis=1)


def get_note_moments(
    x: tf.Tensor, note_mask: tf.Tensor, return_std: bool = True
) -> tuple[tf.Tensor, tf.Tensor] | tf.Tensor:
    """Averages a signal over each note.

    Args:
        x: [batch, n_frames] or [batch, n_frames, n_channels].
        note_mask: Mask of notes, [batch, n_frames, n_notes].
        return_std: Whether to return the deviation as well.

    Returns:
        Mean, [batch, n_notes] or [batch, n_notes, n_channels], 0 for a note without
        frames; and the standard deviation within the note, of the same shape.

    Example:
        >>> mask = tf.constant([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
        >>> mean, std = get_note_moments(tf.constant([[1.0, 3.0, 8.0]]), mask)
        >>> mean.numpy().tolist(), std.numpy().tolist()
        ([[2.0, 8.0]], [[1.0, 0.0]])
    """
    x = core.tf_float32(x)
    lengths = get_note_lengths(note_mask)
    if len(x.shape) == 3:
        lengths = lengths[..., tf.newaxis]
    mean = core.safe_divide(tf.einsum("bt...,btn->bn...", x, note_mask), lengths)
    if not return_std:
        return mean
    # Frame by frame, because the mean of squares less the square of the mean cancels.
    deviation = x - tf.einsum("bn...,btn->bt...", mean, note_mask)
    squares = tf.einsum("bt...,btn->bn...", deviation**2, note_mask)
    # Steady notes have the gradient 0.
    return mean, core.safe_root(core.safe_divide(squares, lengths))


def pool_over_notes(
    x: tf.Tensor, note_mask: tf.Tensor, return_std: bool = True
) -> tuple[tf.Tensor, tf.Tensor] | tf.Tensor:
    """Puts the average over its note in the place of every frame.

    Args:
        x: [batch, n_frames] or [batch, n_frames, n_channels].
        note_mask: Mask of notes, [batch, n_frames, n_notes].
        return_std: Whether to return the deviation as well.

    Returns:
        Mean, the shape of x, 0 in frames that belong to no note; and the standard
        deviation within the note, of the same shape.

    Example:
        >>> mask = tf.constant([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
        >>> x = tf.constant([[1.0, 3.0, 8.0]])
        >>> pool_over_notes(x, mask, return_std=False).numpy().tolist()
        [[2.0, 2.0, 8.0]]
    """
    moments = get_note_moments(x, note_mask, return_std)
    if not return_std:
        return tf.einsum("bn...,btn->bt...", moments, note_mask)
    mean, std = (tf.einsum("bn...,btn->bt...", m, note_mask) for m in moments)
    return mean, std


def get_short_note_loss_mask(
    note_mask: tf.Tensor,
    note_lengths: tf.Tensor,
    note_pitches: tf.Tensor,
    min_length: int = 40,
) -> tf.Tensor:
    """Finds the frames of notes that are too short.

    Args:
        note_mask: Mask of notes, [batch, n_frames, n_notes].
        note_lengths: Length of each note in frames, [batch, n_notes].
        note_pitches: Pitch of each note, not above 0 in silence, [batch, n_notes] or
            [batch, n_notes, 1].
        min_length: Shortest length in frames that is no fault.

    Returns:
        1 in the frames of sounding notes shorter than that, 0 elsewhere,
        [batch, n_frames].

    Example:
        >>> mask = tf.constant([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
        >>> lengths, pitches = tf.constant([[2.0, 1.0]]), tf.constant([[60.0, 64.0]])
        >>> get_short_note_loss_mask(mask, lengths, pitches, min_length=2)[0].numpy()
        array([0., 0., 1.], dtype=float32)
    """
    is_short = note_lengths < tf.cast(min_length, note_lengths.dtype)
    faulty = tf.logical_and(is_short, _frames(note_pitches) > 0.0)
    return tf.einsum("btn,bn->bt", note_mask, tf.cast(faulty, note_mask.dtype))
