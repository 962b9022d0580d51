"""The best value is any lower one; only a real improvement is a reason to go on."""

import math

import numpy as np
import pytest

from ddsp.training.errors import InputError
from ddsp.training.loop.plateau import Plateau


def after(plateau: Plateau, *values: float) -> Plateau:
    for number, value in enumerate(values, start=1):
        plateau.add(10 * number, value)
    return plateau


def test_nothing_is_no_best() -> None:
    plateau = Plateau(patience=1)
    assert not plateau.is_new_best
    assert not plateau.should_stop
    assert plateau.best_value == math.inf


def test_best_is_the_lowest_and_the_first_of_equals() -> None:
    plateau = after(Plateau(), 5.0, 3.0, 4.0, 3.0)
    assert (plateau.best_value, plateau.best_step) == (3.0, 20)


@pytest.mark.parametrize(
    ("values", "is_new_best"),
    [((5.0,), True), ((5.0, 4.0), True), ((5.0, 5.0), False), ((5.0, 6.0), False)],
)
def test_new_best_is_about_the_newest(values: tuple, is_new_best: bool) -> None:
    assert after(Plateau(), *values).is_new_best == is_new_best


def test_any_lower_value_is_best_whatever_the_least_improvement() -> None:
    plateau = after(Plateau(min_improvement=0.5), 5.0, 4.999)
    assert plateau.is_new_best
    assert plateau.best_value == 4.999


def test_stops_after_as_many_values_as_patience_says() -> None:
    assert not after(Plateau(patience=3), 4.0, 5.0, 5.0).should_stop
    assert after(Plateau(patience=3), 4.0, 5.0, 5.0, 4.0).should_stop
    assert not after(Plateau(patience=3), 4.0, 5.0, 5.0, 3.9, 5.0, 5.0).should_stop
    assert after(Plateau(patience=1), 4.0, 4.0).should_stop


def test_never_stops_by_itself() -> None:
    assert not after(Plateau(), *[4.0] * 1000).should_stop


def test_a_loss_that_creeps_ends_the_run() -> None:
    creeping = [4.0 * 0.995**k for k in range(4)]
    assert after(Plateau(3, min_improvement=0.05), *creeping).should_stop
    assert not after(Plateau(3), *creeping).should_stop


def test_small_steps_add_up_to_an_improvement() -> None:
    # Each is 2 % below the one before; after three of them it is more than 5 %.
    falling = [4.0 * 0.98**k for k in range(40)]
    assert not after(Plateau(3, min_improvement=0.05), *falling).should_stop


def test_share_is_of_the_size_of_the_value_also_below_zero() -> None:
    assert after(Plateau(1, min_improvement=0.1), -10.0, -10.9).should_stop
    assert not after(Plateau(1, min_improvement=0.1), -10.0, -11.1).should_stop


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_improvement(bad: float) -> None:
    plateau = after(Plateau(patience=2), 4.0, bad)
    assert not plateau.is_new_best
    assert not plateau.should_stop
    plateau.add(30, bad)
    assert plateau.should_stop
    assert plateau.best_value == 4.0
    first = after(Plateau(patience=1), bad)
    assert first.should_stop
    assert not first.is_new_best
    first.add(20, 3.0)
    assert first.is_new_best
    assert not first.should_stop


@pytest.mark.parametrize("n_before", range(7))
def test_a_resumed_run_goes_on_as_if_nothing_had_happened(n_before: int) -> None:
    values = (5.0, 4.9, 4.0, 3.99, math.nan, 4.2)
    whole = after(Plateau(3, 0.05), *values)
    part = after(Plateau(3, 0.05), *values[:n_before])
    # A sidecar holds arrays.
    kept = {name: np.asarray(value) for name, value in part.to_sidecar().items()}
    resumed = Plateau(3, 0.05)
    resumed.restore({"run/seed": np.array(7), **kept})
    assert resumed.is_new_best == part.is_new_best
    for number, value in enumerate(values[n_before:], start=n_before + 1):
        resumed.add(10 * number, value)
    assert resumed.to_sidecar() == whole.to_sidecar()
    assert resumed.should_stop == whole.should_stop
    assert whole.should_stop


def test_names_of_the_numbers_are_a_format() -> None:
    assert after(Plateau(3, 0.5), 5.0, 4.0).to_sidecar() == {
        "validation/best_value": 4.0,
        "validation/best_step": 20,
        "validation/reference_value": 5.0,
        "validation/n_without_improvement": 1,
        "validation/newest_step": 20,
    }


def test_a_run_without_validations_leaves_a_plateau_as_it_is() -> None:
    plateau = after(Plateau(), 5.0)
    before = plateau.to_sidecar()
    plateau.restore({"run/best_step": np.array(3)})
    assert plateau.to_sidecar() == before


@pytest.mark.parametrize("damage", [None, np.zeros(3), "many"])
@pytest.mark.parametrize("name", list(Plateau().to_sidecar()))
def test_what_is_remembered_must_be_numbers(name: str, damage: object) -> None:
    sidecar = {**after(Plateau(), 5.0).to_sidecar(), name: damage}
    if damage is None:
        del sidecar[name]
    plateau = after(Plateau(), 4.0)
    before = plateau.to_sidecar()
    with pytest.raises(InputError, match=r"must be numbers\. Got .*\.extra\.npz"):
        plateau.restore(sidecar)
    assert plateau.to_sidecar() == before


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_positive(patience: int) -> None:
    with pytest.raises(ValueError, match=f"patience={patience}"):
        Plateau(patience=patience)


@pytest.mark.parametrize("share", [-0.01, 1.0, math.nan])
def test_improvement_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match=f"min_improvement={share}"):
        Plateau(min_improvement=share)
