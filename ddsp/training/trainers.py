"""The optimizer's side of training: one step, and keeping its state."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gin
import keras
import tensorflow as tf

from ddsp.training import checkpoints


@gin.configurable(module="ddsp.training.trainers")
class Trainer:
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
        grad_clip_norm: float = 3.0,
        restore_keys: Sequence[str] | None = None,
        xla: bool = False,
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
            grad_clip_norm: Largest global norm of all gradients together.
            restore_keys: Names of the only parts of the model to restore; None for the
                whole model.
            xla: Whether XLA compiles the step, which then takes batches of one shape
                only.
        """
        self.model = model
        self.strategy = strategy
        self.checkpoints_to_keep = checkpoints_to_keep
        self.grad_clip_norm = grad_clip_norm
        self.restore_keys = restore_keys
        schedule = keras.optimizers.schedules.ExponentialDecay(
            learning_rate, decay_steps=lr_decay_steps, decay_rate=lr_decay_rate
        )
        with strategy.scope():
            self.optimizer = keras.optimizers.Adam(schedule)
        self._traced_step = tf.function(self._step, jit_compile=True if xla else None)

    @property
    def step(self) -> tf.Tensor:
        """Steps that are done, a scalar of int64."""
        return tf.convert_to_tensor(self.optimizer.iterations)

    def psum(self, x: Any, axis: int | None = None) -> tf.Tensor:
        """Sums a value over the replicas.

        Args:
            x: Value of each replica.
            axis: Axis to sum over as well; None for none.

        Returns:
            The sum.
        """
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, x, axis=axis)

    def run(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs a function on every replica.

        Args:
            fn: Function of one replica.
            *args: Its arguments.
            **kwargs: Its keyword arguments.

        Returns:
            What the function returned, by replica where there are several.
        """
        return self.strategy.run(fn, args=args, kwargs=kwargs)

    def distribute_dataset(self, dataset: Any) -> Any:
        """Splits the batches of a dataset over the replicas.

        Args:
            dataset: A tf.data.Dataset; anything else is returned as it is.

        Returns:
            The distributed dataset.
        """
        if isinstance(dataset, tf.data.Dataset):
            return self.strategy.experimental_distribute_dataset(dataset)
        return dataset

    def build(self, batch: Any) -> None:
        """Makes all variables by one forward pass.

        Args:
            batch: A batch as training will see it.
        """
        one_replica = tf.nest.map_structure(
            lambda x: self.strategy.experimental_local_results(x)[0], batch
        )
        with self.strategy.scope():
            self.model(one_replica, return_losses=True, training=True)
            self.optimizer.build(self.model.trainable_variables)

    def step_fn(self, batch: Any) -> dict[str, tf.Tensor]:
        """Takes one step on one replica.

        Args:
            batch: The replica's part of the batch.

        Returns:
            The replica's losses by name, scalars.
        """
        with tf.GradientTape() as tape:
            _, losses = self.model(batch, return_losses=True, training=True)
        variables = self.model.trainable_variables
        gradients = tape.gradient(losses["total_loss"], variables)
        # A part of a model that the losses do not reach has no gradient.
        pairs = zip(gradients, variables, strict=True)
        reached = [(g, v) for g, v in pairs if g is not None]
        gradients = self._average([g for g, _ in reached])
        gradients, _ = tf.clip_by_global_norm(gradients, self.grad_clip_norm)
        # The optimizer adds up what the replicas give it.
        n_replicas = self.strategy.num_replicas_in_sync
        gradients = [g / n_replicas for g in gradients]
        self.optimizer.apply(gradients, [v for _, v in reached])
        return losses

    def _average(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """The mean of each gradient over the replicas."""
        if self.strategy.num_replicas_in_sync == 1:
            return gradients
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)

    def _step(self, inputs: Any) -> dict[str, tf.Tensor]:
        """One step on all replicas: the function that is traced."""
        batch = inputs.get_next() if hasattr(inputs, "get_next") else inputs
        losses = self.run(self.step_fn, batch)
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

    def save(self, save_dir: str | Path) -> str:
        """Saves model and optimizer as `ckpt-<step>`.

        Args:
            save_dir: Folder of the model; made if it does not exist.

        Returns:
            Path of the checkpoint, without the endings of its files.

        Raises:
            FloatingPointError: If a weight is not finite; nothing is written.
        """
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
        )

    def restore(
        self,
        checkpoint_path: str | Path,
        restore_keys: Sequence[str] | None = None,
        allow_missing: Sequence[str] = (),
    ) -> int:
        """Goes on from a checkpoint; `build` must have been called.

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
        return checkpoints.restore_checkpoint(
            self.model,
            checkpoints.expand_path(checkpoint_path),
            self.optimizer,
            restore_keys=self.restore_keys if restore_keys is None else restore_keys,
            allow_missing=allow_missing,
        )


@gin.configurable(module="ddsp.training.trainers")
def get_trainer_class(trainer_class: type[Trainer] = Trainer) -> type[Trainer]:
    """Lets a configuration choose another trainer.

    Args:
        trainer_class: The class.

    Returns:
        The class.
    """
    return trainer_class
