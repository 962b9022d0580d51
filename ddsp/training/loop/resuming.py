"""Where a run goes on: its own newest checkpoint, or that of another run."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ddsp.training import checkpoints
from ddsp.training.errors import InputError
from ddsp.training.loop.run_state import RunState
from ddsp.training.progress import format_duration

BATCH_SIZE = "batch_size"
HELD_OUT, N_TRAINING = "held_out_share", "n_training_examples"
# What a run may change on the way: the others decide what a step computes.
_MAY_DIFFER = (BATCH_SIZE, HELD_OUT, N_TRAINING)


def restore_run(
    trainer: Any, save_dir: str, restore_dir: str, say: Callable[[str], object]
) -> tuple[RunState | None, dict[str, Any]]:
    """Restores a trainer from the folder of its run, or else from another one.

    Args:
        trainer: A built `Trainer`.
        save_dir: Folder of the run; empty for none.
        restore_dir: Folder or path of a checkpoint to begin with where save_dir has
            none; empty for none.
        say: Receives lines about what was chosen.

    Returns:
        The state of the run, and all that lay beside its checkpoint. There is no state
        for a run that begins, be it with the weights of another, and for one of the
        original.

    Raises:
        InputError: If restore_dir is another folder than save_dir and neither has a
            checkpoint, or a checkpoint cannot be used.
    """
    path = _newest(save_dir, say)
    if path is None:
        if restore_dir not in ("", save_dir):
            trainer.restore(_required(restore_dir, say))
        return None, {}
    if restore_dir not in ("", save_dir):
        say(f"{save_dir} has a checkpoint, so {restore_dir} is not needed")
    # What a run has saved itself is taken whole.
    trainer.restore(path, restore_keys=_parts_of(trainer.model))
    arrays = checkpoints.load_sidecar(path)
    return RunState.from_sidecar(arrays), arrays


def check_options(began: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Makes sure that a resumed run is the same run.

    Args:
        began: Options that the run began with, as text by name.
        now: Options of this session. The size of batches and the examples may differ.

    Raises:
        InputError: If another option differs.
    """
    for name, value in began.items():
        if name not in _MAY_DIFFER and now.get(name, value) != value:
            raise InputError(
                f"A run must go on as it began, with {name}={value}. Got "
                f"{name}={now[name]}; leave it as it was, or train into another folder."
            )


def changed_examples(began: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Says whether a resumed run is to hold out other examples than before.

    What it has validated until then is no measure any more.

    Args:
        began: Options that the run began with, as text by name.
        now: Options of this session.

    Returns:
        One line; empty if they are the same, or an earlier version did not say.
    """
    changes = [
        f"{name} was {began[name]} and is {now[name]}"
        for name in (HELD_OUT, N_TRAINING)
        if name in began and name in now and began[name] != now[name]
    ]
    if not changes:
        return ""
    return (
        f"the examples have changed ({', '.join(changes)}): validation begins anew, "
        "perhaps with some that were trained on"
    )


def go_on(state: RunState, options: Mapping[str, str]) -> RunState:
    """Makes the state of a run that of its next session.

    Args:
        state: State that was saved.
        options: Options of the session. Another size of batches goes on with the same
            example.

    Returns:
        The state that the session begins with.

    Raises:
        InputError: If the size of batches that was saved is no number.
    """
    size = state.options.get(BATCH_SIZE, options[BATCH_SIZE])
    if not size.isdecimal():
        raise InputError(
            f"What a run remembers of its batches must be numbers. Got {BATCH_SIZE}="
            f"{size!r}; remove the checkpoint's file with the ending .extra.npz to go "
            "on without."
        )
    return dataclasses.replace(
        state,
        n_batches=state.n_batches * int(size) // int(options[BATCH_SIZE]),
        options={**state.options, **options},
    )


def describe(step: int, state: RunState) -> str:
    """Says where a run goes on.

    Args:
        step: Steps that are done.
        state: What it has counted until then.

    Returns:
        Text such as "going on from step 300 (7 min trained, 2 steps skipped)".
    """
    counts = []
    if round(state.seconds):
        counts.append(f"{format_duration(state.seconds)} trained")
    if state.n_skipped:
        steps = "step" if state.n_skipped == 1 else "steps"
        counts.append(f"{state.n_skipped} {steps} skipped")
    told = f" ({', '.join(counts)})" if counts else ""
    return f"going on from step {step}{told}"


def _newest(folder: str, say: Callable[[str], object]) -> str | None:
    """The newest whole checkpoint of a folder; None if it has none."""
    if not folder:
        return None
    try:
        return checkpoints.latest_whole_checkpoint(folder, say)
    except checkpoints.MissingFileError:
        return None


def _required(restore_dir: str, say: Callable[[str], object]) -> str:
    """The newest whole checkpoint of a folder that somebody has named."""
    try:
        return checkpoints.latest_whole_checkpoint(restore_dir, say)
    except checkpoints.MissingFileError:
        raise InputError(
            f"restore_dir must hold a checkpoint. Got restore_dir={restore_dir}, which "
            "has none. Name the folder of a trained model, or leave restore_dir out to "
            "start afresh."
        ) from None


def _parts_of(model: Any) -> list[str]:
    """Names of everything in a model that has variables."""
    names = checkpoints.named_variables(model)
    return list(dict.fromkeys(name.partition("/")[0] for name in names))
