import gin
import pytest

from ddsp.training import config, train_util
from ddsp.training.config import absent, statements
from ddsp.training.errors import InputError


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_later_files_and_parameters_win(tmp_path):
    first = write(tmp_path, "a.gin", "RnnFcDecoder.ch = 1\nRnnFcDecoder.name = 'x'\n")
    second = write(tmp_path, "b.gin", "RnnFcDecoder.ch = 2\n")
    config.parse_gin([first, second])
    assert gin.query_parameter("RnnFcDecoder.ch") == 2
    config.parse_gin([], ["RnnFcDecoder.ch = 3"])
    assert gin.query_parameter("RnnFcDecoder.ch") == 3
    assert gin.query_parameter("RnnFcDecoder.name") == "x"


def test_included_files_are_read_where_they_are_named(tmp_path):
    write(tmp_path, "base/a.gin", "RnnFcDecoder.ch = 1\nRnnFcDecoder.rnn_type = 'gru'")
    text = "RnnFcDecoder.rnn_type = 'x'\ninclude 'base/a.gin'\nRnnFcDecoder.ch = 2\n"
    main = write(tmp_path, "main.gin", text)
    config.parse_gin([main], extra_dirs=[tmp_path])
    assert gin.query_parameter("RnnFcDecoder.ch") == 2
    assert gin.query_parameter("RnnFcDecoder.rnn_type") == "gru"


def test_a_file_that_includes_itself_is_an_error(tmp_path):
    write(tmp_path, "a.gin", "include 'b.gin'\n")
    write(tmp_path, "b.gin", "include 'a.gin'\n")
    with pytest.raises(InputError, match=r"a\.gin -> .*b\.gin -> .*a\.gin"):
        config.parse_gin(["a.gin"], extra_dirs=[tmp_path])


def test_a_folder_named_as_part_of_a_file_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    config.parse_gin(["models/solo_instrument.gin"])
    assert gin.query_parameter("Reverb.reverb_length") == 48000


def test_macros_scopes_and_blocks_are_understood():
    text = "size = 7\na/RnnFcDecoder.ch = %size\nRnnFcDecoder:\n  rnn_channels = 5\n"
    config.parse_gin([], [text])
    assert gin.query_parameter("%size") == 7
    assert gin.query_parameter("a/RnnFcDecoder.ch").scoped_selector == "size/gin.macro"
    assert gin.query_parameter("RnnFcDecoder.rnn_channels") == 5


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("\nRnnFcDecoderr.ch = 3\n", 2, "RnnFcDecoderr"),
        ("RnnFcDecoder.chh = 3\n", 1, "RnnFcDecoder has .*, ch,"),
        ("# A comment.\n\nRnnFcDecoder.ch = @Nothing()\n", 3, "Nothing"),
        ("RnnFcDecoder.ch == 3\n", 1, "Couldn't parse"),
        ("RnnFcDecoder.ch = (1,\n\n", 3, "multi-line"),
        ("RnnFcDecoder.ch = 3\nimport no_such_module\n", 2, "no_such_module"),
        ("Dense.units = 3\n", 1, "Ambiguous"),
        ("get_model.modell = 3\n", 1, "modell"),
        ("train_util.train.steps = 3\n", 1, "steps"),
        ("x = 1\ny = {[1]: 2}\n", 2, "unhashable"),
    ],
)
def test_a_bad_statement_is_one_line_that_names_file_and_line(
    text, line, reason, tmp_path
):
    path = write(tmp_path, "bad.gin", text)
    with pytest.raises(InputError, match=reason) as caught:
        config.parse_gin([path])
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert "\n" not in str(caught.value)


def test_a_bad_parameter_is_quoted():
    with pytest.raises(InputError, match=r"gin_param 'x', line 1"):
        config.parse_gin([], ["x"])


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    path = tmp_path / "bytes.gin"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="readable text"):
        config.parse_gin([path])


def test_unknown_names_can_be_left_out_but_not_unknown_arguments(caplog):
    params = ["Nowhere.x = 3", "import no_such_module", "RnnFcDecoder.ch = 4"]
    config.parse_gin([], params, skip_unknown=True)
    assert gin.query_parameter("RnnFcDecoder.ch") == 4
    assert "Nowhere" in caplog.text
    assert "no_such_module" in caplog.text
    with pytest.raises(InputError, match="chh"):
        config.parse_gin([], ["RnnFcDecoder.chh = 4"], skip_unknown=True)


