"""Solo instruments of the URMP dataset, with the notes that they play."""

import os

import gin
import tensorflow as tf

from ddsp.training.data.tfrecord import LegacyTFRecordProvider

# In the order of the numbers that examples have for them.
INSTRUMENT_KEYS = (
    *("vn", "va", "vc", "db", "fl", "ob", "cl"),
    *("sax", "bn", "tpt", "hn", "tbn", "tba"),
)
N_PITCHES = 128
PIANOROLLS = ("note_active_velocities", "note_active_frame_indices")
EDGES = ("note_onsets", "note_offsets")


@gin.register(module="ddsp.training.data")
class Urmp(LegacyTFRecordProvider):
    """Reads solo recordings of one instrument of URMP, or of all of them.

    Example:
        >>> Urmp("urmp", "vn", split="test").default_file_pattern
        'urmp/urmp_vn_solo_ddsp_conditioning_test.tfrecord*'
    """

    def __init__(
        self,
        base_dir: str,
        instrument_key: str = "tpt",
        split: str = "train",
        suffix: str | None = None,
        seed: int | None = None,
    ) -> None:
        """Chooses the records.

        Args:
            base_dir: Folder of the records.
            instrument_key: One of bn, cl, db, fl, hn, ob, sax, tba, tbn, tpt, va, vc
                and vn, or 'all' for one file of all instruments.
            split: Part of the dataset, 'train' or 'test'.
            suffix: End of the files' names, of a version of one's own.
            seed: Seed of the order in `get_dataset` and `get_batch`.
        """
        self._base_dir = base_dir
        self._instrument_key = instrument_key
        self._split = split
        self._suffix = f"_{suffix}" if suffix else ""
        super().__init__(seed=seed)

    @property
    def default_file_pattern(self) -> str:
        """Pattern of the records of the instrument."""
        name = f"urmp_{self._instrument_key}_solo_ddsp_conditioning"
        if self._instrument_key == "all":
            name = "all_instruments"
        name = f"{name}_{self._split}{self._suffix}.tfrecord*"
        return os.path.join(self._base_dir, name)


@gin.register(module="ddsp.training.data")
class UrmpMidi(Urmp):
    """Reads URMP with its notes.

    Beside `audio`, `f0_hz` and `loudness_db`, [n_frames, 1] each, and `f0_confidence`
    and `power_db`, [n_frames], an example has `note_active_velocities` and
    `note_active_frame_indices`, [n_frames, 128], which are above 0 while a pitch
    sounds; `midi`, int64, [n_frames], the pitch that sounds; `onsets` and `offsets`,
    int64, [n_frames], 1 where a note begins or ends; `note_onsets` and `note_offsets`,
    the same by pitch, flat, [n_frames * 128]; `instrument_id`, an int64 scalar, the
    place of the instrument in vn, va, vc, db, fl, ob, cl, sax, bn, tpt, hn, tbn and tba
    or -1; and `recording_id`, a string.

    Example:
        >>> UrmpMidi("urmp", "vn").features_dict["note_onsets"].shape
        [128000]
    """

    @property
    def features_dict(self) -> dict[str, tf.io.FixedLenFeature]:
        """The features of a record by name, as `tf.io.parse_example` wants them."""
        n_frames = self.get_feature_length(self._shape.centered)
        lengths = dict.fromkeys((*PIANOROLLS, *EDGES), n_frames * N_PITCHES)
        floats = {
            name: tf.io.FixedLenFeature([length], tf.float32)
            for name, length in {**lengths, "power_db": n_frames}.items()
        }
        names = ("instrument_id", "recording_id")
        strings = {name: tf.io.FixedLenFeature([], tf.string) for name in names}
        return {**super().features_dict, **floats, **strings}

    def parse_record(self, record: tf.Tensor) -> dict[str, tf.Tensor]:
        """Reads one record and shapes the notes.

        Args:
            record: Serialised `tf.train.Example`, a string scalar.

        Returns:
            Tensors by the name of the feature.
        """
        return shape_notes(super().parse_record(record))


@gin.register(module="ddsp.training.data")
class UrmpMidiUnsegmented(UrmpMidi):
    """Reads whole pieces of URMP with their notes, each of a length of its own.

    Features are those of `UrmpMidi`. As lengths differ, a batch holds one piece.

    Example:
        >>> provider = UrmpMidiUnsegmented("urmp", "vn", suffix="unsegmented")
        >>> provider.features_dict["audio"].shape
        []
    """

    @property
    def features_dict(self) -> dict[str, tf.io.FixedLenFeature]:
        """The features of a record by name, as `tf.io.parse_example` wants them."""
        whole = tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True)
        return {
            name: whole if feature.dtype == tf.float32 else feature
            for name, feature in super().features_dict.items()
        }


def shape_notes(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Makes of a record of URMP what models of notes take.

    Args:
        example: Features as they are in the record, all of them flat.

    Returns:
        The features of `UrmpMidi`.
    """
    rolls = {n: tf.reshape(example[n], [-1, N_PITCHES]) for n in (*PIANOROLLS, *EDGES)}
    curves = {name: example[name][:, None] for name in ("f0_hz", "loudness_db")}
    starts, ends = (
        tf.cast(tf.reduce_any(rolls[name] > 0, axis=1), tf.int64) for name in EDGES
    )
    return {
        **example,
        **curves,
        **{name: rolls[name] for name in PIANOROLLS},
        "instrument_id": _find_instrument(example["instrument_id"]),
        "midi": tf.argmax(rolls["note_active_frame_indices"], axis=-1),
        "onsets": starts,
        "offsets": ends,
    }


def _find_instrument(key: tf.Tensor) -> tf.Tensor:
    """Place of a string scalar among the keys, or -1, an int64 scalar."""
    is_it = tf.equal(tf.constant(INSTRUMENT_KEYS), key)
    return tf.where(tf.reduce_any(is_it), tf.argmax(is_it), -1)
