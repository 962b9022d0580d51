"""One session of a training run: from its first batch to its last checkpoint."""

import dataclasses
import os
import time
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from ddsp.training import cloud
from ddsp.training.data import hold_out, training_batches
from ddsp.training.fitting import read_batches, refusing_what_does_not_fit
from ddsp.training.loop.diagnosis import diagnose_batch
from ddsp.training.loop.fine_tuning import initialize_from
from ddsp.training.loop.interrupts import Interrupts
from ddsp.training.loop.listening import Listener
from ddsp.training.loop.loss_history import LossHistory
from ddsp.training.loop.plateau import Plateau
from ddsp.training.loop.resuming import (
    BATCH_SIZE,
    HELD_OUT,
    N_TRAINING,
    changed_examples,
    check_options,
    describe,
    go_on,
    restore_run,
)
from ddsp.training.loop.run_files import keep_measurements
from ddsp.training.loop.run_record import RunRecord
from ddsp.training.loop.run_state import RunState
from ddsp.training.loop.schedule import Schedule
from ddsp.training.loop.validation import AUDIO_FOLDER
from ddsp.training.loop.watchdog import TOTAL, Watchdog
from ddsp.training.progress import Progress
from ddsp.training.strategies import (
    WORKER_LOST,
    failing_together,
    gather_integers,
    is_cluster,
    require_even_batches,
    require_same_step,
    writes_files,
)
from ddsp.training.whole_files import remove_leftovers

# Of a cluster, whose workers must read their losses at the same step.
STEPS_PER_READING = 10


