"""What a run counts comes back from the file beside its checkpoint."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import TRAINED, tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.errors import InputError
from ddsp.training.loop.run_state import RunState

STATE = RunState(
    seed=2**63 - 1,
    n_batches=1234,
    seconds=86400.125,
    n_skipped=2,
    options={"xla": "on", "mixed_precision": "bfloat16", "note": "ünï 'quoted'"},
)


def test_a_state_survives_the_disk_beside_other_arrays(tmp_path: Path) -> None:
    model, features = tiny_autoencoder()
    model(features)
    averages = {
        f"average/{path}": variable.numpy() + 1
        for path, variable in checkpoints.named_variables(model).items()
    }
    assert averages
    sidecar = STATE.to_sidecar(averages)
    path = checkpoints.save_checkpoint(model, None, tmp_path, 7, sidecar=sidecar)
    loaded = checkpoints.load_sidecar(path)
    assert RunState.from_sidecar(loaded) == STATE
    for name, array in averages.items():
        np.testing.assert_array_equal(loaded[name], array)


def test_a_run_begins_with_nothing_counted() -> None:
    state = RunState(seed=7)
    assert dataclasses.astuple(state) == (7, 0, 0.0, 0, {})
    assert RunState() == dataclasses.replace(state, seed=0)
    assert RunState.from_sidecar(state.to_sidecar()) == state


def test_names_and_types_of_the_arrays_are_a_format() -> None:
    arrays = STATE.to_sidecar()
    kinds = {name: np.asarray(array).dtype.kind for name, array in arrays.items()}
    assert kinds == {
        "run/seed": "i",
        "run/n_batches": "i",
        "run/seconds": "f",
        "run/n_skipped": "i",
        "run/options": "U",
    }
    assert arrays["run/seconds"] == 86400.125


def test_a_state_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        STATE.seed = 1  # type: ignore[misc]


def test_checkpoints_of_the_original_have_no_state() -> None:
    sidecar = checkpoints.load_sidecar(TRAINED / "solo_small")
    assert RunState.from_sidecar(sidecar) is None
    assert RunState.from_sidecar({"average/a": np.ones(2)}) is None


def test_what_an_earlier_version_did_not_know_has_its_default() -> None:
    state = RunState.from_sidecar({"run/n_batches": np.array(5)})
    assert state == RunState(n_batches=5)


def test_what_only_a_later_version_knows_is_left_alone() -> None:
    sidecar = {**STATE.to_sidecar(), "run/mood": np.array("good"), "other": np.ones(3)}
    assert RunState.from_sidecar(sidecar) == STATE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", np.array([1, 2])),
        ("seed", np.array(1.5)),
        ("seed", np.array("seven")),
        ("seed", np.array(-1)),
        ("seed", np.array(2**63, np.uint64)),
        ("n_batches", np.array(True)),
        ("n_skipped", np.array(-1)),
        ("n_batches", np.zeros([0], np.int64)),
        ("seconds", np.array(np.nan)),
        ("seconds", np.array(np.inf)),
        ("seconds", np.array(-0.1)),
        ("options", np.array(3)),
        ("options", np.array("{cut")),
        ("options", np.array('["a"]')),
        ("options", np.array('{"xla": true}')),
        ("options", np.array(["{}"])),
    ],
)
def test_a_damaged_value_is_one_error_that_names_it(name: str, value: Any) -> None:
    sidecar = {**STATE.to_sidecar(), f"run/{name}": value}
    with pytest.raises(InputError, match=f"^{name} of a run must be ") as caught:
        RunState.from_sidecar(sidecar)
    assert "\n" not in str(caught.value)
    assert ".extra.npz" in str(caught.value)


def test_counts_start_at_zero() -> None:
    for name in ("seed", "n_batches", "n_skipped", "seconds"):
        assert getattr(RunState(**{name: 0}), name) == 0  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=rf"{name} of a run .* Got {name}=-1"):
            RunState(**{name: -1})  # type: ignore[arg-type]


def test_other_arrays_have_other_names() -> None:
    with pytest.raises(ValueError, match="Got 'run/x' in extra"):
        STATE.to_sidecar({"run/x": np.ones(1)})
