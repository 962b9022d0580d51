"""Timbre transfer: a recording's pitch and loudness, played by a trained instrument."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training import audio_io, config, models, postprocessing
from ddsp.training.data import FEATURE_SAMPLE_RATE
from ddsp.training.data.feature_spec import read_feature_spec
from ddsp.training.inference import model_inputs, playing, segments
from ddsp.training.inference.borrowing import ONE_AT_A_TIME, borrowed
from ddsp.training.inference.decoding import Decoding, without_recursion
from ddsp.training.inference.levels import fade_out, match_level
from ddsp.training.inference.listening import listen, measure_for
from ddsp.training.inference.model_folder import resolve_model
from ddsp.training.inference.recording import check_recording, to_feature_rate
from ddsp.training.inference.restored_model import (
    find_hop_size,
    find_pitched,
    refusing_what_fails,
    restore_model,
)
from ddsp.training.inference.result import TransferResult
from ddsp.training.inference.settings import Settings
from ddsp.training.inference.stopwatch import Stopwatch

# Frames of silence on which a model is called first, enough for every encoder.
N_FIRST_FRAMES = 64
# Nothing here needs the conversion of Python to graphs, which takes a second.
_as_it_is = tf.autograph.experimental.do_not_convert


class TimbreTransfer:
    """An instrument, ready to play any recording of one voice.

    Threads may share it, or have one each: they take turns. The model is left as it was
    given.

    Attributes:
        sample_rate: Samples per second of what it plays.
        recording_rate: Samples per second that are enough for recordings.
        segment_secs: About how long the pieces are in which it plays. Memory grows with
            them, the sound stays the same. Infinite plays everything at once.

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
            model: An autoencoder whose inputs can be computed from a recording.
            folder: Model folder, whose config holds while the model plays.
            statistics: Statistics of the instrument's dataset. Without them recordings
                are not adjusted to its register and dynamics.
            trust_config: Whether the config may also name what is no part of ddsp.

        Raises:
            InputError: If an input of the model cannot be computed from a recording.
        """
        self.model = model
        self.folder = Path(folder)
        self.statistics = statistics
        self.trust_config = trust_config
        self.segment_secs = segments.SEGMENT_SECS
        pitched = find_pitched(model, self.folder)
        self.sample_rate: int = pitched.sample_rate
        self.hop_size = find_hop_size(model, pitched)
        hears = model_inputs.hears_sound(model)
        wanted = self.sample_rate if hears else 0
        self.recording_rate = max(wanted, FEATURE_SAMPLE_RATE)
        self._spec = read_feature_spec(self.folder)

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
        with refusing_what_fails(folder):
            instrument._restore()
        return instrument

    @property
    def frame_rate(self) -> float:
        """Frames per second at which the model is played."""
        return self.sample_rate / self.hop_size

    @_as_it_is
    def _restore(self) -> None:
        """Calls the whole model once, on silence, which gives it its weights."""
        with borrowed(self.model), config.isolated_gin():
            for module in self.model.processor_group.modules:
                if hasattr(module, "n_samples"):
                    module.n_samples = N_FIRST_FRAMES * self.hop_size
            config.load_model_config(self.folder, trust=self.trust_config)
            blank = model_inputs.blank_features(
                self.model, N_FIRST_FRAMES, self.hop_size
            )
            with without_recursion(self.model.decoder):
                self.model(blank, training=False)

    @_as_it_is
    def render(
        self,
        features: dict[str, np.ndarray],
        seed: int = 0,
        reverb: float = 1.0,
        stopwatch: Stopwatch | None = None,
    ) -> np.ndarray:
        """Plays given curves, of any length, piece by piece.

        Args:
            features: `f0_hz` in Hz and `loudness_db` in dB, [n_frames] each. A model of
                power takes `power_db` instead; one whose encoder listens also takes
                `audio`, the recording at the rate of the model, [n_samples].
            seed: Seed of the model's noise.
            reverb: How much of the model's reverberation is heard, from 0 to 1.
            stopwatch: Where the time is added up; None for nowhere.

        Returns:
            Audio as the model gives it, float32, [n_frames * hop_size].
        """
        watch = stopwatch or Stopwatch()
        surplus = segments.surplus_frames(self.frame_rate)
        held = {
            name: np.pad(
                np.asarray(features[name], np.float32), (0, surplus), mode="edge"
            )
            for name in model_inputs.CURVES
            if name in features
        }
        group = self.model.processor_group
        # Bindings act when functions are called, not only when objects are made.
        with borrowed(self.model), config.isolated_gin():
            config.load_model_config(self.folder, trust=self.trust_config)
            with watch.timing("decoder"):
                inputs = model_inputs.ModelInputs(
                    self.model,
                    {**features, **held},
                    self.hop_size,
                    self.frame_rate,
                    surplus,
                )
            decoding = Decoding(
                self.model.decoder, inputs.frames, inputs.n_frames, self.frame_rate
            )
            player = playing.GroupPlayer(group, self.hop_size, seed, reverb)

            def render_piece(first: int, last: int, f0_hz: np.ndarray) -> np.ndarray:
                with watch.timing("decoder"):
                    played: dict[str, Any] = dict(inputs.frames(first, last))
                    played |= decoding.frames(first, last)
                played["f0_hz"] = f0_hz[np.newaxis, :, np.newaxis]
                with watch.timing("synthesis"):
                    return player.play(played, first, last)

            return segments.render_in_segments(
                render_piece,
                held["f0_hz"],
                self.hop_size,
                self.frame_rate,
                self.segment_secs,
                playing.room_secs(group, self.sample_rate),
            )

    @_as_it_is
    def transfer(
        self,
        audio: np.ndarray,
        sample_rate: int,
        pitch_shift: float = 0.0,
        loudness_shift: float = 0.0,
        adjust: bool = True,
        threshold: float = 1.0,
        quiet: float = 20.0,
        autotune: float = 0.0,
        key: str = "auto",
        reverb: float = 1.0,
        seed: int = 0,
    ) -> TransferResult:
        """Plays a recording with this instrument.

        Args:
            audio: Recording of one voice or instrument, mono, floating point with full
                scale at 1, [n_samples], at least 0.25 s.
            sample_rate: Its samples per second.
            pitch_shift: Octaves to move the pitch by, after adjustment and autotune,
                from -10 to 10.
            loudness_shift: dB to add to the loudness, from -100 to 100; the instrument
                plays stronger, and the result is as much louder; peaks are held below
                full scale.
            adjust: Whether to move the pitch by whole octaves to the instrument's
                register, give the notes the instrument's distribution of loudness and
                quieten what lies between them.
            threshold: How clear a sound must be to count as a note, from 0 to 2.
            quiet: dB by which the adjustment lowers what is no note, from 0 to 100.
            autotune: How far to move the pitch onto the notes of the key at
                A = 440 Hz, from 0 (as sung) to 1 (all the way).
            key: "auto" for the major scale that fits best, whose notes those of minor
                are too; "chromatic" for every semitone; or a name such as "C major",
                "F# minor" or "Bb major".
            reverb: How much of the model's reverberation is heard, from 0 (dry) to 1
                (as it was learned).
            seed: Seed of the instrument's noise. The same recording, settings and seed
                give the same samples.

        Returns:
            The result: as loud as the recording (RMS, raised to -30 dB below full scale
            where that is fainter), with peaks not above -1 dB.

        Raises:
            InputError: If the recording is empty, silent, too short or not mono, its
                samples or sample rate are none of a recording, or a setting is out of
                its range.
        """
        settings = Settings(
            pitch_shift,
            loudness_shift,
            adjust,
            threshold,
            quiet,
            autotune,
            key,
            reverb,
            seed,
        )
        audio = check_recording(audio, sample_rate)
        settings.check()
        watch = Stopwatch()
        n_samples = round(audio.size * self.sample_rate / sample_rate)
        n_frames = -(-n_samples // self.hop_size)
        # Measuring reads gin too, which must not be that of another thread's model.
        with ONE_AT_A_TIME, watch.timing("pitch"):
            source = to_feature_rate(audio, sample_rate)
            measured = measure_for(
                self.model, source, n_frames, self.frame_rate, self._spec
            )
            heard = listen(
                source,
                measured,
                self.frame_rate,
                self.statistics,
                settings,
                str(self.folder),
            )
        features = dict(heard.played)
        if model_inputs.hears_sound(self.model):
            features["audio"] = audio_io.resample(audio, sample_rate, self.sample_rate)
            features["audio_16k"] = source
        rendered = self.render(features, seed, reverb, watch)[:n_samples]
        with watch.timing("synthesis"):
            faded = fade_out(rendered, self.sample_rate)
            leveled = match_level(faded, source, loudness_shift, self.sample_rate)
        return TransferResult(
            audio=leveled,
            sample_rate=self.sample_rate,
            frame_rate=self.frame_rate,
            f0_hz=measured["f0_hz"],
            f0_confidence=measured["f0_confidence"],
            loudness_db=measured["loudness_db"],
            played_f0_hz=heard.played["f0_hz"],
            played_loudness_db=heard.played["loudness_db"],
            register_shift=heard.register_shift,
            warnings=heard.warnings,
            is_note=heard.is_note,
            key=heard.tuned.key if heard.tuned else None,
            tuning_cents=heard.tuned.offset_cents if heard.tuned else 0.0,
            timings=watch.seconds,
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
    autotune: float = 0.0,
    key: str = "auto",
    reverb: float = 1.0,
    seed: int = 0,
    trust_config: bool = False,
) -> TransferResult:
    """Plays a recording with a bundled instrument or one's own.

    Args:
        audio: Recording of one voice or instrument, mono, [n_samples], at least 0.25 s.
        sample_rate: Its samples per second.
        model: Name of a bundled model, or the folder of a trained one, or a zip of it.
        pitch_shift: Octaves to move the pitch by, after adjustment and autotune.
        loudness_shift: dB to add to the loudness.
        adjust: Whether to adjust pitch and loudness to the instrument.
        threshold: How clear a sound must be to count as a note, from 0 to 2.
        quiet: dB by which the adjustment lowers what is no note.
        autotune: How far to move the pitch onto the notes of the key, from 0 to 1.
        key: "auto", "chromatic", or a name such as "C major" or "F# minor".
        reverb: How much of the model's reverberation is heard, from 0 to 1.
        seed: Seed of the instrument's noise.
        trust_config: Whether the model's config may also name what is no part of ddsp,
            and so run anything.

    Returns:
        See `TimbreTransfer.transfer`.

    Raises:
        InputError: If the recording, a setting or the model cannot be used.
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
        autotune=autotune,
        key=key,
        reverb=reverb,
        seed=seed,
    )
