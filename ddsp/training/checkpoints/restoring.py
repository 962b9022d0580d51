"""Reading checkpoints: every variable gets its value, or an error names it."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import logging

from ddsp.training.checkpoints.aliases import UNUSED, EarlierNames
from ddsp.training.checkpoints.optimizer_state import optimizer_values
from ddsp.training.checkpoints.paths import get_latest_checkpoint
from ddsp.training.checkpoints.saved import MODEL, SavedCheckpoint
from ddsp.training.checkpoints.view import SEPARATOR, leaves_of, named_variables
from ddsp.training.errors import InputError

_ROOT = f"{MODEL}{SEPARATOR}"


def restore_checkpoint(
    model: Any,
    path: str | Path,
    optimizer: Any = None,
    restore_keys: Sequence[str] | None = None,
    verbose: bool = True,
    allow_missing: Sequence[str] = (),
) -> int:
    """Takes the values of all variables from a checkpoint.

    Nothing is changed unless every variable has a value of its shape. Checkpoints of
    all versions of the original are known, see `aliases` and `optimizer_state`.

    Args:
        model: A model that has been called.
        path: A folder, whose newest checkpoint is used, or the path of a checkpoint.
        optimizer: The model's Adam optimizer, whose state is restored too; built if it
            is not yet. Moments that the checkpoint does not hold start at 0.
        restore_keys: Names of the only attributes of the model to restore, such as
            'decoder'; None for the whole model.
        verbose: Whether to log which values of the checkpoint were not needed.
        allow_missing: Names of variables that may keep the values they have, or of
            parts of the model with all their variables, such as
            'processor_group/reverb'. From November 2020 to January 2021 the original
            left reverbs out of its checkpoints.

    Returns:
        Steps that were done when the checkpoint was written.

    Raises:
        InputError: If there is no checkpoint, it is damaged, a variable has no value of
            its shape in it, or the model has no part of a name in restore_keys.
    """
    saved = SavedCheckpoint(get_latest_checkpoint(path))
    saved.check()
    named = named_variables(model)
    nodes = _nodes_of(saved, model, named)
    values = _values_of(
        saved, _select(model, named, restore_keys), nodes, _names(allow_missing)
    )
    step = saved.step()
    if optimizer is not None:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        values += optimizer_values(saved, named, nodes, optimizer)
    for variable, value in values:
        variable.assign(value)
    if verbose and restore_keys is None:
        _report_unused(saved, nodes)
    return step


def _names(names: Sequence[str]) -> list[str]:
    """Names in a list; a single one may come by itself."""
    return [names] if isinstance(names, str) else list(names)


def _select(
    model: Any, named: dict[str, Any], restore_keys: Sequence[str] | None
) -> dict[str, Any]:
    """The variables below the given attributes."""
    if restore_keys is None:
        return named
    keys = _names(restore_keys)
    for key in keys:
        if not hasattr(model, key):
            raise InputError(
                f"restore_keys must name parts of the model. Got {key!r}, which "
                f"{type(model).__name__} does not have; try 'decoder'."
            )
    return {
        name: variable
        for name, variable in named.items()
        if name.split(SEPARATOR)[0] in keys
    }


def _nodes_of(
    saved: SavedCheckpoint, model: Any, named: dict[str, Any]
) -> dict[str, int | None]:
    """Nodes with the values of variables, under today's names or earlier ones."""
    earlier = EarlierNames(model)
    nodes: dict[str, int | None] = {}
    for name in named:
        found = (saved.node(f"{_ROOT}{known}") for known in earlier.of(name))
        nodes[name] = next((n for n in found if saved.key(n) is not None), None)
    return nodes


