"""Processors for one piece: noise in its place, and reverberation as wanted."""

import numpy as np
import pytest
import tensorflow as tf
from signals import snr_db

from ddsp import effects, processors, synths
from ddsp.training.inference import segments
from ddsp.training.inference.playing import GroupPlayer, room_secs

HOP, N_FRAMES = 64, 60


def controls(first: int = 0, last: int = N_FRAMES) -> dict[str, tf.Tensor]:
    rng = np.random.default_rng(9)
    curves = {
        "amps": rng.uniform(0.5, 1.0, [1, N_FRAMES, 1]),
        "shares": rng.uniform(0.1, 1.0, [1, N_FRAMES, 4]),
        "f0_hz": np.full([1, N_FRAMES, 1], 200.0),
        "noise": rng.uniform(0.0, 1.0, [1, N_FRAMES, 9]),
    }
    return {k: tf.constant(v[:, first:last], tf.float32) for k, v in curves.items()}


def make_group(reverb: effects.Reverb) -> processors.ProcessorGroup:
    return processors.ProcessorGroup(
        [
            (synths.Harmonic(scale_fn=None), ["amps", "shares", "f0_hz"]),
            (synths.FilteredNoise(scale_fn=None, window_size=0), ["noise"]),
            (processors.Add(), ["filtered_noise/signal", "harmonic/signal"]),
            (reverb, ["add/signal"]),
        ]
    )


def make_reverb(add_dry: bool = True) -> effects.Reverb:
    reverb = effects.Reverb(trainable=True, reverb_length=400, add_dry=add_dry)
    reverb.build()
    rng = np.random.default_rng(10)
    reverb._ir.assign(0.1 * rng.standard_normal(400).astype(np.float32))
    return reverb


def noise_alone() -> processors.ProcessorGroup:
    synth = synths.FilteredNoise(scale_fn=None, window_size=0)
    return processors.ProcessorGroup([(synth, ["noise"])])


def test_noise_of_a_piece_is_that_of_the_whole() -> None:
    player = GroupPlayer(noise_alone(), HOP, seed=5)
    whole = player.play(controls(), 0, N_FRAMES)
    piece = player.play(controls(20, 50), 20, 50)
    inside = slice(21 * HOP, 49 * HOP)  # Filters reach over the ends.
    assert np.std(whole[inside]) > 0.05
    np.testing.assert_allclose(piece[HOP:-HOP], whole[inside], atol=1e-6)


def test_noise_has_the_spectrum_that_it_is_asked_for() -> None:
    magnitudes = np.zeros([1, N_FRAMES, 9], np.float32)
    magnitudes[..., 3] = 1.0  # Of 8000 Hz, three eighths.
    audio = GroupPlayer(noise_alone(), HOP).play({"noise": magnitudes}, 0, N_FRAMES)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size))) ** 2
    centre = np.sum(spectrum * np.linspace(0, 8, spectrum.size)) / spectrum.sum()
    assert centre == pytest.approx(3.0, abs=0.1)


def test_seeds_make_other_noise_and_the_same_seed_the_same() -> None:
    group = noise_alone()
    first, again, other = (
        GroupPlayer(group, HOP, seed).play(controls(), 0, N_FRAMES)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.1


@pytest.mark.parametrize("add_dry", [True, False])
def test_reverb_goes_from_dry_to_as_learned(add_dry: bool) -> None:
    group = make_group(make_reverb(add_dry))
    dry, half, wet = (
        GroupPlayer(group, HOP, 3, reverb).play(controls(), 0, N_FRAMES)
        for reverb in (0.0, 0.5, 1.0)
    )
    without = processors.ProcessorGroup(
        [(getattr(group, name), paths) for name, paths in group.dag[:-1]]
    )
    bare = GroupPlayer(without, HOP, 3).play(controls(), 0, N_FRAMES)
    np.testing.assert_allclose(dry, bare, atol=1e-6)
    response = group.reverb._ir.numpy().copy()
    response[0] = 1.0 if add_dry else 0.0
    expected = np.convolve(bare, response)[: bare.size]
    assert snr_db(expected, wet) > 100
    assert np.std(wet - dry) > 0.05
    np.testing.assert_allclose(half, (dry + wet) / 2, atol=1e-5)


def test_what_the_model_crops_is_missing_at_the_end() -> None:
    group = processors.ProcessorGroup(
        [
            (synths.FilteredNoise(scale_fn=None), ["noise"]),
            (processors.Crop(frame_size=HOP), ["filtered_noise/signal"]),
        ]
    )
    audio = GroupPlayer(group, HOP).play(controls(), 0, N_FRAMES)
    assert audio.size == (N_FRAMES - 1) * HOP
    whole = GroupPlayer(noise_alone(), HOP).play(controls(), 0, N_FRAMES)
    assert audio.std() == pytest.approx(whole.std(), rel=0.1)


def two_rooms() -> processors.ProcessorGroup:
    """Two reverbs in series, each of which is loud at its very end."""
    nodes: list[tuple] = [(synths.Harmonic(scale_fn=None), ["amps", "shares", "f0_hz"])]
    fed = "harmonic/signal"
    for name in ("hall", "cellar"):
        reverb = effects.Reverb(trainable=True, reverb_length=16000, name=name)
        reverb.build()
        reverb._ir.assign(0.7 * np.eye(1, 16000, 15999, np.float32)[0])
        nodes.append((reverb, [fed]))
        fed = f"{name}/signal"
    return processors.ProcessorGroup(nodes)


def test_pieces_in_two_rooms_one_after_the_other_are_the_whole() -> None:
    group, frame_rate = two_rooms(), 16000 / HOP
    n_frames = round(8 * frame_rate) + segments.surplus_frames(frame_rate)
    time = np.arange(n_frames) / frame_rate
    held = {
        "amps": 0.3 + 0.2 * np.sin(2 * np.pi * 0.8 * time[:, np.newaxis]),
        "shares": np.ones([n_frames, 2]),
    }
    player = GroupPlayer(group, HOP)

    def render(first: int, last: int, f0_hz: np.ndarray) -> np.ndarray:
        part = {name: curve[np.newaxis, first:last] for name, curve in held.items()}
        part["f0_hz"] = f0_hz[np.newaxis, :, np.newaxis]
        features = {k: tf.constant(v, tf.float32) for k, v in part.items()}
        return player.play(features, first, last)

    f0_hz = (200.0 + 40.0 * np.sin(2 * np.pi * 0.6 * time)).astype(np.float32)
    room = room_secs(group, 16000)
    whole, pieces = (
        segments.render_in_segments(render, f0_hz, HOP, frame_rate, secs, room)
        for secs in (np.inf, 4.0)
    )
    assert snr_db(whole, pieces) > 60
    after_the_seam = slice(4 * 16000, 5 * 16000)
    assert snr_db(whole[after_the_seam], pieces[after_the_seam]) > 60


def test_room_is_as_long_as_all_reverberations_together() -> None:
    assert room_secs(make_group(make_reverb()), 16000) == 400 / 16000
    assert room_secs(two_rooms(), 16000) == 2.0
    assert room_secs(noise_alone(), 16000) == 0.0
