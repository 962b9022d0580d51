"""Statistics of the original's three generations, and attacks that look like them."""

import builtins
import json
import os
import pickle
import subprocess
import sys
import types
from _codecs import encode
from pathlib import Path

import numpy as np
import pytest

from ddsp.training import postprocessing
from ddsp.training.errors import InputError
from ddsp.training.postprocessing.pickle_contents import read_pickle
from ddsp.training.postprocessing.statistics_pickles import _KINDS, _array

PICKLE = "dataset_statistics.pkl"
RANKS = np.linspace(0.0, 1.0, 5)
VALUES_DB = np.array([[-60.0], [-40.0], [-40.0], [-25.5], [-20.0]])
GENERATIONS = (
    "sklearn.preprocessing.data",
    "sklearn.preprocessing._data",
    "ddsp.colab.colab_utils",
    "ddsp.training.postprocessing",
    "ddsp.training.postprocessing.quantiles",
)


def attributes() -> dict:
    return {
        "n_quantiles": 7,
        "output_distribution": "uniform",
        "subsample": 99,
        "random_state": np.random.RandomState(3),
        "n_quantiles_": 5,
        "references_": RANKS,
        "quantiles_": VALUES_DB,
    }


def pickled(
    transform_state: object,
    protocol: int = 4,
    module: str = GENERATIONS[3],
    **more: object,
) -> bytes:
    """Statistics whose transformer is of a class that is not installed."""
    written = type("QuantileTransformer", (), {"__module__": module})
    transform = written()
    transform.__dict__.update(transform_state)
    kept = dict(sys.modules)
    try:
        names = module.split(".")
        for n_parts in range(1, len(names) + 1):
            name = ".".join(names[:n_parts])
            sys.modules[name] = types.ModuleType(name)
        sys.modules[module].QuantileTransformer = written
        statistics = {"mean_pitch": 60.5, "quantile_transform": transform, **more}
        return pickle.dumps(statistics, protocol)
    finally:
        sys.modules.clear()
        sys.modules.update(kept)


def load(folder: Path, content: bytes) -> dict:
    (folder / PICKLE).write_bytes(content)
    statistics = postprocessing.load_statistics(folder)
    assert statistics is not None
    return statistics


def refusal(folder: Path, content: bytes) -> str:
    """The one line that a file is refused with."""
    (folder / PICKLE).write_bytes(content)
    with pytest.raises(InputError) as caught:
        postprocessing.load_statistics(folder)
    message = str(caught.value)
    assert str(folder / PICKLE) in message
    assert "\n" not in message and len(message) < 400 + len(str(folder))
    return message


def test_a_file_of_the_original_is_read(golden: Path) -> None:
    folder = golden / "checkpoints" / "tiny_instrument"
    statistics = postprocessing.load_statistics(folder)
    assert statistics is not None
    transform = statistics.pop("quantile_transform")
    recorded = json.loads((folder / "statistics_scalars.json").read_text())
    assert statistics == recorded and len(recorded) == 36
    assert transform.n_quantiles == transform.n_quantiles_ == 1000
    assert transform.quantiles_.shape == (1000, 1)
    # The loudest note, and the quietest, are recorded as numbers as well.
    ends_db = transform.inverse_transform([[0.0], [1.0]])[:, 0]
    assert ends_db[0] == recorded["min_loudness_note"]
    assert ends_db[1] == recorded["max_loudness_note"]
    np.testing.assert_array_equal(transform.references_, np.linspace(0, 1, 1000))


@pytest.mark.parametrize("module", GENERATIONS)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_all_generations_are_read(tmp_path: Path, module: str, protocol: int) -> None:
    statistics = load(tmp_path, pickled(attributes(), protocol, module))
    assert statistics["mean_pitch"] == 60.5
    transform = statistics["quantile_transform"]
    assert type(transform) is postprocessing.QuantileTransformer
    np.testing.assert_array_equal(transform.references_, RANKS)
    np.testing.assert_array_equal(transform.quantiles_, VALUES_DB)
    assert (transform.n_quantiles, transform.n_quantiles_) == (7, 5)
    assert transform.subsample == 99
    assert transform.inverse_transform([[0.875]])[0, 0] == -22.75