def _values_of(
    saved: SavedCheckpoint,
    wanted: dict[str, Any],
    nodes: dict[str, int | None],
    allow_missing: list[str],
) -> list[tuple[Any, Any]]:
    """Variables of a model with their values."""
    missing = [name for name in wanted if nodes[name] is None]
    _check_missing(saved, missing, allow_missing)
    keys = {name: saved.key(nodes[name]) for name in wanted if name not in missing}
    stored = saved.read(
        [key for key in keys.values() if key], [wanted[name].dtype for name in keys]
    )
    values = []
    for name, value in zip(keys, stored, strict=True):
        if value.shape != wanted[name].shape:
            raise InputError(
                f"The variable {_ROOT}{name} must have shape "
                f"{list(wanted[name].shape)}. Got {list(value.shape)} in {saved.path}; "
                "use the configuration that the model was trained with."
            )
        values.append((wanted[name], value))
    return values


def _check_missing(
    saved: SavedCheckpoint, missing: list[str], allow_missing: list[str]
) -> None:
    """Refuses variables without a value, but for those that need none."""
    allowed = tuple(f"{name.removeprefix(_ROOT)}{SEPARATOR}" for name in allow_missing)
    refused = [n for n in missing if not f"{n}{SEPARATOR}".startswith(allowed)]
    if refused:
        others = f" and {len(refused) - 1} others" if len(refused) > 1 else ""
        part = refused[0].rpartition(SEPARATOR)[0] or refused[0]
        raise InputError(
            f"A checkpoint must hold every variable of the model. Got {saved.path} "
            f"without {_ROOT}{refused[0]}{others}; use the configuration that the "
            "model was trained with, or restore with "
            f"allow_missing=[{part!r}] to go on with the untrained values."
        )
    if missing:
        logging.warning(
            "%s holds no values for %d variables, such as %s: they stay as they are.",
            saved.path,
            len(missing),
            f"{_ROOT}{missing[0]}",
        )


def _report_unused(saved: SavedCheckpoint, nodes: dict[str, int | None]) -> None:
    """Logs which values the model has no variables for."""
    used = {saved.key(node) for node in nodes.values()}
    for branch in UNUSED:
        used |= saved.keys_below(branch).keys()
    unused = sorted(
        name for key, name in saved.keys_below(MODEL).items() if key not in used
    )
    if unused:
        logging.warning(
            "%s holds %d values that the model has no variables for, such as %s",
            saved.path,
            len(unused),
            unused[0],
        )


def verify(path: str, tree: dict[str, Any]) -> None:
    """Reads what has been written, which compares its checksums.

    Args:
        path: Path of the checkpoint.
        tree: Nested dictionary of variables, as they were written.

    Raises:
        InputError: If a value is missing, or cannot be read.
    """
    saved = SavedCheckpoint(path)
    leaves = dict(leaves_of(tree))
    keys = {name: saved.key(saved.node(name)) for name in leaves}
    for name, key in keys.items():
        if key is None:
            raise InputError(
                f"A checkpoint must hold all that was saved. Got {path} without "
                f"{name}; save again, to another folder."
            )
    saved.read(
        [key for key in keys.values() if key],
        [variable.dtype for variable in leaves.values()],
    )


@dataclasses.dataclass(frozen=True)
class PendingRestore:
    """A restore that waits until the model has variables.

    Attributes:
        path: Path of the checkpoint.
        verbose: See `restore_checkpoint`.
        restore_keys: See `restore_checkpoint`.
        allow_missing: See `restore_checkpoint`.

    Example:
        >>> pending = PendingRestore('violin/ckpt-3000')
        >>> pending.path
        'violin/ckpt-3000'
    """

    path: str
    verbose: bool = True
    restore_keys: Sequence[str] | None = None
    allow_missing: Sequence[str] = ()

    def check(self) -> None:
        """Reads the checkpoint, which needs no variables.

        Raises:
            InputError: If it is damaged.
        """
        SavedCheckpoint(self.path).check()

    def apply(self, model: Any) -> None:
        """Restores.

        Args:
            model: A model that has been called.

        Raises:
            InputError: See `restore_checkpoint`.
        """
        restore_checkpoint(
            model,
            self.path,
            restore_keys=self.restore_keys,
            verbose=self.verbose,
            allow_missing=self.allow_missing,
        )