class Session:
    """Takes the steps of a run and keeps what must not be lost.

    A session begins where the newest checkpoint of its folder ends. Order of the data,
    noise, best validation and counts go on as if there had been no pause.
    """

    def __init__(
        self,
        data_provider: Any,
        trainer: Any,
        schedule: Schedule,
        save_dir: str,
        progress: Progress,
        seed: int | None = None,
    ) -> None:
        """Makes the parts; nothing is read or written yet.

        Args:
            data_provider: Gives batches, see `data.training_batches`.
            trainer: A `Trainer` with a model that need not be built.
            schedule: What to do, and when.
            save_dir: Folder of the run; empty to write nothing. Of the workers of a
                cluster, which all name the same folder, one writes.
            progress: Where the session reports.
            seed: Seed of a run that begins; None for a random one.

        Raises:
            InputError: If batches cannot be split evenly over the replicas.
        """
        self._all_examples = data_provider
        self._trainer = trainer
        self._schedule = schedule
        self._save_dir = save_dir
        self._progress = progress
        self.strategy = getattr(trainer, "strategy", tf.distribute.get_strategy())
        require_even_batches(self.strategy, schedule.batch_size)
        self._writes = bool(save_dir) and writes_files(self.strategy)
        fresh = int.from_bytes(os.urandom(4), "little") if seed is None else seed
        # All workers of a cluster must have the order of the first one.
        fresh = gather_integers(self.strategy, fresh)[0]
        self._asked_seed = seed
        # As it is when the session begins.
        self._state = RunState(seed=fresh)
        self._plateau = Plateau(schedule.patience, schedule.min_improvement)
        self._listener: Listener | None = None

    def read_first_batch(self) -> None:
        """Finds out whether there are examples, before anything is written.

        Raises:
            InputError: If the provider gives no batch, or one that cannot be read.
        """
        schedule = self._schedule
        self._provider, self._held_out = hold_out(
            self._all_examples, schedule.held_out_share, self._progress.note
        )
        batches, _ = training_batches(self._provider, schedule.batch_size, seed=0)
        batches = self._trainer.distribute_dataset(batches)
        self._first_batch = next(read_batches(batches))

    def begin(
        self, restore_dir: str, init_from: str | None = None, parts: Any = None
    ) -> None:
        """Builds the model and goes on from a checkpoint where there is one.

        Args:
            restore_dir: Folder or path of a checkpoint to begin with where the
                session's own folder has none; empty for none. A session that writes
                nothing has this folder for its own.
            init_from: Another model whose weights a new run begins with, see
                `fine_tuning.initialize_from`; None for none.
            parts: The only parts of it to take; None for all.

        Raises:
            InputError: If restore_dir is another folder than the session's and has no
                checkpoint, a checkpoint cannot be used, it belongs to a run of other
                options, or the batch does not fit the model.
        """
        with refusing_what_does_not_fit():
            self._trainer.build(self._first_batch)
        self._first_batch = None
        has_begun = self._resume(restore_dir)
        require_same_step(self.strategy, self.step)
        if init_from and has_begun:
            self._progress.note(f"init_from={init_from} is not used: the run has begun")
        elif init_from:
            done = initialize_from(self._trainer.model, init_from, parts)
            self._trainer.start_averages()
            for line in done.report().splitlines():
                self._progress.note(line)
        self._trainer.seed = self._state.seed
        if self._held_out is not None and self._writes:
            self._listener = Listener(
                self._trainer,
                self._held_out,
                self._schedule.batch_size,
                self._plateau,
                self._progress.note,
            )

    @property
    def folder(self) -> str:
        """Folder that this process writes to; empty if it writes nothing."""
        return self._save_dir if self._writes else ""

    @property
    def step(self) -> int:
        """Steps that are done."""
        return int(self._trainer.step)

    def run(self, interrupts: Interrupts, dataset_folder: str | None = None) -> None:
        """Takes the steps that are left.

        Args:
            interrupts: What asks the session to end early.
            dataset_folder: Folder whose statistics are copied; None for none.

        Raises:
            FloatingPointError: If too many losses or gradients are not finite.
        """
        self._progress.begin(self._schedule.num_steps)
        first = self.step + 1
        if first > self._schedule.num_steps:
            self._progress.note(
                f"already at step {first - 1}, and the run was to end at "
                f"{self._schedule.num_steps}: ask for more steps to go on"
            )
            return
        if first > 1:
            self._progress.note(describe(first - 1, self._state))
        self._open(first - 1, dataset_folder)
        try:
            self._take_steps(first, interrupts)
        except KeyboardInterrupt:
            self._interrupted()
            raise
        except WORKER_LOST:
            # Otherwise the run goes on from what is saved, once the worker is back.
            if interrupts.received:
                self._interrupted()
            raise
        finally:
            self._progress.end_line()

    def _options(self) -> dict[str, str]:
        """What decides the numbers of a run."""
        choices = dict(getattr(self._trainer, "choices", {}))
        choices |= {BATCH_SIZE: self._schedule.batch_size, HELD_OUT: 0}
        if self._held_out is not None:
            examples = self._provider.get_dataset(shuffle=False)
            choices[HELD_OUT] = self._schedule.held_out_share
            choices[N_TRAINING] = int(examples.cardinality())
        return {name: str(value) for name, value in choices.items()}

    def _resume(self, restore_dir: str) -> bool:
        """Goes on from a checkpoint if there is one; whether there was."""
        own = self._save_dir or restore_dir
        state, arrays = restore_run(
            self._trainer, own, restore_dir, self._progress.note
        )
        options = self._options()
        if state is None:
            self._state = dataclasses.replace(self._state, options=options)
            return self.step > 0
        check_options(state.options, options)
        if self._asked_seed not in (None, state.seed):
            kept = f"the run keeps its seed, {state.seed}"
            self._progress.note(f"seed={self._asked_seed} is not used: {kept}")
        change = changed_examples(state.options, options)
        if change:
            self._progress.note(change)
        else:
            self._plateau.restore(arrays)
        self._state = go_on(state, options)
        return True

    def _open(self, step: int, dataset_folder: str | None) -> None:
        """Opens what the session writes to, and writes what it writes once."""
        self._begin_step = self._saved_step = self._summary_step = step
        self._shown_step = step
        self._watchdog = Watchdog(
            self._progress.note,
            self._schedule.max_skipped,
            self._diagnose,
            batches_ahead=self._state.n_batches - step,
        )
        self._losses = LossHistory(self._watchdog.observe)
        self._begin_time = self._summary_time = time.monotonic()
        with failing_together(self.strategy):
            if self._writes:
                remove_leftovers(self._save_dir)
                remove_leftovers(os.path.join(self._save_dir, AUDIO_FOLDER))
            self._record = RunRecord(self.folder, step)
            if self._writes:
                provider = self._all_examples
                keep_measurements(provider, dataset_folder, self._save_dir, step)

    def _diagnose(self, number: int) -> str:
        """What is wrong with a batch, read again."""
        size, seed = self._schedule.batch_size, self._state.seed
        batches, is_fixed = training_batches(self._provider, size, seed, number)
        if not is_fixed:
            return "Lower the learning rate, or look for damaged recordings."
        return diagnose_batch(next(iter(batches)))

    def _take_steps(self, first: int, interrupts: Interrupts) -> None:
        """The loop."""
        schedule, progress = self._schedule, self._progress
        batches = self._batches()
        step = first - 1
        for step in range(first, schedule.num_steps + 1):
            try:
                self._losses.add(step, self._trainer.train_step(batches))
            except (StopIteration, tf.errors.OutOfRangeError):
                progress.note(f"the data provider has ended after step {step - 1}")
                step -= 1
                break
            if step == first:
                self._losses.fetch()  # Waits for the end of the compiling.
                progress.mark(step)
            if self._may_read(step) and progress.due():
                self._show(step)
            if self._look(step) or self._is_low_enough(step):
                break
            if interrupts.received:
                self._interrupted()
                return
        self._losses.fetch()
        if step != self._shown_step:
            self._show(step)
        with failing_together(self.strategy):  # Nobody leaves before all is saved.
            listener = self._listener if step >= first else None
            unheard = listener is not None and not listener.has_heard(step)
            if step > self._summary_step and (unheard or first > self._summary_step):
                self._summarise(step)  # Of a short run there is one row at least.
            if listener is not None and unheard:
                listener.listen(step, self._record, self._save_dir)
            self.save()

    def _batches(self) -> Iterator[Any]:
        """The batches that follow the last one that was taken."""
        batches, is_fixed = training_batches(
            self._provider,
            self._schedule.batch_size,
            self._state.seed,
            self._state.n_batches,
        )
        if self._state.n_batches and not is_fixed:
            self._progress.note("the data provider begins anew, in an order of its own")
        return iter(self._trainer.distribute_dataset(batches))

    def _may_read(self, step: int) -> bool:
        """Whether losses may be read, which may end the run: of all workers at once."""
        if not is_cluster(self.strategy):
            return True
        is_common = step % STEPS_PER_READING == 0
        if is_common:
            self._losses.fetch()
        return is_common

    def _show(self, step: int) -> None:
        """Shows the loss."""
        self._progress.show(step, self._losses.fetch())
        self._shown_step = step

    def _look(self, step: int) -> bool:
        """Writes and measures what is due; returns whether to end the run."""
        schedule = self._schedule
        validates = step % schedule.steps_per_validation == 0
        # Beside a validation loss stands the loss of the steps before it.
        summarises = step % schedule.steps_per_summary == 0 or (
            validates and self._listener is not None
        )
        saves = step % schedule.steps_per_save == 0
        if not (summarises or validates or saves):
            return False
        self._losses.fetch()  # All workers do, for it may end the run.
        ends = False
        with failing_together(self.strategy):
            if summarises:
                self._summarise(step)
            if validates and self._listener is not None:
                ends = self._listener.listen(step, self._record, self._save_dir)
            if saves or self._plateau.best_step == step:
                self.save()
        return self._all_agree(ends)

    def _is_low_enough(self, step: int) -> bool:
        """Whether the loss is as low as the run was to reach."""
        least = self._schedule.early_stop_loss_value
        if least is None or not self._may_read(step):
            return False
        if not self._all_agree(self._losses.fetch() <= least):
            return False
        self._progress.note(f"stopped early: the loss is at most {least:g}")
        return True

    def _all_agree(self, ends: bool) -> bool:
        """What the worker decides that writes, so that none is left alone."""
        return bool(gather_integers(self.strategy, int(ends))[0])

    def save(self) -> None:
        """Saves a checkpoint, once for each step.

        Raises:
            FloatingPointError: If a weight is not finite; nothing is written.
        """
        self._losses.fetch()  # Ends the run if its losses are no numbers.
        step = self.step
        if not self._writes or step == self._saved_step:
            return
        began = self._state
        state = dataclasses.replace(
            began,
            n_batches=began.n_batches + step - self._begin_step,
            seconds=began.seconds + time.monotonic() - self._begin_time,
            n_skipped=began.n_skipped + self._watchdog.n_skipped,
        )
        kept = self._plateau.to_sidecar() if self._listener else None
        self._trainer.save(
            self._save_dir,
            sidecar=state.to_sidecar(kept),
            keep=[self._plateau.best_step] if self._plateau.best_step else [],
        )
        self._saved_step = step

    def _summarise(self, step: int) -> None:
        """Writes mean losses and speed since the last time."""
        means = self._losses.take_means()
        now = time.monotonic()
        rate = (step - self._summary_step) / (now - self._summary_time)
        self._summary_step, self._summary_time = step, now
        self._record.add_losses(step, means, rate)
        if self._schedule.reports_loss:
            cloud.report_metric_to_hypertune(means[TOTAL], step)

    def _interrupted(self) -> None:
        """Saves and says how to go on."""
        self.save()
        step = self.step
        saved = (
            f" and saved in {self.folder}; the same command goes on from there"
            if step and self.folder
            else ""
        )
        self._progress.note(
            f"stopped at step {step} of {self._schedule.num_steps}{saved}"
        )
