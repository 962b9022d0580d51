"""Where a run goes on: its own newest checkpoint, or that of another run."""

from collections.abc import Callable, Mapping
from typing import Any

from ddsp.training import checkpoints
from ddsp.training.errors import InputError
from ddsp.training.loop.run_state import RunState


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
        now: Options of this session. The size of batches may differ.

    Raises:
        InputError: If another option differs.
    """
    for name, value in began.items():
        if name != "batch_size" and now.get(name, value) != value:
            raise InputError(
                f"A run must go on as it began, with {name}={value}. Got "
                f"{name}={now[name]}; leave it as it was, or train into another folder."
            )


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
