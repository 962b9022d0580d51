"""Reading checkpoints: every variable gets its value, or an error names it."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from absl import logging

from ddsp.training.checkpoints.aliases import UNUSED, EarlierNames
from ddsp.training.checkpoints.optimizer_state import optimizer_values
from ddsp.training.checkpoints.paths import get_latest_checkpoint
from ddsp.training.checkpoints.saved import MODEL, SavedCheckpoint
from ddsp.training.checkpoints.view import (
    SEPARATOR,
    leaves_of,
    named_variables,
    variable_children,
)
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
            its shape in it, a name in restore_keys or allow_missing stands for no
            variable, or nothing at all would be restored.
    """
    saved = SavedCheckpoint(get_latest_checkpoint(path))
    saved.check()
    named = _variables_of(saved, model)
    nodes = find_nodes(saved, model, named)
    values = _values_of(
        saved,
        _select(model, named, restore_keys),
        nodes,
        _allowed(named, allow_missing),
        _processors_of(model),
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


def _variables_of(saved: SavedCheckpoint, model: Any) -> dict[str, Any]:
    """The variables of a model by name; an error if it has none yet."""
    named = named_variables(model)
    if not named and saved.keys_below(MODEL):
        raise InputError(
            "A model must have variables before it is restored. Got "
            f"{type(model).__name__} without any and {saved.path} with values; call "
            "the model once first, or use Model.restore, which waits until then."
        )
    return named


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
    selected = {
        name: variable
        for name, variable in named.items()
        if name.split(SEPARATOR)[0] in keys
    }
    if named and keys and not selected:
        raise InputError(
            f"restore_keys must name parts of the model that have variables. Got {keys}"
            f", none of which has any; there are {_parts_of(named)}."
        )
    return selected


def _parts_of(named: dict[str, Any]) -> str:
    """Names of the parts of a model that have variables, for messages."""
    return ", ".join(repr(p) for p in {n.split(SEPARATOR)[0]: 0 for n in named})


def find_nodes(
    saved: SavedCheckpoint, model: Any, named: Mapping[str, Any]
) -> dict[str, int | None]:
    """Finds the values of variables, under today's names or earlier ones.

    Args:
        saved: The checkpoint.
        model: The model that the variables belong to.
        named: Variables by path, from `named_variables`.

    Returns:
        Numbers of nodes with a value by path; None where there is none.
    """
    earlier = EarlierNames(model)
    nodes: dict[str, int | None] = {}
    for name in named:
        found = (saved.node(f"{_ROOT}{known}") for known in earlier.of(name))
        nodes[name] = next((n for n in found if saved.key(n) is not None), None)
    return nodes


def _allowed(named: dict[str, Any], allow_missing: Sequence[str]) -> set[str]:
    """The variables that need no value, which may be named as messages name them."""
    allowed: set[str] = set()
    for part in _names(allow_missing):
        starts = {f"{part.rstrip(SEPARATOR)}{SEPARATOR}"}
        starts |= {start.removeprefix(_ROOT) for start in starts}
        found = {n for n in named if f"{n}{SEPARATOR}".startswith(tuple(starts))}
        if not found:
            raise InputError(
                "allow_missing must name variables of the model, or parts with some. "
                f"Got {part!r}, which is neither; there are "
                f"{_parts_of(named)}, and parts of those after a slash."
            )
        allowed |= found
    return allowed


def _processors_of(model: Any) -> tuple[str, ...]:
    """Paths of the processors that a model's graphs consist of."""
    children = variable_children(model).items()
    return tuple(
        f"{name}{SEPARATOR}{processor}"
        for name, child in children
        for processor in getattr(child, "module_names", ())
    )


def _values_of(
    saved: SavedCheckpoint,
    wanted: dict[str, Any],
    nodes: dict[str, int | None],
    allowed: set[str],
    processors: tuple[str, ...],
) -> list[tuple[Any, Any]]:
    """Variables of a model with their values."""
    keys = {name: key for name in wanted if (key := saved.key(nodes[name]))}
    missing = [name for name in wanted if name not in keys]
    refused = [name for name in missing if name not in allowed]
    stored = dict(
        zip(
            keys,
            saved.read_as(list(keys.values()), [wanted[name].dtype for name in keys]),
            strict=True,
        )
    )
    others = [n for n, value in stored.items() if value.shape != wanted[n].shape]
    if others:
        raise _other_shape(saved, wanted, stored, others, len(refused))
    if refused or (wanted and not stored and saved.keys_below(MODEL)):
        raise _without(saved, wanted, missing, refused, processors)
    if missing:
        logging.warning(
            "%s holds no values for %d variables, such as %s: they stay as they are.",
            saved.path,
            len(missing),
            f"{_ROOT}{missing[0]}",
        )
    return [(wanted[name], value) for name, value in stored.items()]


def _other_shape(
    saved: SavedCheckpoint,
    wanted: dict[str, Any],
    stored: dict[str, Any],
    others: list[str],
    n_refused: int,
) -> InputError:
    """The error for variables of another shape."""
    name = others[0]
    return InputError(
        f"The variable {_ROOT}{name} must have shape {list(wanted[name].shape)}. Got "
        f"{list(stored[name].shape)} in {saved.path}, which belongs to another model: "
        f"of {len(wanted)} variables {len(others)} have another shape and {n_refused} "
        "are missing; use the configuration that the model was trained with."
    )


def _without(
    saved: SavedCheckpoint,
    wanted: dict[str, Any],
    missing: list[str],
    refused: list[str],
    processors: tuple[str, ...],
) -> InputError:
    """The error for variables without a value, though those that are there fit."""
    names = refused or missing
    n_more = len(names) - 1
    more = f" and {n_more} other{'s' * (n_more > 1)}" if n_more else ""
    advice = "use the configuration that the model was trained with"
    if len(missing) < len(wanted):
        for part in processors:
            if all(f"{name}/".startswith(f"{part}/") for name in refused):
                advice += (
                    f", or restore with allow_missing=[{part!r}] to go on with the "
                    "untrained values"
                )
    return InputError(
        f"A checkpoint must hold every variable of the model. Got {saved.path} "
        f"without {_ROOT}{names[0]}{more}, {len(names)} of {len(wanted)} "
        f"variables; {advice}."
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
    # A moment is known by two names, but read once.
    dtypes = {key: leaves[name].dtype for name, key in keys.items() if key}
    saved.read(list(dtypes), list(dtypes.values()))


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
