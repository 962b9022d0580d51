"""Whether a model, or a rule, finds the notes that were played."""

from typing import Any

import gin

from ddsp.training import heuristics, metrics, summaries
from ddsp.training.evaluators.base import BaseEvaluator, Batch

TRUE_NOTES = "note_active_velocities"
PIANOROLL = "pianoroll"
HEURISTIC_NOTES = "heuristic_notes"
SOUNDS = ("midi_audio", "synth_audio")


@gin.register(module="ddsp.training.evaluators")
class MidiAutoencoderEvaluator(BaseEvaluator):
    """Notes that a model has learned to find, and what it plays from them.

    Example:
        >>> import numpy as np
        >>> roll = np.zeros([1, 500, 128])
        >>> roll[:, 100:300, 69] = 100
        >>> evaluator = MidiAutoencoderEvaluator(16000, 250)
        >>> batch = {"note_active_velocities": roll, "f0_hz": np.full([1, 500], 440.0)}
        >>> evaluator.evaluate(batch, {"pianoroll": roll}, losses={})
        >>> evaluator.flush(step=1)["metrics/midi/learned/onset/f1"]
        1.0
    """

    def __init__(
        self,
        sample_rate: int,
        frame_rate: float,
        db_key: str = "loudness_db",
        f0_key: str = "f0_hz",
    ) -> None:
        """Makes the metrics.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
            db_key: Name of the loudness or power in the batch.
            f0_key: Name of the pitch in the batch.
        """
        super().__init__(sample_rate, frame_rate)
        self._midi_metrics = metrics.MidiMetrics(frame_rate, tag="learned")
        self._db_key = db_key
        self._f0_key = f0_key

    def evaluate(self, batch: Batch, outputs: Batch, losses: Batch) -> None:
        """Compares notes.

        Args:
            batch: True notes as 'note_active_velocities', [batch, n_frames, 128], and
                the pitch.
            outputs: 'pianoroll', [batch, n_frames, 128].
            losses: Not used.
        """
        del losses
        truth = {**batch, "f0_hz": batch.get(self._f0_key)}
        self._midi_metrics.update_state(truth, outputs[PIANOROLL])

    def sample(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes sounds, notes and curves.

        Args:
            batch: 'audio', [batch, n_samples], true notes, pitch and loudness; what is
                missing is not drawn.
            outputs: What the model made of them, likewise.
            step: Step of training that the model has reached.
        """
        self._sample_sounds(batch, outputs, step)
        f0_hz, db = batch.get(self._f0_key), batch.get(self._db_key)
        if f0_hz is not None and "f0_hz_pred" in outputs:
            summaries.f0_summary(
                f0_hz, outputs["f0_hz_pred"], step, frame_rate=self._frame_rate
            )
        if TRUE_NOTES in batch and PIANOROLL in outputs:
            _draw_rolls(
                batch, outputs[PIANOROLL], step, "midi_ae", self._frame_rate, PIANOROLL
            )
        if f0_hz is not None:
            summaries.midiae_f0_summary(f0_hz, outputs, step)
        if db is not None:
            summaries.midiae_ld_summary(db, outputs, step, self._db_key)
        summaries.midiae_sp_summary(outputs, step)

    def _sample_sounds(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes the original, and each sound of the model beside it."""
        original, rate = batch.get("audio"), self._sample_rate
        if original is not None:
            summaries.audio_summary(original, step, rate, name="audio_original")
        for name in SOUNDS:
            sound = outputs.get(name)
            if sound is None:
                continue
            summaries.audio_summary(sound, step, rate, name=name)
            if original is not None:
                pair = (original, sound)
                summaries.waveform_summary(*pair, step, name, sample_rate=rate)
                summaries.spectrogram_summary(*pair, step, name, sample_rate=rate)

    def flush(self, step: int) -> dict[str, float]:
        """Writes what was measured and starts afresh.

        Args:
            step: Step of training that the model has reached.

        Returns:
            Numbers by tag, without those of nothing.
        """
        return self._midi_metrics.flush(step)


@gin.register(module="ddsp.training.evaluators")
class MidiHeuristicEvaluator(BaseEvaluator):
    """Notes that a rule finds in the controls of a model.

    The rule is bound with gin to `segment_notes_batch`, as in eval/heuristic.gin of the
    original; without a binding it is that of `heuristics.midi_heuristic`.

    Example:
        >>> import numpy as np
        >>> roll = np.zeros([1, 500, 128])
        >>> roll[:, 100:300, 69] = 100
        >>> is_on = roll[:, :, 69] > 0
        >>> outputs = {"f0_hz": 440.0 * is_on, "amplitudes": 0.5 * is_on}
        >>> evaluator = MidiHeuristicEvaluator(16000, 250)
        >>> batch = {"note_active_velocities": roll, "f0_hz": np.full([1, 500], 440.0)}
        >>> evaluator.evaluate(batch, outputs, losses={})
        >>> evaluator.flush(step=1)["metrics/midi/heuristic/onset/f1"]
        1.0
    """

    def __init__(self, sample_rate: int, frame_rate: float) -> None:
        """Makes the metrics.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        super().__init__(sample_rate, frame_rate)
        self._midi_metrics = metrics.MidiMetrics(frame_rate, tag="heuristic")

    def _compute_heuristic_notes(self, outputs: Batch) -> list[Any]:
        """The notes of each example."""
        rule = {
            "binarize_f": heuristics.midi_heuristic,
            "pick_f0_f": heuristics.mean_f0,
            "pick_amps_f": heuristics.median_amps,
        }
        # An argument that is given would win over a binding.
        for name in gin.get_bindings(heuristics.segment_notes_batch):
            rule.pop(name, None)
        return heuristics.segment_notes_batch(
            controls_batch=outputs, frame_rate=self._frame_rate, **rule
        )

    def evaluate(self, batch: Batch, outputs: Batch, losses: Batch) -> None:
        """Compares notes.

        Args:
            batch: True notes as 'note_active_velocities', [batch, n_frames, 128], and
                the pitch as 'f0_hz'.
            outputs: Controls that the rule looks at.
            losses: Not used.
        """
        del losses
        self._midi_metrics.update_state(batch, self._compute_heuristic_notes(outputs))

    def sample(self, batch: Batch, outputs: Batch, step: int) -> None:
        """Writes the notes beside the pitch, and beside those that should be.

        Args:
            batch: True notes, if there are any.
            outputs: See `evaluate`.
            step: Step of training that the model has reached.
        """
        notes = self._compute_heuristic_notes(outputs)
        summaries.midi_summary(
            {**outputs, HEURISTIC_NOTES: notes},
            step,
            "heuristic",
            self._frame_rate,
            HEURISTIC_NOTES,
        )
        if TRUE_NOTES in batch:
            _draw_rolls(
                batch, notes, step, "heuristic", self._frame_rate, HEURISTIC_NOTES
            )

    def flush(self, step: int) -> dict[str, float]:
        """Writes what was measured and starts afresh.

        Args:
            step: Step of training that the model has reached.

        Returns:
            Numbers by tag, without those of nothing.
        """
        return self._midi_metrics.flush(step)


def _draw_rolls(
    batch: Batch, found: Any, step: int, name: str, frame_rate: float, key: str
) -> None:
    """Draws the notes that were found over those that should be."""
    notes = {TRUE_NOTES: batch[TRUE_NOTES], key: found}
    summaries.pianoroll_summary(notes, step, name, frame_rate, pred_key=key)
