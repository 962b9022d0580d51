"""Products of networks in bfloat16, and nothing else.

Only dense and convolution layers within a network multiply in bfloat16; their outputs
are float32 again, as are all weights. These stay float32:

- The last layers of networks (attributes that end in `_out`): the 8 bits of a bfloat16
  would turn their smooth curves of loudness, spectra and frequencies into steps, which
  are heard.
- Recurrent layers: a state that moves slowly stands still in 8 bits. Over 1000 frames
  with update gates near 0.9 the states of a GRU were off by a tenth. On a GPU its
  products are in TensorFloat-32 as they are.
- Processors, preprocessors and losses, which have no such layers.
"""

from typing import Any

import keras
import tensorflow as tf

_PRECISIONS = ("float32", "bfloat16")

_PRODUCTS = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_HEADS = ("_out", "_outs")


def check_precision(mixed_precision: str) -> None:
    """Refuses what is no precision of products.

    Args:
        mixed_precision: 'float32' or 'bfloat16'.

    Raises:
        ValueError: If it is anything else.
    """
    if mixed_precision not in _PRECISIONS:
        raise ValueError(
            f"mixed_precision must be one of {', '.join(_PRECISIONS)}. Got "
            f"mixed_precision={mixed_precision!r}; float32 is exact."
        )


def use_bfloat16_products(model: Any) -> list[str]:
    """Lets the layers within the networks of a model multiply in bfloat16.

    Args:
        model: A model that has been called; layers that are made later stay as they
            are. Calling it again changes nothing.

    Returns:
        Paths of the layers that now do.
    """
    layers = list(model._flatten_layers())
    heads = {id(head) for layer in layers for head in _heads_of(layer)}
    changed = []
    for layer in layers:
        is_float32 = layer.compute_dtype == "float32"
        if isinstance(layer, _PRODUCTS) and is_float32 and id(layer) not in heads:
            layer.dtype_policy = "mixed_bfloat16"
            layer.call = _Float32Outputs(layer.call)
            changed.append(layer.path)
    return changed


def _heads_of(layer: Any) -> list[Any]:
    """Layers whose outputs leave a network, by the names of attributes."""
    heads: list[Any] = []
    for name, value in vars(layer).items():
        if name.endswith(_HEADS):
            heads += value if isinstance(value, (list, tuple)) else [value]
    return heads


class _Float32Outputs:
    """A layer's call whose output is float32, whatever it was computed in."""

    def __init__(self, call: Any) -> None:
        """Keeps the call.

        Args:
            call: Bound method.
        """
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> tf.Tensor:
        """Calls, and casts.

        Args:
            *args: Arguments of the call.
            **kwargs: Keyword arguments of the call.

        Returns:
            The output in float32.
        """
        return tf.cast(self._call(*args, **kwargs), tf.float32)
