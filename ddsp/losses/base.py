"""The base class of losses, groups of them, and the difference they are built on."""

import re
from typing import Any

import gin
import tensorflow as tf

from ddsp import core, dags, serialization

TensorDict = dict[str, tf.Tensor]
# Vectors whose components are all smaller have no direction.
_SMALLEST_COMPONENT = 1e-20
tfkl = tf.keras.layers


class Loss(serialization.ConfigFromArguments, tf.keras.layers.Layer):
    """Base class: a layer that returns a scalar, or scalars by name.

    Losses compute in float32 whatever Keras' precision is. Two losses of one class have
    the same name unless they are given others.

    Example:
        >>> class Distance(Loss):
        ...     def call(self, target, value):
        ...         return mean_difference(target, value)
        >>> loss = Distance(name='distance')
        >>> float(loss.get_losses_dict(tf.zeros([2]), tf.ones([2]))['distance'])
        1.0
    """

    def __init__(self, **kwargs: Any) -> None:
        """Names the loss.

        Args:
            **kwargs: Keras arguments: name, which is that of the class in snake case by
                default, trainable, dtype.
        """
        if kwargs.get("name") is None:
            kwargs["name"] = _snake_case(type(self).__name__)
        super().__init__(**{"dtype": "float32", **kwargs})

    def build(self, input_shape: Any = None) -> None:
        """Has nothing to build.

        Args:
            input_shape: Not used.
        """
        del input_shape
        self.built = True

    def get_losses_dict(self, *args: tf.Tensor, **kwargs: Any) -> TensorDict:
        """Calls the loss and names the result.

        Args:
            *args: Arguments of `call`.
            **kwargs: Keyword arguments of `call`.

        Returns:
            The loss under the name of this object. A loss that has several parts gives
            them names of their own.
        """
        result = self(*args, **kwargs)
        return result if isinstance(result, dict) else {self.name: result}


def _snake_case(name: str) -> str:
    """KDEConsistencyLoss -> kde_consistency_loss."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@gin.register(module="ddsp.losses")
class LossGroup(dags.DAGLayer):
    """Runs several losses on the outputs of a model.

    A node is (loss, keys of the outputs that it compares).

    Example:
        >>> class Distance(Loss):
        ...     def call(self, target, value):
        ...         return mean_difference(target, value)
        >>> group = LossGroup([(Distance(name='pitch'), ['f0', 'f0_pred'])])
        >>> losses = group({'f0': tf.zeros([2]), 'f0_pred': tf.ones([2])})
        >>> {name: float(loss) for name, loss in losses.items()}
        {'pitch': 1.0}
    """

    def __init__(self, dag: dags.DAG, **kwarg_losses: Any) -> None:
        """Collects the losses.

        Args:
            dag: Nodes, in the order in which they run.
            **kwarg_losses: Losses that the nodes name by keyword; those that no node
                names do not run.

        Raises:
            ValueError: If a module is no loss, or two nodes have losses of one name.
        """
        super().__init__(dag, **kwarg_losses)
        self.loss_names = self.module_names
        wrong = [loss.name for loss in self.modules if not dags.is_loss(loss)]
        if wrong:
            raise ValueError(
                f"The modules of a LossGroup must be losses. Got {wrong}; derive them "
                "from ddsp.losses.Loss."
            )
        names: TensorDict = {}
        for node_name, *_ in self.dag:
            _merge(names, {getattr(self, node_name).name: node_name})

    @property
    def losses(self) -> list[Any]:
        """The losses, in the order of `loss_names`.

        Keras gives this name to what layers add by `add_loss`. It collects that without
        this property, so models that contain a group are not affected.
        """
        return self.modules

    def call(  # type: ignore[override]
        self, outputs: TensorDict, **kwargs: Any
    ) -> TensorDict:
        """Runs the losses.

        Args:
            outputs: Tensors by name, nested as they are.
            **kwargs: Passed on to every loss.

        Returns:
            Scalars under each loss's own name, or under the names of its parts.

        Raises:
            ValueError: If two losses have parts of one name.
        """
        results = self.run_dag(outputs, **kwargs)
        losses: TensorDict = {}
        for node_name, *_ in self.dag:
            _merge(losses, results[node_name])
        return losses

    def get_losses_dict(self, outputs: TensorDict, **kwargs: Any) -> TensorDict:
        """Runs the losses, like `call`.

        Args:
            outputs: Tensors by name.
            **kwargs: Passed on to every loss.

        Returns:
            Scalars by name.
        """
        return self(outputs, **kwargs)


def _merge(losses: dict[str, Any], further: dict[str, Any]) -> None:
    """Adds losses under names that are not taken yet."""
    for name, loss in further.items():
        if name in losses:
            raise ValueError(
                f"Two losses must not share a name. Got name={name!r} twice; give one "
                "of them another name."
            )
        losses[name] = loss


def mean_difference(
    target: tf.Tensor,
    value: tf.Tensor,
    loss_type: str = "L1",
    weights: tf.Tensor | None = None,
) -> tf.Tensor:
    """Mean difference of two tensors.

    Args:
        target: Any shape.
        value: The same shape.
        loss_type: 'L1' (absolute), 'L2' (squared) or 'COSINE' (1 minus the cosine of
            the angle between the vectors of the last axis, whatever their lengths; 1 if
            either is zero).
        weights: Factors on the differences, broadcast against them; the mean is not
            divided by their sum. For 'COSINE' they broadcast against all axes but the
            last, which has size 1.

    Returns:
        Scalar.

    Raises:
        ValueError: If loss_type is unknown.

    Example:
        >>> float(mean_difference(tf.zeros([2]), tf.constant([1.0, 3.0]), 'L2'))
        5.0
    """
    target, value = core.tf_float32(target), core.tf_float32(value)
    difference = target - value
    factors = 1.0 if weights is None else core.tf_float32(weights)
    match loss_type.upper():
        case "L1":
            return tf.reduce_mean(tf.abs(difference * factors))
        case "L2":
            return tf.reduce_mean(difference**2.0 * factors)
        case "COSINE":
            return tf.reduce_mean(_cosine_distance(target, value) * factors)
    raise ValueError(
        f"loss_type must be 'L1', 'L2' or 'COSINE'. Got loss_type={loss_type!r}."
    )


def _cosine_distance(target: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """1 minus the cosine, [..., 1]; 1 where either vector is zero."""
    dot = tf.reduce_sum(_direction(target) * _direction(value), axis=-1, keepdims=True)
    return 1.0 - dot


def _direction(x: tf.Tensor) -> tf.Tensor:
    """Vectors of the last axis at length 1; 0 where there is no direction."""
    # Squares of large and small numbers leave the range of float32, so the largest
    # component becomes 1 first. It has no gradient: the length does not matter.
    peak = tf.stop_gradient(tf.reduce_max(tf.abs(x), axis=-1, keepdims=True))
    has_direction = peak >= _SMALLEST_COMPONENT
    scaled = x / tf.where(has_direction, peak, 1.0)
    length = core.safe_root(tf.reduce_sum(scaled**2.0, axis=-1, keepdims=True))
    return tf.where(has_direction, scaled / tf.where(has_direction, length, 1.0), 0.0)
