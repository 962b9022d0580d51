"""What is wrong with recordings, said in words: what, where and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ddsp.training.data_inspection.levels import Span
from ddsp.training.data_inspection.recording import RecordingFigures
from ddsp.training.inference.polyphony import SHARE_LIMIT
from ddsp.training.wording import say_duration

# Below this share of the wanted sound, training only learns its few seconds by heart.
TOO_LITTLE_SHARE = 0.05
# `ddsp prepare` leaves shorter recordings out.
SHORTEST_SECS = 1.0
# Of what sounds; beyond it, the fault is most of what would be learned.
MOSTLY = 0.5
LEAST_SOUNDING_SHARE = 0.4
LEAST_VOICED_SHARE = 0.5
FEWEST_CLIPPED_RUNS = 5
# Offset of one part in a hundred of full scale, or of a tenth of a quiet signal.
LARGEST_OFFSET, LARGEST_OFFSET_SHARE, LEAST_OFFSET = 0.01, 0.1, 0.002
# Distances from the louder notes in dB at which hum and noise are learned with them.
FAINTEST_HUM_DB, FAINTEST_NOISE_DB = 55.0, 35.0


@dataclass(frozen=True)
class Place:
    """A recording, or stretches of it.

    Attributes:
        name: Name of the recording.
        spans: Begins and ends in seconds; none for the whole of it.
        note: What was measured there, in a few words; may be empty.

    Example:
        >>> Place("a.wav", [(0.0, 2.5)], "99 times").name
        'a.wav'
    """

    name: str
    spans: Sequence[Span] = ()
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """One kind of fault.

    Attributes:
        kind: Its name for programs: 'clipped', 'hum' and so on.
        what: What was found, a sentence.
        advice: What to do, one sentence or more.
        places: Where it was found; none if in all recordings taken together.
        prevents_training: Whether training will not work with these recordings.

    Example:
        >>> finding = Finding("hum", "The mains hum.", "Use another cable.")
        >>> finding.prevents_training
        False
    """

    kind: str
    what: str
    advice: str
    places: Sequence[Place] = field(default_factory=tuple)
    prevents_training: bool = False


def faults_of_recordings(
    recordings: Sequence[RecordingFigures], wanted_secs: float
) -> list[Finding]:
    """Faults that recordings have each by itself, and of their amount.

    Args:
        recordings: What was measured.
        wanted_secs: Seconds with a clear pitch below which they are called little.

    Returns:
        Findings, at most one of a kind, worst first.
    """
    found = [
        *_silent(recordings),
        *_short(recordings),
        *_little(recordings, wanted_secs),
        *_unpitched(recordings),
        *_polyphonic(recordings),
        *_clipped(recordings),
        *_offset(recordings),
        *_hum(recordings),
        *_noisy(recordings),
    ]
    return sorted(found, key=lambda finding: not finding.prevents_training)


def _little(
    recordings: Sequence[RecordingFigures], wanted_secs: float
) -> Iterator[Finding]:
    voiced_secs = sum(figures.voiced_secs for figures in recordings)
    # More of silence would be no help.
    if not _are_all_silent(recordings) and recordings and voiced_secs < wanted_secs:
        yield Finding(
            "little",
            f"There are {say_duration(voiced_secs)} with a clear pitch; an instrument "
            f"wants {say_duration(wanted_secs)} or more.",
            "Record more of the same instrument, in the same room with the same "
            "microphone: all pitches, soft and loud, short notes and long ones.",
            prevents_training=voiced_secs < TOO_LITTLE_SHARE * wanted_secs,
        )


def _are_all_silent(recordings: Sequence[RecordingFigures]) -> bool:
    """Whether there are recordings that last, and none in which anything sounds."""
    seconds = sum(figures.seconds for figures in recordings)
    return seconds > 0.0 and not any(figures.sounding_secs for figures in recordings)


def _short(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = [
        Place(figures.name, note=f"{figures.seconds:.2f} s")
        for figures in recordings
        if figures.seconds < SHORTEST_SECS
    ]
    if places:
        are_all = len(places) == len(recordings)
        what = "All recordings are" if are_all else "There are recordings"
        yield Finding(
            "short",
            f"{what} shorter than {SHORTEST_SECS:g} s; `ddsp prepare` leaves them out.",
            "Join short notes to longer files, with half a second of silence between "
            "them, or record longer ones.",
            places,
            prevents_training=are_all,
        )


def _silent(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = [
        Place(
            figures.name,
            note=f"{1 - figures.sounding_secs / figures.seconds:.0%} is silent",
        )
        for figures in recordings
        if figures.sounding_secs < LEAST_SOUNDING_SHARE * figures.seconds
    ]
    if places and _are_all_silent(recordings):
        yield Finding(
            "silent",
            "There is nothing but silence.",
            "Check that the right channel and input were recorded, and the gain.",
            places,
            prevents_training=True,
        )
    elif places:
        yield Finding(
            "silent",
            "Most of a recording is silence.",
            "Cut the silence out, or check that the right channel and input were "
            "recorded; silent examples are left out of the dataset.",
            places,
        )


def _unpitched(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = []
    for figures in recordings:
        # Chords have no single pitch either, but are a fault of their own.
        single_secs = figures.sounding_secs - figures.several_secs
        if figures.voiced_secs < LEAST_VOICED_SHARE * single_secs:
            share = figures.voiced_secs / figures.sounding_secs
            note = f"{share:.0%} of the sound has a clear pitch"
            places.append(Place(figures.name, note=note))
    if places:
        yield Finding(
            "unpitched",
            "Much of what sounds has no clear pitch.",
            "Leave out speech, percussion, breath and applause, and what is buried in "
            "noise: the instrument is driven by its pitch. Of very low notes the pitch "
            "is hard to tell.",
            places,
        )


def _polyphonic(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = [
        Place(
            figures.name,
            figures.several_spans,
            f"{figures.several_secs / figures.sounding_secs:.0%} of the sound",
        )
        for figures in recordings
        if figures.several_secs > SHARE_LIMIT * figures.sounding_secs
    ]
    if places:
        several_secs = sum(figures.several_secs for figures in recordings)
        sounding_secs = sum(figures.sounding_secs for figures in recordings)
        yield Finding(
            "polyphonic",
            "Several notes sound at once.",
            "Cut out chords, double stops, accompaniment and other players, or leave "
            "these recordings out: the model follows one pitch at a time and would "
            "learn the other notes as part of its sound.",
            places,
            prevents_training=several_secs > MOSTLY * sounding_secs,
        )


def _clipped(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    clipped = [
        figures
        for figures in recordings
        if figures.samples.n_clipped_runs >= FEWEST_CLIPPED_RUNS
    ]
    if clipped:
        clipped_secs = sum(
            end - begin for f in clipped for begin, end in f.samples.clipped_spans
        )
        sounding_secs = sum(figures.sounding_secs for figures in recordings)
        yield Finding(
            "clipped",
            "The signal is cut off at its peaks, which adds distortion.",
            "Record again with less gain, peaks at half of full scale; turning the "
            "file down does not help, what was cut off is lost.",
            [
                Place(
                    figures.name,
                    figures.samples.clipped_spans,
                    f"{figures.samples.n_clipped_runs} times, "
                    f"at {figures.samples.peak:.2f} of full scale",
                )
                for figures in clipped
            ],
            prevents_training=clipped_secs > MOSTLY * sounding_secs,
        )


def _offset(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = []
    for figures in recordings:
        size, rms = abs(figures.samples.offset), figures.samples.rms
        relative = size > LEAST_OFFSET and size > LARGEST_OFFSET_SHARE * rms
        if size > LARGEST_OFFSET or relative:
            note = f"{100 * figures.samples.offset:+.1f} % of full scale"
            places.append(Place(figures.name, note=note))
    if places:
        yield Finding(
            "offset",
            "The signal is not centred on zero (DC offset).",
            "Run a high-pass filter at 20 Hz over the files, and have the sound card "
            "or the cable looked at.",
            places,
        )


def _hum(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = []
    for figures in recordings:
        background = figures.background
        if background is None or background.hum_hz is None:
            continue
        distance_db = figures.loud_db - background.hum_db
        if distance_db < FAINTEST_HUM_DB:
            note = f"{background.hum_hz} Hz, {distance_db:.0f} dB below the notes"
            places.append(Place(figures.name, note=note))
    if places:
        yield Finding(
            "hum",
            "The mains hum, heard best in the pauses.",
            "Find the ground loop, or use a balanced cable and keep away from power "
            "supplies; a notch filter at the multiples helps what is recorded already.",
            places,
        )


def _noisy(recordings: Sequence[RecordingFigures]) -> Iterator[Finding]:
    places = []
    for figures in recordings:
        if figures.background is None or figures.background.noise_db is None:
            continue
        distance_db = figures.loud_db - figures.background.noise_db
        if distance_db < FAINTEST_NOISE_DB:
            note = f"{distance_db:.0f} dB below the notes"
            places.append(Place(figures.name, note=note))
    if places:
        yield Finding(
            "noisy",
            "There is much noise between the notes.",
            "Go closer to the instrument, switch off fans and computers, and raise the "
            "gain of the first amplifier rather than the last; the model learns the "
            "noise with the notes.",
            places,
        )
