"""Ranks and back, against the original's records and the definition."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ddsp.training import postprocessing
from ddsp.training.postprocessing import QuantileTransformer


def column(values: object) -> np.ndarray:
    return np.asarray(values, np.float64)[:, np.newaxis]


def test_ranks_are_those_of_the_original(golden: Path) -> None:
    recorded = dict(np.load(golden / "training" / "functions.npz"))
    transformer = QuantileTransformer()
    ranks = transformer.fit_transform(recorded["in/qx"])
    np.testing.assert_allclose(ranks, recorded["qt_fit_transform"], atol=1e-12)
    np.testing.assert_allclose(
        transformer.quantiles_, recorded["qt_quantiles"], atol=1e-12
    )
    np.testing.assert_allclose(
        transformer.inverse_transform(column(np.linspace(0, 1, 101))),
        recorded["qt_inverse"],
        atol=1e-12,
    )


def test_ranks_are_the_share_of_smaller_values(rng: np.random.Generator) -> None:
    x = np.sort(rng.normal(size=500))
    ranks = QuantileTransformer().fit_transform(column(x))
    np.testing.assert_allclose(ranks[:, 0], np.arange(500) / 499, atol=1e-12)


def test_ties_get_the_middle_of_their_ranks() -> None:
    x = column([0.0] + [1.0] * 8 + [2.0])
    ranks = QuantileTransformer().fit_transform(x)
    np.testing.assert_allclose(ranks[:, 0], [0.0] + [0.5] * 8 + [1.0])


def test_values_beyond_the_ends_are_cut_off() -> None:
    transformer = QuantileTransformer().fit(column([1.0, 2.0, 3.0]))
    ranks = transformer.transform(column([-9.0, 1.0, 3.0, 99.0, np.nan]))
    np.testing.assert_array_equal(ranks[:, 0], [0.0, 0.0, 1.0, 1.0, np.nan])


def test_the_way_back_leads_home(rng: np.random.Generator) -> None:
    x = rng.normal(size=(400, 2)) * [1.0, 30.0]
    for distribution in ("uniform", "normal"):
        transformer = QuantileTransformer(output_distribution=distribution).fit(x)
        back = transformer.inverse_transform(transformer.transform(x))
        np.testing.assert_allclose(back, x, atol=1e-6)


def test_normal_output_is_normal(rng: np.random.Generator) -> None:
    transformer = QuantileTransformer(output_distribution="normal")
    values = transformer.fit_transform(column(rng.uniform(size=900)))[:, 0]
    np.testing.assert_allclose(
        np.sort(values)[1:-1], stats.norm.ppf(np.arange(1, 899) / 899), atol=1e-6
    )
    # The ends would be infinite; they are cut off at a rank of 1e-7.
    assert np.max(values) == pytest.approx(-stats.norm.ppf(1e-7), abs=1e-5)


def test_missing_values_are_left_out_and_stay(rng: np.random.Generator) -> None:
    x = column(rng.normal(size=100))
    with_gaps = np.insert(x, 50, np.nan, axis=0)
    plain = QuantileTransformer(n_quantiles=20).fit(x)
    gaps = QuantileTransformer(n_quantiles=20).fit(with_gaps)
    np.testing.assert_allclose(gaps.quantiles_, plain.quantiles_)
    assert np.isnan(gaps.transform(with_gaps)[50, 0])


def test_a_large_set_is_represented_by_a_part_of_it(rng: np.random.Generator) -> None:
    x = column(rng.uniform(size=20000))
    some = QuantileTransformer(subsample=5000).fit(x)
    again = QuantileTransformer(subsample=5000).fit(x)
    np.testing.assert_array_equal(some.quantiles_, again.quantiles_)
    every = QuantileTransformer().fit(x)
    assert 0 < np.max(np.abs(some.quantiles_ - every.quantiles_)) < 0.03


def test_one_value_is_enough() -> None:
    transformer = QuantileTransformer()
    assert np.all(np.isfinite(transformer.fit_transform(column([5.0] * 10))))
    np.testing.assert_array_equal(transformer.inverse_transform(column([0, 0.3])), 5.0)


def test_it_survives_pickling_under_the_original_name() -> None:
    transformer = QuantileTransformer().fit(column([1.0, 2.0, 4.0]))
    stored = pickle.dumps(transformer)
    restored = pickle.loads(stored)
    np.testing.assert_array_equal(restored.transform(column([2.0])), 0.5)


@pytest.mark.parametrize(
    "x", [np.zeros(3), np.zeros([2, 2, 2]), np.zeros([0, 1]), column([1.0, np.inf])]
)
def test_what_cannot_be_fitted_is_refused(x: np.ndarray) -> None:
    with pytest.raises(ValueError, match="x must"):
        QuantileTransformer().fit(x)


def test_other_data_than_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="must be fitted"):
        QuantileTransformer().transform(column([1.0]))
    with pytest.raises(ValueError, match="must have 1 features"):
        QuantileTransformer().fit(column([1.0])).transform(np.zeros([2, 2]))


@pytest.mark.parametrize(
    "arguments",
    [{"n_quantiles": 0}, {"subsample": -1}, {"output_distribution": "round"}],
)
def test_settings_that_make_no_sense_are_refused(arguments: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        QuantileTransformer(**arguments)


@pytest.mark.parametrize("shape", [(600,), (3, 200)])
def test_notes_take_the_other_distribution(
    rng: np.random.Generator, shape: tuple[int, ...]
) -> None:
    instrument = QuantileTransformer().fit(column(rng.uniform(-10, 0, 5000)))
    loudness_db = rng.normal(-40.0, 5.0, shape)
    is_note = rng.uniform(size=shape) < 0.7
    transformer, matched = postprocessing.fit_quantile_transform(
        loudness_db, is_note, inv_quantile=instrument
    )
    assert matched.shape == ((600, 1) if len(shape) == 1 else shape)
    matched = matched.reshape(shape)
    np.testing.assert_array_equal(matched[~is_note], loudness_db[~is_note])
    uniform = stats.kstest(matched[is_note], stats.uniform(-10, 10).cdf)
    assert uniform.statistic < 0.02
    np.testing.assert_array_equal(
        np.argsort(matched[is_note]), np.argsort(loudness_db[is_note])
    )
    ranks = transformer.transform(column(loudness_db[is_note]))
    assert ranks.min() == 0.0 and ranks.max() == 1.0


def test_without_another_distribution_only_the_transformer_returns() -> None:
    loudness_db = np.array([-50.0, -30.0, -20.0, -10.0])
    transformer = postprocessing.fit_quantile_transform(loudness_db, loudness_db > -40)
    np.testing.assert_array_equal(transformer.quantiles_[:, 0], [-30, -20, -10])


@pytest.mark.parametrize("mask", [np.zeros(4, bool), np.ones(3, bool)])
def test_a_mask_without_notes_or_of_another_shape_is_refused(mask: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mask_on must have the shape"):
        postprocessing.fit_quantile_transform(np.zeros(4), mask)
