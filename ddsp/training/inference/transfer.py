"""Timbre transfer: a recording's pitch and loudness, played by a trained instrument."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training import config, models, postprocessing
from ddsp.training.inference.adjustment import (
    SILENCE_DB,
    Adjusted,
    adjust_to_instrument,
    shift_by_hand,
)
from ddsp.training.inference.doubts import find_doubts
from ddsp.training.inference.levels import fade_out, match_level
from ddsp.training.inference.model_folder import resolve_model
from ddsp.training.inference.recording import (
    check_recording,
    measure,
    to_feature_rate,
)
from ddsp.training.inference.restored_model import (
    find_synths,
    refusing_what_fails,
    restore_model,
)
from ddsp.training.inference.segments import render_in_segments


@dataclass(frozen=True)
class TransferResult:
    """A recording played by an instrument, with all that led to it.

    Attributes:
        audio: The result, as long as the recording, [n_samples].
        sample_rate: Samples per second of the result: the model's.
        frame_rate: Frames per second of the curves below; frame k is centred at
            k / frame_rate seconds.
        f0_hz: Pitch of the recording in Hz, [n_frames].
        f0_confidence: How sure it is, from 0 to 1, [n_frames].
        loudness_db: Loudness of the recording in dB, [n_frames].
        played_f0_hz: Pitch that the instrument played in Hz, [n_frames].
        played_loudness_db: Loudness that the instrument was asked for, [n_frames].
        register_shift: Octaves that the adjustment moved the pitch by.
        warnings: Doubts about the recording and what could not be done, a line each.

    Example:
        >>> import numpy as np
        >>> curve = np.ones(250, np.float32)
        >>> result = TransferResult(
        ...     audio=np.zeros(16000, np.float32), sample_rate=16000, frame_rate=250.0,
        ...     f0_hz=440 * curve, f0_confidence=curve, loudness_db=-20 * curve,
        ...     played_f0_hz=880 * curve, played_loudness_db=-25 * curve,
        ...     register_shift=1.0, warnings=(),
        ... )
    """

    audio: np.ndarray
    sample_rate: int
    frame_rate: float
    f0_hz: np.ndarray
    f0_confidence: np.ndarray
    loudness_db: np.ndarray
    played_f0_hz: np.ndarray
    played_loudness_db: np.ndarray
    register_shift: float
    warnings: tuple[str, ...]


class TimbreTransfer:
    """An instrument, ready to play any recording of one voice.

    Example:
        >>> from ddsp.training.inference import TimbreTransfer, resolve_model
        >>> violin = TimbreTransfer.from_folder(resolve_model('violin'))
        >>> violin.sample_rate
        16000
    """

    def __init__(
        self,
        model: models.Autoencoder,
        folder: str | Path,
        statistics: dict[str, Any] | None = None,
        trust_config: bool = False,
    ) -> None:
        """Takes a restored model.

        Args:
            model: An autoencoder that is played by pitch and loudness.
            folder: Model folder, whose config holds while the model plays.
            statistics: Statistics of the instrument's dataset. Without them recordings
                are not adjusted to its register and dynamics.
            trust_config: Whether the config may also name what is no part of ddsp.

        Raises:
            InputError: If the model is not played by pitch and loudness alone.
        """
        self.model = model
        self.folder = Path(folder)
        self.statistics = statistics
        self.trust_config = trust_config
        self._synths = find_synths(model, self.folder)
        pitched = next(synth for synth in self._synths if hasattr(synth, "sample_rate"))
        self.sample_rate: int = pitched.sample_rate
        self.hop_size: int = pitched.n_samples // model.preprocessor.time_steps
        # The preprocessor would measure the recording again and throw away the loudness
        # that the adjustment arrived at.
        model.preprocessor.compute_loudness = False

    @classmethod
    def from_folder(
        cls, folder: str | Path, trust_config: bool = False
    ) -> "TimbreTransfer":
        """Restores a model from the folder that its training wrote.

        Args:
            folder: Model folder, or a zip of one, with checkpoint, operative config
                and, if it is to adjust recordings, dataset statistics.
            trust_config: Whether the config may also import modules and name what is
                no part of ddsp. Then it can run anything: set it only for models of
                your own making.

        Returns:
            The instrument.

        Raises:
            InputError: If a file of the model is missing or cannot be used.
        """
        folder = resolve_model(folder)
        statistics = postprocessing.load_statistics(folder)
        model = restore_model(folder, trust_config)
        instrument = cls(model, folder, statistics, trust_config)
        # The first call reads the checkpoint: what is wrong with it shows here, before
        # a recording is worked through.
        blank = np.zeros(16, np.float32)
        with refusing_what_fails(folder):
            instrument.render({"f0_hz": blank, "loudness_db": blank + SILENCE_DB})
        return instrument

    @property
    def frame_rate(self) -> float:
        """Frames per second at which the model is played."""
        return self.sample_rate / self.hop_size

    def render(self, features: dict[str, np.ndarray], seed: int = 0) -> np.ndarray:
        """Plays given curves, of any length.

        Args:
            features: `f0_hz` in Hz and `loudness_db` in dB, [n_frames] each.
            seed: Seed of the model's noise.

        Returns:
            Audio as the model gives it, float32, [n_frames * hop_size].
        """
        for synth in self._synths:
            if hasattr(synth, "seed"):
                synth.seed = seed
        # Bindings act when functions are called, not only when objects are made.
        with config.isolated_gin():
            config.load_model_config(self.folder, trust=self.trust_config)
            return render_in_segments(
                self._render_at_once,
                np.asarray(features["f0_hz"], np.float32),
                np.asarray(features["loudness_db"], np.float32),
                self.hop_size,
                self.frame_rate,
            )

    def _render_at_once(self, f0_hz: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
        """Plays curves [n_frames] with the model set to their length."""
        self.model.preprocessor.time_steps = f0_hz.size
        for synth in self._synths:
            synth.n_samples = f0_hz.size * self.hop_size
        features = {
            "f0_hz": tf.constant(f0_hz[np.newaxis, :, np.newaxis]),
            "loudness_db": tf.constant(loudness_db[np.newaxis, :, np.newaxis]),
        }
        outputs = self.model(features, training=False)
        return np.array(self.model.get_audio_from_outputs(outputs))[0]

    def transfer(
        self,
        audio: np.ndarray,
        sample_rate: int,
        pitch_shift: float = 0.0,
        loudness_shift: float = 0.0,
        adjust: bool = True,
        threshold: float = 1.0,
        quiet: float = 20.0,
        seed: int = 0,
    ) -> TransferResult:
        """Plays a recording with this instrument.

        Args:
            audio: Recording of one voice or instrument, mono, [n_samples], at least
                0.25 s.
            sample_rate: Its samples per second.
            pitch_shift: Octaves to move the pitch by, after the adjustment.
            loudness_shift: dB to add to the loudness; the instrument plays stronger,
                and the result is louder by as much as full scale allows.
            adjust: Whether to move the pitch by whole octaves to the instrument's
                register, give the notes the instrument's distribution of loudness and
                quieten what lies between them.
            threshold: How clear a sound must be to count as a note, from 0 to 2.
            quiet: dB by which the adjustment lowers what is no note.
            seed: Seed of the instrument's noise. The same recording, settings and seed
                give the same samples.

        Returns:
            The result: as loud as the recording (RMS, raised to -30 dB below full scale
            where that is fainter), with peaks not above -1 dB.

        Raises:
            InputError: If the recording is empty, silent, too short or not mono.
        """
        audio = check_recording(audio, sample_rate)
        n_samples = round(audio.size * self.sample_rate / sample_rate)
        n_frames = -(-n_samples // self.hop_size)
        audio = to_feature_rate(audio, sample_rate)
        f0_hz, f0_confidence, loudness_db = measure(audio, n_frames, self.frame_rate)
        warnings = list(find_doubts(audio, loudness_db, f0_confidence, self.frame_rate))
        adjusted = Adjusted(f0_hz, loudness_db, 0.0, 0)
        if adjust and self.statistics is None:
            warnings.append(
                f"{self.folder} holds no dataset statistics: pitch and loudness are "
                "played as recorded, not adjusted to the instrument"
            )
        elif adjust and self.statistics is not None:
            adjusted = adjust_to_instrument(
                f0_hz, f0_confidence, loudness_db, self.statistics, threshold, quiet
            )
            if not adjusted.n_note_frames:
                warnings.append(
                    "no notes found: pitch and loudness are played as recorded, not "
                    "adjusted to the instrument"
                )
        played_f0_hz, played_loudness_db = shift_by_hand(
            adjusted.f0_hz, adjusted.loudness_db, pitch_shift, loudness_shift
        )
        played = {"f0_hz": played_f0_hz, "loudness_db": played_loudness_db}
        rendered = fade_out(self.render(played, seed)[:n_samples], self.sample_rate)
        return TransferResult(
            audio=match_level(rendered, audio, loudness_shift),
            sample_rate=self.sample_rate,
            frame_rate=self.frame_rate,
            f0_hz=f0_hz,
            f0_confidence=f0_confidence,
            loudness_db=loudness_db,
            played_f0_hz=played_f0_hz,
            played_loudness_db=played_loudness_db,
            register_shift=adjusted.register_shift,
            warnings=tuple(warnings),
        )


def transfer(
    audio: np.ndarray,
    sample_rate: int,
    model: str | Path = "violin",
    pitch_shift: float = 0.0,
    loudness_shift: float = 0.0,
    adjust: bool = True,
    threshold: float = 1.0,
    quiet: float = 20.0,
    seed: int = 0,
    trust_config: bool = False,
) -> TransferResult:
    """Plays a recording with a bundled instrument or one's own.

    Args:
        audio: Recording of one voice or instrument, mono, [n_samples], at least 0.25 s.
        sample_rate: Its samples per second.
        model: Name of a bundled model, or the folder of a trained one, or a zip of it.
        pitch_shift: Octaves to move the pitch by, after the adjustment.
        loudness_shift: dB to add to the loudness.
        adjust: Whether to adjust pitch and loudness to the instrument.
        threshold: How clear a sound must be to count as a note, from 0 to 2.
        quiet: dB by which the adjustment lowers what is no note.
        seed: Seed of the instrument's noise.
        trust_config: Whether the model's config may also name what is no part of ddsp,
            and so run anything.

    Returns:
        See `TimbreTransfer.transfer`.

    Raises:
        InputError: If the recording or the model cannot be used.
    """
    check_recording(audio, sample_rate)  # Before the model is loaded.
    instrument = TimbreTransfer.from_folder(model, trust_config)
    return instrument.transfer(
        audio,
        sample_rate,
        pitch_shift=pitch_shift,
        loudness_shift=loudness_shift,
        adjust=adjust,
        threshold=threshold,
        quiet=quiet,
        seed=seed,
    )
