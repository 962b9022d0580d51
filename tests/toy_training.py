"""A model that trains in milliseconds: two small networks and a smooth target."""

from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training import models, nn, train_util, trainers

KERNEL = "decoder/dense_out/kernel"


class Network(tf.keras.layers.Layer):
    """A hidden layer, and one out of the network."""

    def __init__(self, n_units: int, n_out: int) -> None:
        super().__init__()
        self.hidden = tf.keras.layers.Dense(n_units, activation="tanh")
        self.dense_out = tf.keras.layers.Dense(n_out)

    def build(self, input_shape: Any) -> None:
        self.hidden.build(input_shape)
        self.dense_out.build([*input_shape[:-1], self.hidden.units])

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dense_out(self.hidden(x))


class Toy(models.Model):
    """Encoder, decoder and a part that normalises its weights by itself."""

    def __init__(self, n_units: int = 16) -> None:
        super().__init__()
        self.encoder = Network(n_units, 3)
        self.decoder = Network(n_units, 2)
        self.normalized = nn.SpectralNormalization(tf.keras.layers.Dense(2))

    def call(self, features: dict[str, tf.Tensor], training: bool = False) -> Any:
        decoded = self.decoder(self.encoder(features["x"]))
        y = decoded + 0.1 * self.normalized(decoded, training=training)
        self._losses_dict["distance"] = tf.reduce_mean((y - features["y"]) ** 2)
        return {"y": y}


def make_batch(n_examples: int = 8) -> dict[str, tf.Tensor]:
    x = np.random.default_rng(3).normal(size=[n_examples, 4]).astype(np.float32)
    y = np.stack([np.sin(x.sum(axis=1)), x[:, 0] * x[:, 1]], axis=1)
    return {"x": tf.constant(x), "y": tf.constant(y)}


def make_trainer(
    strategy: tf.distribute.Strategy | None = None, n_units: int = 16, **kwargs: Any
) -> trainers.Trainer:
    """A trainer that is built, always from the same weights."""
    strategy = train_util.get_strategy() if strategy is None else strategy
    tf.keras.utils.set_random_seed(1)
    with strategy.scope():
        trainer = trainers.Trainer(
            Toy(n_units), strategy, **{"learning_rate": 0.01, **kwargs}
        )
    trainer.build(make_batch())
    return trainer
