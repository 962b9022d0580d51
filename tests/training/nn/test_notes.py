import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER

from ddsp.training import nn

# Two notes of the same pitch with silence between, then a third; frames of each.
PITCH = np.repeat([[60.0, 0.0, 60.0, 67.0]], [3, 2, 4, 2], axis=1).astype(np.float32)
FRAMES = [range(0, 3), range(3, 5), range(5, 9), range(9, 11)]


@pytest.fixture
def recorded():
    return np.load(FOLDER / "functions.npz")


def test_values_are_those_of_the_original(recorded):
    pitch, onset, x = (recorded[f"in/{k}"] for k in ("q_pitch", "onset", "xm"))
    mask = nn.get_note_mask(pitch, max_regions=6)
    np.testing.assert_array_equal(mask, recorded["note_mask"])
    every = nn.get_note_mask(pitch, max_regions=6, note_on_only=False)
    np.testing.assert_array_equal(every, recorded["note_mask_all"])
    from_onset = nn.get_note_mask_from_onset(pitch, onset, max_regions=6)
    np.testing.assert_array_equal(from_onset, recorded["note_mask_from_onset"])
    for function, name in (
        (nn.get_note_moments, "moments"),
        (nn.pool_over_notes, "pool"),
    ):
        mean, std = function(x, mask)
        np.testing.assert_allclose(mean, recorded[f"{name}_mean"], atol=1e-6)
        np.testing.assert_allclose(std, recorded[f"{name}_std"], atol=1e-6)
    lengths = nn.get_note_lengths(mask)
    pitches = nn.get_note_moments(pitch, mask, return_std=False)
    short = nn.get_short_note_loss_mask(mask, lengths, pitches, min_length=3)
    np.testing.assert_array_equal(short, recorded["short_mask"])


def test_notes_are_the_stretches_of_one_pitch_and_silence_keeps_its_place():
    mask = nn.get_note_mask(PITCH, max_regions=5, note_on_only=False).numpy()
    for number, frames in enumerate(FRAMES):
        assert np.flatnonzero(mask[0, :, number]).tolist() == list(frames)
    assert not mask[0, :, 4].any()
    sounding = nn.get_note_mask(PITCH, max_regions=5).numpy()
    assert not sounding[0, :, 1].any()
    np.testing.assert_array_equal(np.delete(sounding, 1, -1), np.delete(mask, 1, -1))


def test_notes_beyond_the_room_of_the_mask_are_left_out():
    mask = nn.get_note_mask(PITCH, max_regions=2, note_on_only=False)
    np.testing.assert_array_equal(nn.get_note_lengths(mask), [[3.0, 2.0]])


def test_a_change_in_the_last_frame_starts_no_note():
    mask = nn.get_note_mask(tf.constant([[60.0, 60.0, 62.0]]), max_regions=2)
    np.testing.assert_array_equal(nn.get_note_lengths(mask), [[3.0, 0.0]])


@pytest.mark.parametrize("n_frames", [1, 2])
def test_few_frames_are_one_note(n_frames):
    mask = nn.get_note_mask(np.arange(60.0, 60.0 + n_frames)[np.newaxis], max_regions=2)
    np.testing.assert_array_equal(nn.get_note_lengths(mask), [[n_frames, 0.0]])


def test_onsets_part_notes_of_one_pitch_and_silent_frames_belong_to_none():
    onset = np.zeros_like(PITCH)
    onset[0, [0, 2, 9]] = 1.0
    mask = nn.get_note_mask_from_onset(PITCH, onset, max_regions=4).numpy()
    assert [np.flatnonzero(note).tolist() for note in mask[0].T] == [
        [0, 1],
        [2, 5, 6, 7, 8],  # 3 and 4 are silent.
        [9, 10],
        [],
    ]


@pytest.mark.parametrize("n_channels", [None, 2])
def test_moments_are_those_of_the_frames_of_each_note(n_channels, rng):
    shape = [1, 11] if n_channels is None else [1, 11, n_channels]
    x = rng.normal(100.0, 1.0, size=shape).astype(np.float32)
    mask = nn.get_note_mask(PITCH, max_regions=4, note_on_only=False)
    mean, std = nn.get_note_moments(x, mask)
    pooled_mean, pooled_std = nn.pool_over_notes(x, mask)
    for number, frames in enumerate(FRAMES):
        part = np.float64(x[0, list(frames)])
        np.testing.assert_allclose(mean[0, number], part.mean(0), rtol=1e-6)
        np.testing.assert_allclose(std[0, number], part.std(0), atol=1e-4)
        for frame in frames:
            np.testing.assert_array_equal(pooled_mean[0, frame], mean[0, number])
            np.testing.assert_array_equal(pooled_std[0, frame], std[0, number])
    alone = nn.pool_over_notes(x, mask, return_std=False)
    np.testing.assert_array_equal(alone, pooled_mean)


def test_steady_and_empty_notes_have_a_finite_gradient():
    x = tf.fill([1, 11], 3.0)
    mask = nn.get_note_mask(PITCH, max_regions=6)
    with tf.GradientTape() as tape:
        tape.watch(x)
        mean, std = nn.pool_over_notes(x, mask)
        total = tf.reduce_sum(mean) + tf.reduce_sum(std)
    # A note's mean over its frames sums up to the frames themselves.
    np.testing.assert_allclose(tape.gradient(total, x), PITCH > 0, atol=1e-6)


def test_short_notes_are_found_and_short_silence_is_not():
    mask = nn.get_note_mask(PITCH, max_regions=4, note_on_only=False)
    pitches = nn.get_note_moments(PITCH, mask, return_std=False)
    lengths = nn.get_note_lengths(mask)
    found = nn.get_short_note_loss_mask(mask, lengths, pitches, min_length=4).numpy()
    assert np.flatnonzero(found[0]).tolist() == [0, 1, 2, 9, 10]


def test_compiled_functions_give_the_same():
    compiled = tf.function(nn.get_note_mask, jit_compile=True)
    np.testing.assert_array_equal(compiled(PITCH), nn.get_note_mask(PITCH))
