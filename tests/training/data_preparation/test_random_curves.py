"""Random numbers and curves: their ranges, their shapes, and what they depend on."""

import numpy as np
import pytest

from ddsp.training.data_preparation import random_curves as curves


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_coin_shows_heads_as_often_as_it_should() -> None:
    source = rng()
    tosses = [curves.flip(0.2, source) for _ in range(4000)]
    assert np.mean(tosses) == pytest.approx(0.2, abs=0.03)
    assert np.mean([curves.flip(rng=source) for _ in range(4000)]) == pytest.approx(
        0.5, abs=0.04
    )
    assert curves.flip(1.0) and not curves.flip(0.0)


def test_whole_numbers_include_both_ends() -> None:
    source = rng()
    found = {curves.uniform_int(3, 6, source) for _ in range(300)}
    assert found == {3, 4, 5, 6}
    assert {curves.uniform_int(rng=source) for _ in range(500)} == set(range(11))


def test_numbers_fill_their_range_evenly() -> None:
    source = rng()
    found = [curves.uniform_float(-2.0, 6.0, source) for _ in range(4000)]
    assert -2.0 <= min(found) < -1.9 and 5.9 < max(found) <= 6.0
    assert np.mean(found) == pytest.approx(2.0, abs=0.15)
    plain = [curves.uniform_float(rng=source) for _ in range(4000)]
    assert 0.0 <= min(plain) < 0.1 and 9.9 < max(plain) <= 10.0


def test_the_same_generator_gives_the_same_and_none_leaves_the_global_one_alone() -> (
    None
):
    assert curves.uniform_float(rng=rng(3)) == curves.uniform_float(rng=rng(3))
    before = np.random.get_state()[1].tolist()
    assert curves.uniform_float() != curves.uniform_float()
    curves.random_harm_dist()
    assert np.random.get_state()[1].tolist() == before


def test_points_are_the_corners_of_a_linear_curve() -> None:
    points = rng(1).uniform(-1.0, 3.0, [2, 5, 3])
    curve = curves.uniform_generator([2, 5, 3], 50, -1.0, 3.0, rng=rng(1))
    assert curve.dtype == np.float32
    np.testing.assert_allclose(curve[:, ::10], points, rtol=1e-5)
    middle = (points[:, 0] + points[:, 1]) / 2
    np.testing.assert_allclose(curve[:, 5], middle, rtol=1e-4)


def test_nearest_holds_each_point() -> None:
    curve = curves.uniform_generator([1, 4, 1], 20, 0.0, 1.0, "nearest", rng(1))
    assert np.all(np.ptp(curve.reshape(4, 5), axis=1) == 0.0)
    assert np.unique(curve).size == 4


def test_normal_points_have_their_mean_and_deviation() -> None:
    curve = curves.normal_generator([1, 5000, 1], 5000, 3.0, 0.5, rng=rng())
    assert np.mean(curve) == pytest.approx(3.0, abs=0.03)
    assert np.std(curve) == pytest.approx(0.5, abs=0.02)
    smooth = curves.normal_generator([1, 2, 1], 200, 0.0, 1.0, rng=rng())
    steps = np.diff(smooth[0, :100, 0])
    np.testing.assert_allclose(steps, steps[0], atol=1e-6)


def test_modulation_is_a_factor_around_one_that_is_never_negative() -> None:
    signal = np.full([400, 40, 2], 2.0)
    louder = curves.modulate(signal, maxval=0.5, n_t=10, rng=rng())
    factor = louder / 2.0
    assert np.min(factor) >= 0.0
    assert np.mean(factor) == pytest.approx(1.0, abs=0.02)
    # Each item has a deviation of its own, from 0 to maxval.
    deviations = np.std(factor[:, ::4, 0], axis=1)
    assert np.min(deviations) < 0.05 and 0.3 < np.max(deviations) < 1.0
    np.testing.assert_array_equal(factor[..., 0], factor[..., 1])
    np.testing.assert_allclose(curves.modulate(signal, maxval=0.0), 2.0)


def test_modulation_of_all_is_smooth_between_ten_points() -> None:
    signal = np.ones([1, 100, 1])
    factor = curves.modulate(signal, rng=rng(2))[0, :, 0]
    bends = np.abs(np.diff(factor, 2)) > 1e-5
    assert 0 < np.sum(bends) <= 9


@pytest.mark.parametrize("seed", range(5))
def test_a_blend_goes_from_start_to_end_without_turning_back(seed: int) -> None:
    curve = curves.random_blend(30, 2.0, -1.0, rng=rng(seed))
    assert curve[0] == 2.0 and curve[-1] == pytest.approx(-1.0)
    assert np.all(np.diff(curve) <= 0.0)


def test_blends_bend_both_ways_within_their_power() -> None:
    source = rng()
    middles = [curves.random_blend(3, rng=source)[1] for _ in range(500)]
    # 0.5 raised to 1/4 and to 4.
    assert 0.5**4 <= min(middles) < 0.08 and 0.8 < max(middles) <= 0.5**0.25
    straight = curves.random_blend(3, exp_max=0.0, rng=source)
    np.testing.assert_allclose(straight, [1.0, 0.5, 0.0])


def test_colours_are_sums_of_at_most_twenty_cosines() -> None:
    source = rng()
    all_of_it = [curves.random_harm_dist(50, rng=source) for _ in range(200)]
    assert all(x.shape == (50,) for x in all_of_it)
    assert np.max(np.abs(all_of_it)) <= 20.0
    # Without a phase every cosine is greatest at the first harmonic.
    assert all(np.all(np.abs(x) <= x[0] + 1e-9) for x in all_of_it)


def test_a_low_pass_weakens_high_harmonics() -> None:
    def energy(low_pass: bool) -> np.ndarray:
        source = rng(5)
        found = [curves.random_harm_dist(60, low_pass, 1.0, source) for _ in range(400)]
        return np.mean(np.square(found), axis=0)

    plain, weakened = energy(False), energy(True)
    assert np.mean(plain[-10:]) > 0.7 * np.mean(plain[:10])
    assert np.mean(weakened[-10:]) < 0.3 * np.mean(weakened[:10])


def test_a_phase_moves_the_greatest_harmonic_away_from_the_first() -> None:
    source = rng()
    found = [curves.random_harm_dist(60, True, 0.5, source) for _ in range(100)]
    first = [np.argmax(x) == 0 for x in found]
    assert 0.0 < np.mean(first) < 0.9


def test_no_cosine_turns_more_than_a_radian_per_harmonic() -> None:
    # Else it would be another, slower one: cosines have no sense of direction.
    source = rng()
    for _ in range(100):
        dist = curves.random_harm_dist(128, low_pass=False, rng=source)
        spectrum = np.abs(np.fft.rfft(dist * np.hanning(128))) ** 2
        fast = int(128 / (2 * np.pi)) + 5
        assert np.sum(spectrum[fast:]) < 1e-3 * np.sum(spectrum)
