"""Parts of a model by name, such as 'decoder' or 'processor_group/reverb'."""

from collections.abc import Mapping, Sequence
from typing import Any

from ddsp.training.errors import InputError

_SEPARATOR = "/"


def variables_below(
    named: Mapping[str, Any], parts: Sequence[str], argument: str
) -> dict[str, Any]:
    """Picks the variables of some parts of a model.

    Args:
        named: Variables by path, from `checkpoints.named_variables`.
        parts: Paths of parts or of single variables; a single one may come by itself.
        argument: Name of the argument that the parts came in, for the message.

    Returns:
        The variables below any of the parts by path, in the order of `named`.

    Raises:
        InputError: If a part has no variables.
    """
    parts = [parts] if isinstance(parts, str) else list(parts)
    for part in parts:
        if not any(is_below(name, part) for name in named):
            known = sorted({name.split(_SEPARATOR)[0] for name in named})
            raise InputError(
                f"{argument} must name parts of the model that have variables. Got "
                f"{part!r}, which has none; there are {', '.join(known)}, and parts "
                "of those after a slash."
            )
    return {
        name: variable
        for name, variable in named.items()
        if any(is_below(name, part) for part in parts)
    }


def is_below(name: str, part: str) -> bool:
    """Says whether a variable belongs to a part.

    Args:
        name: Path of the variable, such as 'decoder/dense_out/kernel'.
        part: Path of the part, such as 'decoder'.

    Returns:
        Whether it does. 'dec' is no part of 'decoder'.
    """
    return f"{name}{_SEPARATOR}".startswith(f"{part.rstrip(_SEPARATOR)}{_SEPARATOR}")