def test_names_of_both_numpys_are_read(tmp_path: Path) -> None:
    ours = pickled(attributes(), 3, mean_power=np.float32(-13.5))
    for package in (b"numpy.core", b"numpy._core"):
        content = ours.replace(b"numpy._core", package).replace(b"numpy.core", package)
        assert package + b".multiarray\nscalar" in content
        statistics = load(tmp_path, content)
        assert statistics["mean_power"] == -13.5
        np.testing.assert_array_equal(
            statistics["quantile_transform"].quantiles_, VALUES_DB
        )


def test_names_of_old_random_states_are_read(tmp_path: Path) -> None:
    content = pickled(attributes(), 3)
    new = b"cnumpy.random._pickle\n__randomstate_ctor\n"
    assert new in content
    for old in (
        b"cnumpy.random\n__RandomState_ctor\n",
        b"cnumpy.random.mtrand\nRandomState\n",
    ):
        statistics = load(tmp_path, content.replace(new, old))
        assert statistics["mean_pitch"] == 60.5


def test_the_global_random_state_is_left_alone(tmp_path: Path) -> None:
    before = np.random.get_state()[1].copy()
    transform = load(tmp_path, pickled(attributes()))["quantile_transform"]
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert transform.random_state is not np.random.mtrand._rand


@pytest.mark.parametrize(
    "more",
    [
        {"ignore_implicit_zeros": False, "copy": True, "_sklearn_version": "0.21.3"},
        {"n_features_in_": 1, "random_state": None},
        {"random_state": 42},
        {"quantiles_": VALUES_DB.astype("f4")},
        {"quantiles_": VALUES_DB.astype(">f8")},
        {"quantiles_": np.asfortranarray(VALUES_DB)},
        {"output_distribution": "normal"},
    ],
)
def test_other_versions_of_the_transformer_are_read(tmp_path: Path, more: dict) -> None:
    content = pickled({**attributes(), **more}, module=GENERATIONS[0])
    transform = load(tmp_path, content)["quantile_transform"]
    np.testing.assert_array_equal(transform.quantiles_, VALUES_DB)
    assert transform.output_distribution == more.get("output_distribution", "uniform")


def test_defaults_fill_in_what_is_not_said(tmp_path: Path) -> None:
    state = {"references_": RANKS, "quantiles_": VALUES_DB}
    transform = load(tmp_path, pickled(state))["quantile_transform"]
    assert (transform.n_quantiles, transform.subsample) == (1000, 100_000)


@pytest.mark.parametrize(
    "number",
    [
        3,
        -2.5,
        np.float32(7.25),
        np.float64(1e300),
        np.int64(-8),
        np.uint8(200),
        np.float16(0.5),
        np.array([1.5], ">f4")[0],
    ],
)
@pytest.mark.parametrize("protocol", [2, 4])
def test_numbers_of_every_type_are_read(
    tmp_path: Path, number: object, protocol: int
) -> None:
    statistics = load(tmp_path, pickled(attributes(), protocol, x=number))
    assert statistics["x"] == number and type(statistics["x"]) is float


def test_rounding_errors_of_old_quantiles_are_levelled(tmp_path: Path) -> None:
    falling = VALUES_DB.copy()
    falling[2] -= 5e-5
    content = pickled({**attributes(), "quantiles_": falling})
    transform = load(tmp_path, content)["quantile_transform"]
    np.testing.assert_array_equal(transform.quantiles_, VALUES_DB)


def test_json_and_npz_come_first(tmp_path: Path) -> None:
    transform = load(tmp_path, pickled(attributes()))["quantile_transform"]
    ours = {"mean_pitch": 71.0, "quantile_transform": transform}
    postprocessing.save_statistics(ours, tmp_path)
    statistics = postprocessing.load_statistics(tmp_path)
    assert statistics is not None and statistics["mean_pitch"] == 71.0


