"""Layers that take and return dictionaries: the seams of a model."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import core

TensorDict = dict[str, tf.Tensor]
OutputSplits = Sequence[tuple[str, int]]

_NOT_THERE = object()


@gin.register(module="ddsp.training.nn")
def split_to_dict(tensor: tf.Tensor, tensor_splits: OutputSplits) -> TensorDict:
    """Cuts the last axis into named parts.

    Args:
        tensor: [..., n_channels].
        tensor_splits: Name and number of channels of each part; the numbers add up to
            n_channels.

    Returns:
        The parts by name.
    """
    names = [name for name, _ in tensor_splits]
    sizes = [size for _, size in tensor_splits]
    return dict(zip(names, tf.split(tensor, sizes, axis=-1), strict=True))


class DictLayer(tf.keras.layers.Layer):
    """A layer whose inputs and outputs have names.

    A subclass writes an ordinary `call` with one argument per input. The names of its
    required arguments are the keys that it looks up in dictionaries; an argument with a
    default may be missing. `output_keys` of the class names what `call` returns; a
    return annotation that is a list of strings does so too.

    It can be called with tensors, with one or several dictionaries, of which later ones
    win, with keywords, or a mixture. Keys such as 'harmonic/controls' look into nested
    dictionaries, and keys that are not asked for are ignored.

    Example:
        >>> class Ratio(DictLayer):
        ...     output_keys = ['ratio']
        ...     def call(self, above, below):
        ...         return above / below
        >>> features = {'above': tf.constant(6.0), 'below': tf.constant(2.0)}
        >>> float(Ratio()(features)['ratio'])
        3.0
    """

    input_keys: Any
    output_keys: Any

    def __init__(
        self,
        input_keys: Sequence[str] | None = None,
        output_keys: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Decides the names.

        Args:
            input_keys: Keys of the inputs, in the order of the arguments of `call`;
                None takes the names of the arguments. Given keys are all required.
            output_keys: Keys of the outputs; None takes those of the class.
            **kwargs: Arguments of a Keras layer.

        Raises:
            KeyError: If nothing names the outputs.
        """
        super().__init__(**kwargs)
        self.default_input_keys: list[str] = []
        self.default_input_values: list[Any] = []
        if input_keys is None:
            self.default_input_keys = self.get_default_argument_names(self.call)
            self.default_input_values = self.get_default_argument_values(self.call)
            input_keys = self.get_argument_names(self.call)
        if output_keys is None:
            output_keys = getattr(type(self), "output_keys", None)
        if output_keys is None:
            output_keys = self.get_return_annotations(self.call)
        self.input_keys = list(input_keys)
        self.output_keys = list(output_keys)

    @property
    def all_input_keys(self) -> list[str]:
        """Keys of the required inputs, then of the others."""
        return [*self.input_keys, *self.default_input_keys]

    @property
    def n_inputs(self) -> int:
        """Number of inputs, required or not."""
        return len(self.all_input_keys)

    def get_argument_names(self, method: Callable[..., Any]) -> list[str]:
        """Names of a method's required arguments.

        Args:
            method: Bound method.

        Returns:
            Names, in order.
        """
        return [p.name for p in _positional(method) if p.default is p.empty]

    def get_default_argument_names(self, method: Callable[..., Any]) -> list[str]:
        """Names of a method's optional arguments.

        Args:
            method: Bound method.

        Returns:
            Names, in order.
        """
        return [p.name for p in _positional(method) if p.default is not p.empty]

    def get_default_argument_values(self, method: Callable[..., Any]) -> list[Any]:
        """Defaults of a method's optional arguments.

        Args:
            method: Bound method.

        Returns:
            Values, in order.
        """
        return [p.default for p in _positional(method) if p.default is not p.empty]

    def get_return_annotations(self, method: Callable[..., Any]) -> list[str]:
        """Output keys that a method's return annotation lists.

        Args:
            method: Bound method.

        Returns:
            The keys.

        Raises:
            KeyError: If the annotation is no list of strings.
        """
        keys = inspect.signature(method).return_annotation
        if not isinstance(keys, (list, tuple)):
            raise KeyError(
                f"{type(self).__name__} must name its outputs. Got no output_keys and "
                f"return annotation {keys!r}; set the class attribute output_keys."
            )
        return list(keys)

    def build(self, input_shape: Any = None) -> None:
        """Leaves building to the layers inside, which see their inputs in `call`.

        Args:
            input_shape: Not used.
        """
        del input_shape
        self.built = True

    def __call__(self, *inputs: Any, **kwargs: Any) -> dict[str, Any]:
        """Finds the inputs, runs `call` and names the outputs.

        Args:
            *inputs: Tensors in the order of the keys, and dictionaries.
            **kwargs: Inputs by name; the rest goes to Keras, such as `training`.

        Returns:
            The outputs by name.

        Raises:
            TypeError: If there are more or fewer inputs than keys.
            ValueError: If the inputs do not go together, see `check_inputs`.
        """
        features: dict[str, Any] = {}
        tensors = []
        for value in inputs:
            if isinstance(value, dict):
                features.update(value)
            else:
                tensors.append(value)
        for key in self.all_input_keys:
            if key in kwargs:
                features[key] = kwargs.pop(key)
        n_positional = len(tensors)
        self._look_up(features, tensors)
        if len(tensors) != self.n_inputs:
            raise TypeError(self._describe_mismatch(features, n_positional, tensors))
        self.check_inputs(*tensors)
        # Keras takes tensors alone by position, but defaults may be anything.
        n_required = len(self.input_keys)
        optional = dict(zip(self.default_input_keys, tensors[n_required:], strict=True))
        outputs = super().__call__(*tensors[:n_required], **optional, **kwargs)
        if isinstance(outputs, dict):
            return outputs
        return core.to_dict(outputs, self.output_keys)

    def check_inputs(self, *inputs: Any) -> None:
        """Raises for inputs that do not go together; this one takes all.

        It is asked before Keras is, which puts what a layer says far down in a text of
        its own.

        Args:
            *inputs: Inputs, those with a default too, in the order of the keys.
        """

    def _describe_mismatch(
        self, features: dict[str, Any], n_positional: int, tensors: list[Any]
    ) -> str:
        """Says which inputs are missing, or that there are too many."""
        needed = f"{self.name} needs the inputs {list(self.input_keys)}"
        if self.default_input_keys:
            needed += f", and may have {list(self.default_input_keys)}"
        got = f"Got {n_positional} by position" if n_positional else "Got none"
        if features:
            also = f"{got} and" if n_positional else "Got"
            got = f"{also} the keys {sorted(features)}"
        if len(tensors) > self.n_inputs:
            return f"{needed}. {got}; pass each input once."
        # Which are left for those without a name, nobody can say.
        lacking = [k for k in self.input_keys if _find(k, features) is _NOT_THERE]
        missing = ", ".join(map(repr, lacking[n_positional:]))
        return f"{needed}. {got}; missing: {missing}."

    def _look_up(self, features: dict[str, Any], tensors: list[Any]) -> None:
        """Appends the inputs that are found by name, and defaults for missing ones."""
        for key in self.input_keys:
            value = _find(key, features)
            if value is not _NOT_THERE:
                tensors.append(value)
        defaults = zip(self.default_input_keys, self.default_input_values, strict=True)
        for key, default in defaults:
            value = _find(key, features)
            if value is not _NOT_THERE:
                tensors.append(value)
            elif len(tensors) < self.n_inputs:
                tensors.append(default)


