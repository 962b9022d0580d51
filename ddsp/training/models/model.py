"""The base class of models: a call that can return losses, and restoring."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gin
import tensorflow as tf

from ddsp.training import checkpoints

TensorDict = dict[str, tf.Tensor]


class Model(tf.keras.Model):
    """Base class of models that turn a dictionary of features into one of outputs.

    Example:
        >>> class Doubler(Model):
        ...     def call(self, features, training=False):
        ...         return {'audio_synth': 2.0 * features['audio']}
        ...     def get_audio_from_outputs(self, outputs):
        ...         return outputs['audio_synth']
        >>> float(Doubler()({'audio': tf.constant(3.0)})['audio_synth'])
        6.0
    """

    def __init__(self, **kwargs: Any) -> None:
        """Starts without losses.

        Args:
            **kwargs: Arguments of a Keras model.
        """
        super().__init__(**kwargs)
        self._losses_dict: TensorDict = {}
        self._losses_wanted = False
        self._is_running = False
        self._was_called = False
        self._pending_restore: checkpoints.PendingRestore | None = None

    def build(self, input_shape: Any = None) -> None:
        """Leaves building to the parts, which see their inputs in `call`.

        Args:
            input_shape: Not used.
        """
        del input_shape
        self.built = True

    def __call__(self, *args: Any, return_losses: bool = False, **kwargs: Any) -> Any:
        """Runs the model.

        Args:
            *args: Arguments of `call`.
            return_losses: Whether to compute and return the losses too.
            **kwargs: Keyword arguments of `call`.

        Returns:
            The outputs by name, or a pair of them and the losses by name. The losses
            have their sum as 'total_loss'.
        """
        outputs = self._run(return_losses, *args, **kwargs)
        if self._pending_restore is not None:
            # Only now are there variables to restore.
            with tf.init_scope():
                self._pending_restore.apply(self)
            self._pending_restore = None
            outputs = self._run(return_losses, *args, **kwargs)
        return outputs

    def _run(self, return_losses: bool, *args: Any, **kwargs: Any) -> Any:
        """One call, on whatever weights there are."""
        self._losses_wanted, self._is_running = return_losses, True
        try:
            outputs = super().__call__(*args, **kwargs)
            losses = dict(self._losses_dict)
        finally:
            # Tensors of a graph must not outlive the call.
            self._losses_dict = {}
            self._losses_wanted = self._is_running = False
        self._was_called = True
        if not return_losses:
            return outputs
        return outputs, {**losses, "total_loss": self.sum_losses(losses)}

    def call(self, *args: Any, **kwargs: Any) -> TensorDict:
        """Computes the outputs.

        Args:
            *args: Inputs.
            **kwargs: Inputs by name, and `training`.

        Returns:
            The outputs by name.

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define call.")

    def get_audio_from_outputs(self, outputs: TensorDict) -> tf.Tensor:
        """Picks the sound out of the outputs.

        Args:
            outputs: What `call` returned.

        Returns:
            Audio, [batch, n_samples].

        Raises:
            NotImplementedError: If the subclass does not define it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define get_audio_from_outputs."
        )

    def sum_losses(self, losses_dict: TensorDict) -> tf.Tensor:
        """Adds up losses.

        Args:
            losses_dict: Scalars by name.

        Returns:
            Their sum; 0 if there are none.
        """
        return tf.add_n(list(losses_dict.values())) if losses_dict else tf.constant(0.0)

    def _update_losses_dict(self, loss_objs: Sequence[Any], *args: tf.Tensor) -> None:
        """Computes losses and keeps them for the end of the call.

        Args:
            loss_objs: Losses.
            *args: Arguments of every loss.

        Raises:
            TypeError: If one of them is no loss.
            ValueError: If two of them have one name.
        """
        for loss in loss_objs:
            if not hasattr(loss, "get_losses_dict"):
                raise TypeError(
                    "A loss must have get_losses_dict. Got "
                    f"{type(loss).__name__}; derive it from ddsp.losses.Loss."
                )
            for name, value in loss.get_losses_dict(*args).items():
                if name in self._losses_dict:
                    raise ValueError(
                        f"Two losses must not share a name. Got name={name!r} twice; "
                        "give one of them another name."
                    )
                self._losses_dict[name] = value

    def restore(
        self,
        checkpoint_path: str | Path,
        verbose: bool = True,
        restore_keys: Sequence[str] | None = None,
        allow_missing: Sequence[str] = (),
    ) -> None:
        """Takes the values of all variables from a checkpoint.

        A model that has never been called has no variables yet. It is restored within
        its first call, before that call returns.

        Args:
            checkpoint_path: A folder, whose newest checkpoint is used, or the path of a
                checkpoint, such as 'violin/ckpt-3000'.
            verbose: Whether to log which values of the checkpoint were not needed.
            restore_keys: Names of the only attributes to restore, such as 'decoder';
                None for the whole model.
            allow_missing: Names of variables, or of parts of the model, that may keep
                the values they have, such as 'processor_group/reverb'.

        Raises:
            InputError: If there is no checkpoint, it is damaged, a variable has no
                value of its shape in it, or the model has no part of a name in
                restore_keys. What needs variables is said in the first call.
        """
        path = checkpoints.get_latest_checkpoint(
            checkpoints.expand_path(checkpoint_path)
        )
        pending = checkpoints.PendingRestore(path, verbose, restore_keys, allow_missing)
        if self._was_called:
            pending.apply(self)
            # One that failed before must not be tried again.
            self._pending_restore = None
        else:
            pending.check()
            self._pending_restore = pending

    def _require_restored(self) -> None:
        """Refuses to run a part on random weights where others were asked for."""
        if self._pending_restore is not None and not self._is_running:
            raise RuntimeError(
                "A restored model must run as a whole before its parts do, for only "
                "then are there variables to restore. Call the model once first."
            )


@gin.configurable(module="ddsp.training.models")
def get_model(model: Any = gin.REQUIRED) -> Any:
    """Returns the model of the configuration.

    Args:
        model: Bound by gin, as in `get_model.model = @models.Autoencoder()`.

    Returns:
        The model.
    """
    return model
