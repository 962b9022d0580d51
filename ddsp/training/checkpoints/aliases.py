"""Names that variables had in checkpoints of earlier versions of the original.

| since | a decoder's stacks | recurrent cell | reverb |
| --- | --- | --- | --- |
| 0.0.6 | `f_stack`, `l_stack`, `z_stack` | `rnn/cell` | `processors/<index>/ir` |
| 0.2 | `input_stacks/<index>` | `rnn/cell` | `processors/<index>/ir` |
| 0.13.1 | `input_stacks/<index>` | `rnn/rnn/cell` | `processors/<index>/ir`, or none |
| 1.0 | `input_stacks/<index>` | `rnn/rnn/cell` | `<name>/ir` |
"""

import re
from collections.abc import Iterator
from typing import Any

from ddsp.training.checkpoints.view import SEPARATOR, is_variable, variable_children

# The first decoders had a stack of its own name for each of their inputs.
_STACKS = {"f0_scaled": "f_stack", "ld_scaled": "l_stack", "z": "z_stack"}
# Parts that models need no more: those of the plug-in once tracked pitch themselves.
UNUSED = ("model/preprocessor/crepe_model",)


class EarlierNames:
    """The names under which the variables of a model may be found.

    Example:
        >>> names = EarlierNames(tf.keras.layers.Dense(1))
        >>> names.of('decoder/rnn/rnn/cell/bias')[:2]
        ['decoder/rnn/rnn/cell/bias', 'decoder/rnn/cell/bias']
    """

    def __init__(self, model: Any) -> None:
        """Looks through a model for layers whose names have changed.

        Args:
            model: A model, or any layer of one.
        """
        self._branches = list(_earlier_branches(model, ""))

    def of(self, name: str) -> list[str]:
        """Lists the names of one variable.

        Args:
            name: Name of today, such as 'decoder/rnn/rnn/cell/bias'.

        Returns:
            That name, then the earlier ones.
        """
        names = [name]
        for today, earlier in self._branches:
            if name.startswith(f"{today}{SEPARATOR}"):
                names.append(earlier + name.removeprefix(today))
        names += [re.sub(r"(^|/)rnn/rnn/", r"\1rnn/", known) for known in names]
        # A reverb knew its variables by a private attribute too.
        names += [re.sub(r"([^/]+)$", r"_\1", known) for known in names]
        return list(dict.fromkeys(names))


def _earlier_branches(obj: Any, path: str) -> Iterator[tuple[str, str]]:
    """Paths of layers today and earlier."""
    children = variable_children(obj)
    if "input_stacks" in children:
        for i, key in enumerate(getattr(obj, "input_keys", ())):
            if key in _STACKS:
                yield f"{path}input_stacks{SEPARATOR}{i}", f"{path}{_STACKS[key]}"
    for i, (name, *_) in enumerate(getattr(obj, "dag", ())):
        yield f"{path}{name}", f"{path}processors{SEPARATOR}{i}"
    for name, child in children.items():
        if not is_variable(child):
            yield from _earlier_branches(child, f"{path}{name}{SEPARATOR}")