def _positional(method: Callable[..., Any]) -> list[inspect.Parameter]:
    """A method's named arguments that can be given by position."""
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    parameters = inspect.signature(method).parameters.values()
    return [p for p in parameters if p.kind in kinds]


def _find(key: str, features: dict[str, Any]) -> Any:
    """Looks a key up, first as it is written, then as a path."""
    if key in features:
        return features[key]
    try:
        return core.nested_lookup(key, features)
    except KeyError:
        return _NOT_THERE


class OutputSplitsLayer(DictLayer):
    """A `DictLayer` that ends in a dense layer, cut into named parts.

    Subclasses write `compute_output`, from the inputs to the input of the dense layer.

    Example:
        >>> class Decoder(OutputSplitsLayer):
        ...     def compute_output(self, z):
        ...         return z
        >>> decoder = Decoder(output_splits=(('amps', 1), ('noise', 5)))
        >>> decoder(tf.ones([1, 2]))['noise'].shape
        TensorShape([1, 5])
    """

    def __init__(
        self,
        input_keys: Sequence[str] | None = None,
        output_splits: OutputSplits = (("amps", 1), ("harmonic_distribution", 40)),
        **kwargs: Any,
    ) -> None:
        """Makes the dense layer.

        Args:
            input_keys: Keys of the inputs; None takes the names of the arguments of
                `compute_output`.
            output_splits: Name and number of channels of each output.
            **kwargs: Arguments of a Keras layer.
        """
        if input_keys is None:
            input_keys = self.get_argument_names(self.compute_output)
        output_keys = [name for name, _ in output_splits]
        super().__init__(input_keys, output_keys, **kwargs)
        self.output_splits = output_splits
        self.n_out = sum(size for _, size in output_splits)
        self.dense_out = tf.keras.layers.Dense(self.n_out)

    def call(self, *inputs: tf.Tensor, **unused_kwargs: Any) -> TensorDict:
        """Runs `compute_output` and the dense layer.

        Args:
            *inputs: Inputs in the order of the keys.
            **unused_kwargs: Ignored, such as `training`.

        Returns:
            The parts by name, [..., size] each.
        """
        del unused_kwargs
        outputs = self.dense_out(self.compute_output(*inputs))
        return split_to_dict(outputs, self.output_splits)

    def compute_output(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Computes the input of the dense layer.

        Args:
            *inputs: Inputs in the order of the keys.

        Returns:
            [..., n_channels].

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define compute_output.")
