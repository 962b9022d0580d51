"""The optimizer's side of training: one step, and keeping its state."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import gin
import keras
import tensorflow as tf

from ddsp import core
from ddsp.training import checkpoints
from ddsp.training.errors import InputError
from ddsp.training.guarded_update import apply_if, global_norm
from ddsp.training.mixed_precision import check_precision, use_bfloat16_products
from ddsp.training.nn.gru import leave_cudnn
from ddsp.training.parts import variables_below
from ddsp.training.replicas import RunsOnReplicas
from ddsp.training.weight_averaging import (
    AveragesWeights,
    WeightAverage,
    from_sidecar,
    to_sidecar,
)


@gin.configurable(module="ddsp.training.trainers")
class Trainer(AveragesWeights, RunsOnReplicas):
    """Minimises a model's losses with Adam, on one device or on several.

    Gradients are averaged over the replicas before they are clipped, so a step does not
    depend on how many devices share the batch.

    Example:
        >>> from ddsp.training import models
        >>> class Constant(models.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.value = self.add_weight(initializer="zeros", name="value")
        ...
        ...     def call(self, target, training=False):
        ...         self._losses_dict["distance"] = tf.abs(target - self.value)
        ...         return self.value
        >>> strategy = tf.distribute.get_strategy()
        >>> trainer = Trainer(Constant(), strategy, learning_rate=0.1)
        >>> batch = tf.constant(1.0)
        >>> trainer.build(batch)
        >>> [round(float(trainer.train_step(batch)["total_loss"]), 3) for _ in range(2)]
        [1.0, 0.9]
    """

    def __init__(
        self,
        model: Any,
        strategy: tf.distribute.Strategy,
        checkpoints_to_keep: int = 100,
        learning_rate: float = 0.001,
        lr_decay_steps: int = 10000,
        lr_decay_rate: float = 0.98,
        grad_clip_norm: float | None = 3.0,
        restore_keys: Sequence[str] | None = None,
        xla: bool = False,
        seed: int | None = None,
        mixed_precision: str = "float32",
        weight_average_decay: float | None = None,
        frozen: Sequence[str] = (),
    ) -> None:
        """Makes the optimizer.

        Args:
            model: Model whose call returns (outputs, losses) with return_losses=True,
                and whose losses have "total_loss".
            strategy: How devices share the work; make the model in its scope.
            checkpoints_to_keep: Newest checkpoints that saving leaves in a folder.
            learning_rate: Learning rate of the first step.
            lr_decay_steps: Steps over which the rate is multiplied by lr_decay_rate.
            lr_decay_rate: Factor of the exponential decay; 1 for a constant rate.
            grad_clip_norm: Largest global norm of all gradients together; None or 0
                for any.
            restore_keys: Names of the only parts of the model to restore; None for the
                whole model.
            xla: Whether XLA compiles the model with its gradients, once for each shape
                of a batch.
            seed: Makes the noise in a step a function of itself and of the step; None
                for other noise in every run. `train_util.train` takes it for a run
                that begins where it has no seed of its own, and then sets the seed
                that the run has.
            mixed_precision: 'bfloat16' for products of dense and convolution layers in
                that type, 'float32' for none, see `mixed_precision`.
            weight_average_decay: Share of the average of the weights that a step
                keeps, such as 0.999; None for no average. See `averaged`.
            frozen: Parts of the model that training leaves as they are, such as
                'decoder' or 'processor_group/reverb'.

        Raises:
            ValueError: If mixed_precision is unknown.
        """
        check_precision(mixed_precision)
        self.model = model
        self.strategy = strategy
        self.checkpoints_to_keep = checkpoints_to_keep
        self.grad_clip_norm = grad_clip_norm
        self.restore_keys = restore_keys
        self.xla = xla
        self._seed = seed
        self.mixed_precision = mixed_precision
        self.weight_average_decay = weight_average_decay
        self.frozen = (frozen,) if isinstance(frozen, str) else tuple(frozen)
        self._frozen_variables: list[Any] = []
        schedule = keras.optimizers.schedules.ExponentialDecay(
            learning_rate, decay_steps=lr_decay_steps, decay_rate=lr_decay_rate
        )
        with strategy.scope():
            self.optimizer = keras.optimizers.Adam(schedule)
        self._forget_traces()

    @property
    def step(self) -> tf.Tensor:
        """Steps that are done, a scalar of int64."""
        return tf.convert_to_tensor(self.optimizer.iterations)

    @property
    def seed(self) -> int | None:
        """Seed of the noise in a step; None for other noise in every run."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed
        self._forget_traces()

    def _forget_traces(self) -> None:
        """Makes the functions of a step, whose traces hold seed and variables."""
        self._traced_step = tf.function(self._step)
        # Neither iterators nor sums over replicas are for XLA.
        self._losses_and_gradients = (
            tf.function(self._differentiate, jit_compile=True)
            if self.xla
            else self._differentiate
        )

    def build(self, batch: Any) -> None:
        """Makes all variables by one forward pass.

        What a trainer that was built before has averaged, it keeps.

        Args:
            batch: A batch as training will see it.
        """
        one_replica = tf.nest.map_structure(
            lambda x: self.strategy.experimental_local_results(x)[0], batch
        )
        with self.strategy.scope():
            self.model(one_replica, return_losses=True, training=True)
            if self.mixed_precision == "bfloat16":
                use_bfloat16_products(self.model)
            if self.xla:
                leave_cudnn(self.model)
            # With moments of frozen variables, whose order is that of all checkpoints.
            self.optimizer.build(self.model.trainable_variables)
            self._build_options()
        self._forget_traces()

    def _build_options(self) -> None:
        """Finds the frozen variables, and makes averages of the others."""
        self.leave_averaged()
        averages = self.average_weights()
        self._frozen_variables, self._average = [], None
        if not self.frozen and self.weight_average_decay is None:
            return
        named = checkpoints.named_variables(self.model)
        frozen = variables_below(named, self.frozen, "frozen")
        self._frozen_variables = list(frozen.values())
        if not self.trained_variables:
            raise InputError(
                "Training must change something. Got "
                f"frozen={list(self.frozen)}, which is all of the model; freeze less."
            )
        if self.weight_average_decay is not None:
            trained = {id(variable) for variable in self.trained_variables}
            self._average = WeightAverage(
                {name: v for name, v in named.items() if id(v) in trained},
                self.weight_average_decay,
            )
            self._average.start(averages)

    @property
    def trained_variables(self) -> list[Any]:
        """The variables that steps change: the trainable ones that are not frozen."""
        frozen = {id(variable) for variable in self._frozen_variables}
        return [v for v in self.model.trainable_variables if id(v) not in frozen]

    @property
    def choices(self) -> dict[str, str]:
        """What a resumed run must not change, for its numbers would."""
        xla = "on" if self.xla else "off"
        return {"xla": xla, "mixed_precision": self.mixed_precision}

    def step_fn(self, batch: Any) -> dict[str, tf.Tensor]:
        """Takes one step on one replica.

        Where the loss or the global norm of the gradients is not finite, on any
        replica, the step counts but changes neither the model nor the optimizer's
        moments.

        Args:
            batch: The replica's part of the batch.

        Returns:
            The replica's losses by name, scalars, and "skipped_steps": 1 where the
            update was left out, otherwise 0.
        """
        before = self._moving_values()
        losses, gradients = self._losses_and_gradients(batch)
        variables = self.trained_variables
        # A part of a model that the losses do not reach has no gradient.
        pairs = zip(gradients, variables, strict=True)
        reached = [(g, v) for g, v in pairs if g is not None]
        total = losses["total_loss"]
        *gradients, total = self._mean([*(g for g, _ in reached), total])
        norm = global_norm(gradients)
        if self.grad_clip_norm:
            gradients, _ = tf.clip_by_global_norm(
                gradients, self.grad_clip_norm, use_norm=norm
            )
        # The optimizer adds up what the replicas give it.
        n_replicas = self.strategy.num_replicas_in_sync
        gradients = [g / n_replicas for g in gradients]
        is_sound = tf.math.is_finite(total) & tf.math.is_finite(norm)
        apply_if(is_sound, self.optimizer, gradients, [v for _, v in reached], before)
        return {**losses, "skipped_steps": 1.0 - tf.cast(is_sound, tf.float32)}

    def _differentiate(self, batch: Any) -> tuple[dict[str, tf.Tensor], list[Any]]:
        """Losses, and gradients of the trained variables: what XLA may compile."""
        with self._seeded_noise(), tf.GradientTape() as tape:
            _, losses = self.model(batch, return_losses=True, training=True)
        return losses, tape.gradient(losses["total_loss"], self.trained_variables)

    def _moving_values(self) -> list[tuple[Any, tf.Tensor]]:
        """What the model changes by itself, such as moving averages, as it is now."""
        variables = self.model.non_trainable_variables
        floating = [v for v in variables if tf.as_dtype(v.dtype).is_floating]
        return [(v, tf.convert_to_tensor(v)) for v in floating]

    def _seeded_noise(self) -> contextlib.AbstractContextManager[Any]:
        """Makes the noise of this step what seed and step say."""
        if self.seed is None:
            return contextlib.nullcontext()
        return core.seeded_noise(tf.stack([tf.cast(self.seed, tf.int64), self.step]))

    def _step(self, inputs: Any) -> dict[str, tf.Tensor]:
        """One step on all replicas: the function that is traced."""
        batch = inputs.get_next() if hasattr(inputs, "get_next") else inputs
        # Some layers change their weights by themselves, such as normalised ones.
        frozen = [(v, tf.convert_to_tensor(v)) for v in self._frozen_variables]
        losses = self.run(self.step_fn, batch)
        for variable, value in frozen:
            variable.assign(value)
        if self._average is not None:
            self._average.update(self.step)
        n_replicas = self.strategy.num_replicas_in_sync
        return {name: self.psum(loss) / n_replicas for name, loss in losses.items()}

    def train_step(self, inputs: Any) -> dict[str, tf.Tensor]:
        """Takes one step on all replicas.

        Args:
            inputs: An iterator, of which one batch is taken, or a batch.

        Returns:
            Losses by name, scalars: means over the replicas.
        """
        is_plain_iterator = hasattr(inputs, "__next__") and not hasattr(
            inputs, "get_next"
        )
        return self._traced_step(next(inputs) if is_plain_iterator else inputs)

    def get_checkpoint(self, model: Any = None) -> tf.train.Checkpoint:
        """Gathers what a checkpoint holds, under the original's names.

        Args:
            model: Model to take instead of the trainer's; None for the trainer's.

        Returns:
            Checkpoint of "model" and "optimizer".
        """
        model = self.model if model is None else model
        return tf.train.Checkpoint(
            model=checkpoints.legacy_view(model), optimizer=self.optimizer
        )

    def save(
        self,
        save_dir: str | Path,
        sidecar: Mapping[str, Any] | None = None,
        keep: Collection[int] = (),
    ) -> str:
        """Saves model and optimizer as `ckpt-<step>`, averages in its sidecar.

        An `averaged` that was left by an interrupt, or not at all, is ended first.

        Args:
            save_dir: Folder of the model; made if it does not exist.
            sidecar: Arrays by name to keep beside the checkpoint; None for none.
            keep: Steps whose checkpoints stay too, such as that of the best one.

        Returns:
            Path of the checkpoint, without the endings of its files.

        Raises:
            FloatingPointError: If a weight is not finite; nothing is written.
        """
        self.leave_averaged()
        for variable in self.model.trainable_variables:
            if not bool(tf.reduce_all(tf.math.is_finite(variable))):
                raise FloatingPointError(
                    f"Weights must be finite. Got {variable.path} with values that are "
                    f"not, after step {int(self.step)}; go on from the checkpoint "
                    "before, with a lower learning rate."
                )
        return checkpoints.save_checkpoint(
            self.model,
            self.optimizer,
            save_dir,
            step=int(self.step),
            max_to_keep=self.checkpoints_to_keep,
            sidecar={**(sidecar or {}), **to_sidecar(self.average_weights())} or None,
            keep=keep,
        )

    def restore(
        self,
        checkpoint_path: str | Path,
        restore_keys: Sequence[str] | None = None,
        allow_missing: Sequence[str] = (),
    ) -> int:
        """Goes on from a checkpoint; `build` must have been called.

        Averages of what is restored go on from its sidecar, or else from the restored
        weights; those of other parts start at the weights as they are.

        Args:
            checkpoint_path: Folder, whose newest checkpoint is taken, or path of one.
            restore_keys: Names of the only parts of the model to restore; None for
                those of the constructor.
            allow_missing: Names of variables, or of parts of the model, that may keep
                the values they have, such as 'processor_group/reverb'.

        Returns:
            The step that the checkpoint was saved at.

        Raises:
            InputError: If there is no checkpoint, it does not fit the model, or the
                model has no such part.
        """
        self.leave_averaged()
        keys = self.restore_keys if restore_keys is None else restore_keys
        path = checkpoints.expand_path(checkpoint_path)
        step = checkpoints.restore_checkpoint(
            self.model,
            path,
            self.optimizer,
            restore_keys=keys,
            allow_missing=allow_missing,
        )
        if self._average is not None:
            arrays = checkpoints.load_sidecar(path)
            self.start_averages(from_sidecar(arrays, keys))
        return step


@gin.configurable(module="ddsp.training.trainers")
def get_trainer_class(trainer_class: type[Trainer] = Trainer) -> type[Trainer]:
    """Lets a configuration choose another trainer.

    Args:
        trainer_class: The class.

    Returns:
        The class.
    """
    return trainer_class
