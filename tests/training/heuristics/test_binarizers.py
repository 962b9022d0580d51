"""Rules find notes where a person would."""

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import heuristics
from ddsp.training.heuristics.controls import find_curve
from ddsp.training.heuristics.frames import find_runs

SEMITONE = 2 ** (1 / 12)


def runs(is_on: np.ndarray) -> list[list[int]]:
    return find_runs(is_on).tolist()


def steps(*pairs: tuple[int, float]) -> np.ndarray:
    """A curve of so many frames of each value."""
    return np.concatenate([np.full(n, value) for n, value in pairs])


def test_a_jump_of_pitch_is_one_frame() -> None:
    f0_hz = steps((100, 220.0), (100, 330.0), (50, 0.0))
    is_on = heuristics.strided_freq_change({"f0_hz": tf.constant(f0_hz)})
    assert runs(is_on) == [[0, 100], [101, 200]]


def test_small_movements_are_no_notes() -> None:
    # A vibrato of 30 cents to each side, six times a second.
    time = np.arange(500) / 250
    f0_hz = 440.0 * SEMITONE ** (0.3 * np.sin(2 * np.pi * 6.0 * time))
    assert heuristics.strided_freq_change({"f0_hz": f0_hz}).all()


@pytest.mark.parametrize("n_frames", [1, 4, 12, 25])
def test_a_slide_is_found_though_neighbouring_frames_are_near(n_frames: int) -> None:
    slide = np.linspace(0.0, 2.0, n_frames + 2)[1:-1]
    semitones = np.concatenate([np.zeros(100), slide, np.full(100, 2.0)])
    is_on = heuristics.strided_freq_change({"f0_hz": 440.0 * SEMITONE**semitones})
    assert is_on[:100].all() and is_on[120 + n_frames :].all()
    assert not is_on[100 : 120 + n_frames].all()
    # Strides of two frames alone do not see a slow one.
    near = heuristics.strided_freq_change(
        {"f0_hz": 440.0 * SEMITONE**semitones}, frame_widths=(2,)
    )
    assert near.all() == (n_frames > 1)


def test_changes_lie_before_the_jump_where_frames_look_ahead() -> None:
    f0_hz = steps((100, 220.0), (100, 330.0))
    is_on = heuristics.strided_freq_change({"f0_hz": f0_hz}, pad_mode="end")
    assert runs(is_on) == [[0, 99], [100, 200]]


def test_amplitude_drops_out_of_its_neighbourhood() -> None:
    amplitudes = steps((200, 0.5), (4, 0.005), (200, 0.5))
    is_on = heuristics.amp_pooled_outliers({"amplitudes": amplitudes})
    assert runs(is_on) == [[0, 200], [204, 404]]
    # A gain changes nothing, for levels are compared.
    quiet = heuristics.amp_pooled_outliers({"amplitudes": 0.01 * amplitudes})
    np.testing.assert_array_equal(quiet, is_on)


def test_a_level_that_stays_is_no_outlier_and_silence_is_off() -> None:
    level = heuristics.amp_pooled_outliers({"amplitudes": np.full(200, 0.3)})
    assert level.all()
    silence = heuristics.amp_pooled_outliers({"amplitudes": np.zeros(200)})
    assert not silence.any()


def test_power_drops_out_of_its_neighbourhood() -> None:
    # The original crashed here: it used a constant that had been removed (T09).
    power_db = steps((200, -20.0), (4, -60.0), (200, -20.0))
    for name in ("power_db", "pw_db"):
        is_on = heuristics.power_pooled_outliers({name: power_db[:, np.newaxis]})
        assert runs(is_on) == [[0, 200], [204, 404]]
    assert not heuristics.power_pooled_outliers({"power_db": np.full(99, -80.0)}).any()


@pytest.mark.parametrize("num_devs", [1.0, 3.0])
def test_deviations_are_counted_from_the_mean(num_devs: float) -> None:
    # One of 81 values is lower by d: mean - d / 81, deviation d sqrt(80) / 81. It lies
    # 80 / sqrt(80) = 8.9 deviations below; the others above the mean.
    power_db = np.full(301, -20.0)
    power_db[150] = -30.0
    arguments = {"frame_width": 81, "num_devs": num_devs}
    is_on = heuristics.power_pooled_outliers({"power_db": power_db}, **arguments)
    assert np.flatnonzero(~is_on).tolist() == [150]
    arguments["num_devs"] = 9.0
    assert heuristics.power_pooled_outliers({"power_db": power_db}, **arguments).all()


def test_notes_need_pitch_and_level_and_ten_frames() -> None:
    # Of the original: 100 frames of each of two notes, then silence.
    f0_hz = steps((100, 220.0), (100, 330.0), (60, 0.0), (9, 440.0), (31, 0.0))
    level = steps((200, 0.5), (60, 0.0), (9, 0.5), (31, 0.0))
    controls = {"f0_hz": f0_hz, "amplitudes": level}
    assert runs(heuristics.midi_heuristic(controls)) == [[0, 100], [101, 200]]
    power = {"f0_hz": f0_hz, "power_db": steps((200, -20.0), (100, -70.0))}
    assert runs(heuristics.midi_heuristic_power(power)) == [[0, 100], [101, 200]]


def test_a_gap_of_level_parts_two_notes_of_one_pitch() -> None:
    level = steps((120, 0.5), (5, 0.001), (120, 0.5))
    controls = {"f0_hz": np.full(245, 220.0), "amplitudes": level}
    assert runs(heuristics.midi_heuristic(controls)) == [[0, 120], [125, 245]]


def test_what_a_synthesizer_was_told_comes_before_what_stands_at_the_top() -> None:
    inner, outer = np.full(3, 0.5), np.full(3, 9.0)
    controls = {
        "amplitudes": outer,
        "harmonic": {"controls": {"amplitudes": inner[:, np.newaxis]}},
    }
    assert find_curve(controls, "amplitudes").tolist() == [0.5] * 3
    del controls["harmonic"]
    assert find_curve(controls, "amplitudes").tolist() == [9.0] * 3


def test_missing_controls_are_named() -> None:
    with pytest.raises(ValueError, match=r"power_db.*Got \['f0_hz'\].*power_db or pw"):
        heuristics.power_pooled_outliers({"f0_hz": np.zeros(3)})


def test_gin_knows_the_rules_by_the_original_s_names() -> None:
    gin.parse_config("segment_notes_batch.binarize_f = @heuristics.midi_heuristic")
    bound = gin.query_parameter("segment_notes_batch.binarize_f")
    controls = {"f0_hz": np.full(20, 220.0), "amplitudes": np.full(20, 0.5)}
    assert bound.scoped_configurable_fn(controls).all()
