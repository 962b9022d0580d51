"""Starting from what another model has learned."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ddsp import pretrained
from ddsp.training.checkpoints import (
    expand_path,
    get_latest_checkpoint,
    named_variables,
)
from ddsp.training.checkpoints.restoring import find_nodes
from ddsp.training.checkpoints.saved import SavedCheckpoint
from ddsp.training.errors import InputError
from ddsp.training.inference.model_folder import resolve_model
from ddsp.training.parts import is_below, variables_below

_MAX_LINES = 8


@dataclasses.dataclass(frozen=True)
class Initialized:
    """What `initialize_from` has done.

    Attributes:
        path: Path of the checkpoint that the values came from.
        matched: Paths of the variables that have taken their values from it.
        unmatched: Why the others that were asked for keep theirs, by path.

    Example:
        >>> done = Initialized('violin/ckpt-3000', ('decoder/dense_out/bias',),
        ...     {'processor_group/reverb/ir': 'not there'})
        >>> print(done.report())
        1 of 2 variables from violin/ckpt-3000
          taken: decoder (1)
          left: processor_group/reverb/ir (not there)
    """

    path: str
    matched: tuple[str, ...]
    unmatched: dict[str, str]

    def report(self) -> str:
        """Says it in a few lines.

        Returns:
            A line with the numbers, one with the parts that were taken and how many
            variables each has, one if that is less than half, and one for each
            variable that was not, up to eight.
        """
        counts: dict[str, int] = {}
        for name in self.matched:
            part = name.split("/")[0]
            counts[part] = counts.get(part, 0) + 1
        taken = ", ".join(f"{part} ({count})" for part, count in counts.items())
        total = len(self.matched) + len(self.unmatched)
        lines = [f"{len(self.matched)} of {total} variables from {self.path}"]
        lines.append(f"  taken: {taken}")
        if 2 * len(self.matched) < total:
            lines.append(
                "  most of what was asked for begins anew: is that other model of the "
                "same configuration?"
            )
        left = [f"  left: {name} ({why})" for name, why in self.unmatched.items()]
        if len(left) > _MAX_LINES:
            left[_MAX_LINES:] = [f"  and {len(left) - _MAX_LINES} more"]
        return "\n".join(lines + left)


def initialize_from(
    model: Any, path: str | Path, parts: Sequence[str] | None = None
) -> Initialized:
    """Copies the values of another model's variables where name and shape match.

    Neither an optimizer nor a count of steps is touched: training begins anew, from
    better weights. A trainer that averages weights must be told afterwards, with
    `trainer.start_averages()`.

    Args:
        model: A model that has been called.
        path: Name of a bundled model, such as 'violin', a folder, a zip of one, or the
            path of a checkpoint, such as 'violin_model/ckpt-3000'.
        parts: The only parts of the model to take, such as 'decoder' or
            'processor_group/reverb'; None for all of it.

    Returns:
        What has matched, and what has not.

    Raises:
        InputError: If there is no such model, it is damaged, a part has no variables in
            the model, or nothing of a part matches; then nothing is changed.
        ValueError: If the model has not been called.
    """
    saved = SavedCheckpoint(find_checkpoint(path))
    named = named_variables(model)
    if not named:
        raise ValueError(
            "model must have variables to be initialised. Got none; call the model, or "
            "build its trainer, first."
        )
    if parts is not None:
        parts = [parts] if isinstance(parts, str) else list(parts)
        if not parts:
            raise InputError(
                "parts must name at least one part of the model. Got parts=[]; name "
                "one, such as 'decoder', or leave parts out for the whole model."
            )
        named = variables_below(named, parts, "parts")
    values, unmatched = _match(saved, model, named)
    _require_matches(saved, values, unmatched, parts)
    for name, value in values.items():
        named[name].assign(value)
    return Initialized(saved.path, tuple(values), unmatched)


def find_checkpoint(path: str | Path) -> str:
    """Finds the checkpoint of a model.

    Args:
        path: Name of a bundled model, a folder, a zip of one, or the path of a
            checkpoint. A name wins over a folder; "./violin" is a folder.

    Returns:
        Path of the checkpoint, without the endings of its files.

    Raises:
        InputError: If there is none.
    """
    path = expand_path(path)
    if path in pretrained.model_names() or path.lower().endswith(".zip"):
        path = str(resolve_model(path))
    return get_latest_checkpoint(path)


def _match(
    saved: SavedCheckpoint, model: Any, named: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values that fit by path, and why the other variables have none."""
    nodes = find_nodes(saved, model, named)
    values: dict[str, Any] = {}
    unmatched: dict[str, str] = {}
    for name, variable in named.items():
        key = saved.key(nodes[name])
        if key is None:
            unmatched[name] = "not there"
            continue
        (value,) = saved.read([key], [variable.dtype])
        if value.shape == variable.shape:
            values[name] = value
        else:
            unmatched[name] = f"{list(value.shape)} there, {list(variable.shape)} here"
    return values, unmatched


def _require_matches(
    saved: SavedCheckpoint,
    values: Mapping[str, Any],
    unmatched: Mapping[str, str],
    parts: Sequence[str] | None,
) -> None:
    """Refuses parts of which nothing is taken."""
    for part in parts or [""]:
        if not any(not part or is_below(name, part) for name in values):
            name = next(n for n in unmatched if not part or is_below(n, part))
            raise InputError(
                f"Another model must have something of {part or 'this one'} in the "
                f"same shape. Got {saved.path}, where nothing matches, such as {name} "
                f"({unmatched[name]}); use its configuration, or name other parts."
            )
