"""A run goes on as it began, and says what has changed."""

import pytest

from ddsp.training.errors import InputError
from ddsp.training.loop import resuming
from ddsp.training.loop.run_state import RunState

BEGAN = {
    "xla": "off",
    "batch_size": "4",
    "held_out_share": "0.05",
    "n_training_examples": "11",
}


@pytest.mark.parametrize(
    "name", ["batch_size", "held_out_share", "n_training_examples"]
)
def test_batches_and_examples_may_be_others(name: str) -> None:
    resuming.check_options(BEGAN, {**BEGAN, name: "12"})


def test_what_a_step_computes_must_be_the_same() -> None:
    with pytest.raises(InputError, match=r"began, with xla=off\. Got xla=on;"):
        resuming.check_options(BEGAN, {**BEGAN, "xla": "on"})
    # What an option was before there was one nobody knows.
    resuming.check_options(BEGAN, {**BEGAN, "new": "on"})
    resuming.check_options({**BEGAN, "old": "on"}, BEGAN)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("held_out_share", "held_out_share was 0.05 and is 9"),
        ("n_training_examples", "n_training_examples was 11 and is 9"),
    ],
)
def test_other_examples_are_said(name: str, change: str) -> None:
    told = resuming.changed_examples(BEGAN, {**BEGAN, name: "9"})
    assert told.startswith(f"the examples have changed ({change}): ")


def test_the_same_examples_are_not_worth_a_word() -> None:
    assert resuming.changed_examples(BEGAN, {**BEGAN, "batch_size": "9"}) == ""
    # An earlier version did not say, and no examples are held out of others.
    assert resuming.changed_examples({"xla": "off"}, BEGAN) == ""
    assert resuming.changed_examples(BEGAN, {"xla": "off"}) == ""


@pytest.mark.parametrize(("size", "n_batches"), [("2", 14), ("4", 7), ("3", 9)])
def test_batches_of_another_size_go_on_with_the_same_example(
    size: str, n_batches: int
) -> None:
    state = RunState(seed=3, n_batches=7, n_skipped=2, options=BEGAN)
    options = {"batch_size": size, "new": "on"}
    assert resuming.go_on(state, options) == RunState(
        seed=3, n_batches=n_batches, n_skipped=2, options={**BEGAN, **options}
    )


def test_a_size_that_nobody_remembers_is_the_same() -> None:
    state = resuming.go_on(RunState(n_batches=7), {"batch_size": "2"})
    assert state == RunState(n_batches=7, options={"batch_size": "2"})


@pytest.mark.parametrize("size", ["many", "-4", "4.5", ""])
def test_a_size_must_be_a_number(size: str) -> None:
    state = RunState(options={"batch_size": size})
    with pytest.raises(InputError, match=r"must be numbers.*\.extra\.npz"):
        resuming.go_on(state, {"batch_size": "2"})


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (RunState(), "going on from step 300"),
        (RunState(seconds=0.4), "going on from step 300"),
        (RunState(seconds=420.0), "going on from step 300 (7 min trained)"),
        (RunState(n_skipped=1), "going on from step 300 (1 step skipped)"),
        (
            RunState(seconds=2.0, n_skipped=3),
            "going on from step 300 (2 s trained, 3 steps skipped)",
        ),
    ],
)
def test_what_a_run_has_behind_it_is_said(state: RunState, told: str) -> None:
    assert resuming.describe(300, state) == told
