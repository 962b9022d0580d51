"""The layers of Keras, made known to gin."""

import inspect

import gin
import tensorflow as tf


def gin_register_keras_layers() -> None:
    """Registers every layer of Keras, so that config files can build them.

    Layers are known as `tf.keras.layers.<Name>`, and `Sequential` as
    `tf.keras.Sequential`. Calling it again changes nothing.
    """
    layers = tf.keras.layers
    for name in dir(layers):
        value = getattr(layers, name)
        if inspect.isclass(value) and issubclass(value, layers.Layer):
            gin.register(name, module="tf.keras.layers")(value)
    gin.register("Sequential", module="tf.keras")(tf.keras.Sequential)


gin_register_keras_layers()

# Also known under this package's name, which configs of the original use.
Dense = gin.register("Dense", module="ddsp.training.nn")(tf.keras.layers.Dense)