class Attack:
    """Is pickled as a call, and possibly what the result is given afterwards."""

    def __init__(self, called: object, *arguments: object, state: object = None):
        self._call = (called, arguments, state)[: 2 if state is None else 3]

    def __reduce__(self) -> tuple:
        return self._call


def mark(folder: Path) -> str:
    return f"{sys.executable} -c \"open(r'{folder / 'ran'}', 'w')\""


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("place", ["whole", "number", "transform", "setting", "array"])
@pytest.mark.parametrize(
    ("called", "named"),
    [
        (os.system, "system"),
        (builtins.eval, "eval"),
        (builtins.exec, "exec"),
        (subprocess.Popen, "Popen"),
        (builtins.getattr, "getattr"),
        (builtins.__import__, "__import__"),
        (np.load, "load"),
        (pickle.loads, "loads"),
        (types.new_class, "new_class"),
    ],
)
def test_calls_are_refused_wherever_they_are(
    tmp_path: Path, called: object, named: str, place: str, protocol: int
) -> None:
    attack = Attack(called, f"open(r'{tmp_path / 'ran'}', 'w')")
    content = {
        "whole": lambda: pickle.dumps(attack, protocol),
        "number": lambda: pickled(attributes(), protocol, mean_power=attack),
        "transform": lambda: pickle.dumps(
            {"mean_pitch": 60.0, "quantile_transform": attack}, protocol
        ),
        "setting": lambda: pickled({**attributes(), "copy": attack}, protocol),
        "array": lambda: pickled({**attributes(), "quantiles_": attack}, protocol),
    }[place]()
    message = refusal(tmp_path, content)
    assert "it asks for" in message and named in message
    assert os.listdir(tmp_path) == [PICKLE]


def test_the_attacks_are_real(tmp_path: Path) -> None:
    content = pickled(attributes(), mean_power=Attack(os.system, mark(tmp_path)))
    assert "system" in refusal(tmp_path, content)
    assert not (tmp_path / "ran").exists()
    content = pickle.dumps(Attack(os.system, mark(tmp_path)))
    refusal(tmp_path, content)
    assert not (tmp_path / "ran").exists()
    pickle.loads(content)
    assert (tmp_path / "ran").exists()


