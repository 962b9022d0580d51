"""Validation on the way: what it says, what it writes, and when hope is over."""

from collections.abc import Callable
from typing import Any

from ddsp.training.loop.collapse import judge_sound
from ddsp.training.loop.plateau import Plateau
from ddsp.training.loop.run_record import RunRecord
from ddsp.training.loop.validation import Validation
from ddsp.training.loop.watchdog import TOTAL

# Before it a model has hardly begun, and may still be silent.
FIRST_JUDGED_STEP = 300
LARGEST_BATCH = 16


class Listener:
    """Listens to the held-out examples again and again while a run goes on.

    Example:
        >>> listener = Listener(trainer, provider, batch_size=16,
        ...     plateau=Plateau(patience=10), say=print)  # doctest: +SKIP
        >>> listener.listen(300, RunRecord("model", 0), "model")  # doctest: +SKIP
        step 300: validation loss 6.512 (the best so far)
        False
    """

    def __init__(
        self,
        trainer: Any,
        held_out: Any,
        batch_size: int,
        plateau: Plateau,
        say: Callable[[str], object],
    ) -> None:
        """Nothing is read before it is needed.

        Args:
            trainer: A built `Trainer`.
            held_out: Provider of the held-out examples.
            batch_size: Examples of a batch of training.
            plateau: Takes the losses.
            say: Receives lines for the person who trains.
        """
        self._trainer = trainer
        self._validation = Validation(
            trainer.model,
            held_out,
            held_out.sample_rate,
            batch_size=min(batch_size, LARGEST_BATCH),
        )
        self._plateau = plateau
        self._say = say
        self._last_step = 0

    def has_heard(self, step: int) -> bool:
        """Whether the model has been listened to as it is.

        Args:
            step: Steps that are done.

        Returns:
            Whether the last `listen` was after this step.
        """
        return self._last_step == step

    def listen(self, step: int, record: RunRecord, folder: str) -> bool:
        """Measures, writes and judges what the model has learned until now.

        Args:
            step: Steps that are done.
            record: Where the losses go.
            folder: Where the audio goes.

        Returns:
            Whether hope for a better loss is over.

        Raises:
            InputError: If the audio cannot be written.
        """
        self._last_step = step
        validation = self._validation
        with self._trainer.averaged(), record.validation_writer():
            losses = validation.measure()
            validation.write_audio(folder, step)
            validation.summaries(step, losses)
        record.add_validation(step, losses)
        self._plateau.add(step, losses[TOTAL])
        best = " (the best so far)" if self._plateau.is_new_best else ""
        self._say(f"step {step}: validation loss {losses[TOTAL]:.3f}{best}")
        if step >= FIRST_JUDGED_STEP:
            for finding in judge_sound(*validation.sounds()):
                self._say(f"warning: {finding}")
        if self._plateau.should_stop:
            self._say(f"stopped: {self._why()}")
        return self._plateau.should_stop

    def _why(self) -> str:
        """Why there is no hope."""
        step = self._plateau.best_step
        if not step:
            return "no validation loss was a number"
        return f"no better validation loss since step {step}, whose checkpoint is kept"