@pytest.mark.usefixtures("absent_evaluators")
@pytest.mark.parametrize("skip_unknown", [False, True])
@pytest.mark.parametrize(
    "binding",
    [
        "sample.evaluator_classes = @evaluators.TWMEvaluator()",
        "evaluator = @a/evaluators.TWMEvaluator",
        "evaluators = [@BasicEvaluator, (@evaluators.TWMEvaluator, 3)]",
        "a/evaluators.TWMEvaluator.sample_rate = 3",
    ],
)
def test_what_is_not_in_this_version_is_an_error_of_the_user_s_files(
    binding, skip_unknown, tmp_path
):
    path = write(tmp_path, "mine.gin", f"\n{binding}\n")
    with pytest.raises(
        InputError, match=r"TWMEvaluator is not in this version"
    ) as caught:
        config.parse_gin([path], skip_unknown=skip_unknown)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert "\n" not in str(caught.value)
    with pytest.raises(
        InputError, match=r"TWMEvaluator is not in this version"
    ) as caught:
        config.parse_gin([], [binding], skip_unknown=skip_unknown)
    assert str(caught.value).startswith("gin_param ")
    assert not gin.config_str().strip()


@pytest.mark.usefixtures("absent_evaluators")
def test_a_macro_may_be_called_like_what_is_not_here():
    config.parse_gin([], ["TWMEvaluator = 3"])
    assert gin.query_parameter("%TWMEvaluator") == 3


@pytest.mark.usefixtures("absent_evaluators")
def test_the_user_s_file_included_by_one_of_the_package_s_name_is_the_user_s(
    tmp_path, monkeypatch
):
    write(tmp_path, "datasets/base.gin", "TWMEvaluator.size = 3\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"base\.gin, line 1: .*TWMEvaluator"):
        config.parse_gin(["datasets/nsynth.gin"])


def test_packaged_files_put_off_what_is_not_here_until_a_run_asks(caplog, monkeypatch):
    # As long as no packaged file names what is absent, one name plays its part.
    for module in (absent, statements):
        monkeypatch.setattr(module, "RUN_NAMES", {"NSynthTfds"})
        monkeypatch.setattr(module, "is_known", lambda name: "NSynthTfds" not in name)
    statements_of_absent = 6
    with caplog.at_level("INFO", logger="absl"):
        config.parse_gin(["datasets/tfrecord.gin", "papers/iclr2020/nsynth_ae.gin"])
    lines = {r.getMessage() for r in caplog.records if "nsynth.gin" in r.getMessage()}
    assert len(lines) == statements_of_absent
    assert all("NSynthTfds, which is not in this version" in line for line in lines)
    assert any(", line 5: " in line for line in lines)
    assert gin.query_parameter("RnnFcDecoder.ch") == 512
    for name in ("train", "evaluate", "sample"):
        provider = gin.query_parameter(f"{name}.data_provider")
        with pytest.raises(InputError, match="NSynthTfds is not in this version"):
            provider.scoped_configurable_fn()
    with pytest.raises(InputError, match="NSynthTfds is not in this version"):
        train_util.train(gin.REQUIRED, None)


def test_the_user_may_bind_another_provider_after_a_packaged_file():
    config.parse_gin(
        ["datasets/nsynth.gin"], ["train.data_provider = @data.TFRecordProvider()"]
    )
    selector = gin.query_parameter("train.data_provider").selector
    assert selector == "data.TFRecordProvider"


@pytest.mark.parametrize("between", [" ", "\n  ", " # A comment.\n\n"])
def test_a_text_of_endlessly_many_pieces_is_refused(between):
    def text(n_pieces):
        pieces = between.join(["'a'"] * n_pieces)
        return f"x = 1\ny = ({pieces})\n"

    config.parse_gin([], [text(statements.MAX_PIECES)])
    assert gin.query_parameter("%y") == "a" * statements.MAX_PIECES
    with pytest.raises(InputError, match=f"than {statements.MAX_PIECES} pieces") as e:
        config.parse_gin([], [text(statements.MAX_PIECES + 1)])
    line = 2 + statements.MAX_PIECES * between.count("\n")
    assert f", line {line}: a text" in str(e.value)
    many = ", ".join(["'a'"] * 2 * statements.MAX_PIECES)
    config.parse_gin([], [f"y = [{many}]"])


def test_modules_of_a_graph_may_have_any_name():
    config.parse_gin([], ["ProcessorGroup.anything = @processors.Add()"])
    assert gin.query_parameter("ProcessorGroup.anything") is not None