class Booby:
    """Acts when its state is set."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __setstate__(self, state: dict) -> None:
        Path(state["path"]).touch()


def test_classes_with_a_state_of_their_own_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("booby")
    module.Booby = Booby
    monkeypatch.setitem(sys.modules, "booby", module)
    monkeypatch.setattr(Booby, "__module__", "booby")
    content = pickled(attributes(), x=Booby(tmp_path / "ran"))
    assert "'booby.Booby'" in refusal(tmp_path, content)
    assert os.listdir(tmp_path) == [PICKLE]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ddsp.training.postprocessing", "QuantileTransformer.fit"),
        ("ddsp.training.postprocessing", "QuantileTransformer.__init__.__globals__"),
        ("ddsp.training.postprocessing", "load_statistics"),
        ("ddsp.training", "postprocessing.QuantileTransformer"),
        ("numpy", "dtype.__class__"),
        ("numpy.random", "_pickle.__randomstate_ctor"),
        ("_codecs", "decode"),
    ],
)
def test_chains_of_attributes_are_refused(
    tmp_path: Path, module: str, name: str
) -> None:
    names = b"".join(pickle.dumps(t, 4)[11:-2] for t in (module, name))
    message = refusal(tmp_path, b"\x80\x04" + names + b"\x93)R.")
    assert f"it asks for '{module}.{name}'" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transform", "x"),
        ("inverse_transform", 3),
        ("__class__", "x"),
        ("__dict__", {"quantiles_": 1}),
        ("quantiles", VALUES_DB),
        ("n_quantiles", "7"),
        ("n_quantiles", 0),
        ("n_quantiles", True),
        ("n_quantiles", 1 << 40),
        ("n_quantiles_", 1 << 20),
        ("n_quantiles_", -1),
        ("subsample", 1.5),
        ("output_distribution", "gauss"),
        ("output_distribution", ("uniform",)),
        ("random_state", "x"),
        ("random_state", RANKS),
        ("ignore_implicit_zeros", 1),
        ("copy", None),
        ("n_features_in_", "1"),
        ("_sklearn_version", 3),
    ],
)
def test_strange_attributes_are_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    message = refusal(tmp_path, pickled({**attributes(), name: value}))
    assert f"strange attribute {name!r}" in message


NO_QUANTILES = "its arrays are no quantiles"


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("quantiles_", VALUES_DB[::-1], NO_QUANTILES),
        ("quantiles_", VALUES_DB * np.nan, NO_QUANTILES),
        ("quantiles_", np.full((5, 1), np.inf), NO_QUANTILES),
        ("quantiles_", VALUES_DB[:4], NO_QUANTILES),
        ("quantiles_", VALUES_DB[:, 0], NO_QUANTILES),
        ("quantiles_", np.tile(VALUES_DB, (1, 2)), NO_QUANTILES),
        ("quantiles_", VALUES_DB.astype(int), NO_QUANTILES),
        ("references_", RANKS[::-1], NO_QUANTILES),
        ("references_", RANKS * 0, NO_QUANTILES),
        ("references_", RANKS * 2, NO_QUANTILES),
        ("references_", RANKS - 0.1, NO_QUANTILES),
        ("references_", RANKS * np.nan, NO_QUANTILES),
        ("references_", RANKS.astype(complex), "no numbers"),
        ("references_", RANKS.astype(object), "EMPTY_LIST"),
        ("references_", np.zeros(5, [("a", "f8")]), "no numbers"),
        ("references_", np.array(["a"] * 5), "no numbers"),
        ("references_", RANKS[:0], "without a shape"),
        ("references_", RANKS.reshape(5, 1, 1), "not all there"),
        ("references_", "text", "an array that is none"),
        ("references_", 3.0, "an array that is none"),
        ("references_", np.float64(3.0), "an array that is none"),
    ],
)
@pytest.mark.parametrize("protocol", [4, 5])
def test_strange_arrays_are_refused(
    tmp_path: Path, name: str, array: object, reason: str, protocol: int
) -> None:
    content = pickled({**attributes(), name: array}, protocol)
    message = refusal(tmp_path, content)
    assert reason in message


RECONSTRUCT, (_, EMPTY, KIND), (VERSION, SHAPE, FLOATS, IN_COLUMNS, CONTENT) = (
    VALUES_DB.__reduce__()
)


def array(*state: object) -> Attack:
    return Attack(RECONSTRUCT, np.ndarray, EMPTY, KIND, state=state)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ((1, (1 << 30, 1), FLOATS, False, CONTENT), "values are not all there"),
        ((1, (6, 1), FLOATS, False, CONTENT), "values are not all there"),
        ((1, (4, 1), FLOATS, False, CONTENT), "values are not all there"),
        ((1, (1, 5, 1), FLOATS, False, CONTENT), "values are not all there"),
        ((1, (), FLOATS, False, CONTENT), "values are not all there"),
        ((1, (1 << 40, 1), FLOATS, False, CONTENT), "without a shape"),
        ((1, (1 << 80, 0), FLOATS, False, b""), "without a shape"),
        ((1, (-5, -1), FLOATS, False, CONTENT), "without a shape"),
        ((1, (5, True), FLOATS, False, CONTENT), "without a shape"),
        ((1, (5.0, 1), FLOATS, False, CONTENT), "without a shape"),
        ((1, 5, FLOATS, False, CONTENT), "without a shape"),
        ((1, (5, 1), FLOATS, False, "text"), "bytes that are none"),
        ((1, (5, 1), FLOATS, False, None), "bytes that are none"),
        ((1, (5, 1), "f8", False, CONTENT), "values that are no numbers"),
        ((1, (5, 1), None, False, CONTENT), "values that are no numbers"),
        (((5, 1), FLOATS, False, CONTENT), "an array that is none"),
        ((1, (5, 1), FLOATS, False, CONTENT, 6), "an array that is none"),
    ],
)
def test_shapes_that_are_not_those_of_the_contents_are_refused(
    tmp_path: Path, state: tuple, reason: str
) -> None:
    good = array(VERSION, SHAPE, FLOATS, IN_COLUMNS, CONTENT)
    load(tmp_path, pickled({**attributes(), "quantiles_": good}))
    bad = {**attributes(), "quantiles_": array(*state)}
    assert reason in refusal(tmp_path, pickled(bad))


def test_huge_shapes_of_protocol_5_are_refused(tmp_path: Path) -> None:
    content = pickled(attributes(), 5)
    small, huge = b"K\x05K\x01\x86", b"J\xff\xff\xff\x7fK\x01\x86"
    assert content.count(small) == 1 and content[2] == 0x95
    content = content[:2] + content[11:]  # Without the frame, which would be too short.
    load(tmp_path, content)
    message = refusal(tmp_path, content.replace(small, huge))
    assert "values are not all there" in message


def test_rows_and_columns_are_not_confused() -> None:
    # Two features are refused, so that the order can only be seen from within.
    columns = np.asfortranarray(np.arange(6.0).reshape(3, 2))
    for protocol in (4, 5):
        described = read_pickle(pickle.dumps(columns, protocol), _KINDS)
        np.testing.assert_array_equal(_array(described), columns)
        described = read_pickle(pickle.dumps(columns.T, protocol), _KINDS)
        np.testing.assert_array_equal(_array(described), columns.T)


def test_arrays_of_objects_run_nothing(tmp_path: Path) -> None:
    objects = np.array([Attack(os.system, mark(tmp_path))], object)
    content = pickled({**attributes(), "quantiles_": objects})
    refusal(tmp_path, content)
    assert os.listdir(tmp_path) == [PICKLE]


@pytest.mark.parametrize("name", ["references_", "quantiles_"])
def test_an_unfitted_transformer_is_refused(tmp_path: Path, name: str) -> None:
    state = attributes()
    del state[name]
    assert "never fitted" in refusal(tmp_path, pickled(state))


def statistics_bytes(**values: object) -> bytes:
    return pickle.dumps(values, 4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (statistics_bytes(mean_pitch=60.0), "'quantile_transform' is missing"),
        (pickle.dumps((1, 2), 4), "'quantile_transform' is missing"),
        (pickle.dumps(None, 4), "'quantile_transform' is missing"),
        (
            statistics_bytes(mean_pitch=60.0, quantile_transform=3),
            "is no QuantileTransformer",
        ),
        (
            statistics_bytes(mean_pitch=60.0, quantile_transform=np.float32(3)),
            "is no QuantileTransformer",
        ),
        (pickled(attributes(), x="60"), "'x' is no finite number"),
        (pickled(attributes(), x=True), "'x' is no finite number"),
        (pickled(attributes(), x=np.nan), "'x' is no finite number"),
        (pickled(attributes(), x=np.float32("inf")), "'x' is no finite number"),
        (pickled(attributes(), x=10**400), "'x' is no finite number"),
        (pickled(attributes(), x=np.zeros(3)), "'x' is no finite number"),
        (pickled(attributes(), x=np.complex64(1)), "values that are no numbers"),
        (pickled(attributes(), x=np.datetime64(1, "s")), "values that are no numbers"),
        (pickled(attributes(), mean_pitch=None), "'mean_pitch' is no finite number"),
        (b"", "no whole pickle"),
        (b"junk", "no whole pickle"),
        (pickled(attributes())[:-1], "no whole pickle"),
        (pickled(attributes())[:200], "no whole pickle"),
        (pickled(attributes()) + bytes(1 << 20), "it is too large"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, content)


def test_a_register_is_needed(tmp_path: Path) -> None:
    content = pickled(attributes()).replace(b"mean_pitch", b"mean_patch")
    assert "'mean_pitch' is missing" in refusal(tmp_path, content)


SCALAR, (FLOAT, FOUR_BYTES) = np.float32(13.5).__reduce__()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (Attack(SCALAR, FLOAT, FOUR_BYTES[:3]), "a number without a value"),
        (Attack(SCALAR, FLOAT, FOUR_BYTES * 2), "a number without a value"),
        (Attack(SCALAR, FLOAT), "a number without a value"),
        (Attack(SCALAR, FLOAT, FOUR_BYTES, 1), "a number without a value"),
        (Attack(SCALAR, FLOAT, 4), "bytes that are none"),
        (Attack(SCALAR, FOUR_BYTES, FOUR_BYTES), "values that are no numbers"),
        (Attack(SCALAR, Attack(np.dtype), FOUR_BYTES), "values that are no numbers"),
        (Attack(SCALAR, FLOAT, Attack(encode, "x" * 4, "utf_8")), "bytes that"),
        (Attack(SCALAR, FLOAT, Attack(encode, "x" * 4, b"latin1")), "bytes that"),
        (Attack(SCALAR, FLOAT, Attack(encode, b"x" * 4, "latin1")), "bytes that"),
        (Attack(SCALAR, FLOAT, Attack(encode, "\u20ac" * 4, "latin1")), "bytes that"),
        (Attack(SCALAR, FLOAT, Attack(encode, "x" * 4)), "bytes that are none"),
        (Attack(encode, "x" * 4, "latin1"), "'x' is no finite number"),
    ],
)
@pytest.mark.parametrize("protocol", [3, 4])
def test_numbers_that_are_none_are_refused(
    tmp_path: Path, number: Attack, reason: str, protocol: int
) -> None:
    good = Attack(SCALAR, FLOAT, Attack(encode, "\0\0XA", "latin1"))
    assert load(tmp_path, pickled(attributes(), protocol, x=good))["x"] == 13.5
    assert reason in refusal(tmp_path, pickled(attributes(), protocol, x=number))


@pytest.mark.parametrize(
    ("state", "is_big_endian"),
    [(None, False), ((3,), False), ((3, ">"), True), ((3, "<"), False), (3, False)],
)
def test_the_order_of_bytes_is_that_of_the_file(
    tmp_path: Path, state: object, is_big_endian: bool
) -> None:
    number = Attack(SCALAR, Attack(np.dtype, "i2", state=state), b"\x01\x02")
    statistics = load(tmp_path, pickled(attributes(), x=number))
    assert statistics["x"] == (0x0102 if is_big_endian else 0x0201)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are of Unix")
def test_pipes_and_folders_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / PICKLE)
    with pytest.raises(InputError, match="no regular file"):
        postprocessing.load_statistics(tmp_path)
    (tmp_path / PICKLE).unlink()
    (tmp_path / PICKLE).mkdir()
    with pytest.raises(InputError, match="no regular file"):
        postprocessing.load_statistics(tmp_path)


def test_changed_files_are_read_or_refused_in_a_line(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    original = {p: pickled(attributes(), p, mean_power=np.float32(3)) for p in (2, 4)}
    outcomes = []
    for k in range(400):
        content = bytearray(original[2 + 2 * (k % 2)])
        for place in rng.integers(len(content), size=1 + k % 3):
            content[place] = rng.integers(256)
        (tmp_path / PICKLE).write_bytes(content)
        try:
            statistics = postprocessing.load_statistics(tmp_path)
            assert statistics is not None
            transform = statistics.pop("quantile_transform")
            assert np.all(np.isfinite(transform.quantiles_))
            assert np.all(np.isfinite(list(statistics.values())))
            outcomes.append("read")
        except InputError as error:
            assert "\n" not in str(error)
            outcomes.append("refused")
    assert min(map(outcomes.count, ("read", "refused"))) > 20
