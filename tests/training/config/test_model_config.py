import gin
import pytest
from small_models import GOLDEN, TRAINED

from ddsp.training import config, models
from ddsp.training.errors import InputError


def folder_with(folder, text):
    (folder / "operative_config-0.gin").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("folder", "units", "keys"),
    [
        (TRAINED / "solo_small", 12, ["ld_scaled", "f0_scaled"]),
        (TRAINED / "ae_small", 12, ["ld_scaled", "f0_scaled", "z"]),
        (GOLDEN / "checkpoints" / "tiny_instrument", 256, ["ld_scaled", "f0_scaled"]),
        (GOLDEN / "checkpoints" / "nsynth_ae", 48, ["ld_scaled", "f0_scaled", "z"]),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_configs_of_the_original_describe_their_models(folder, units, keys):
    config.load_model_config(folder)
    decoder = models.get_model().decoder
    assert (decoder.rnn.rnn.units, list(decoder.input_keys)) == (units, keys)


def test_the_newest_config_is_read_also_from_a_checkpoint(tmp_path):
    for number, size in ((0, 1), (9, 2), (10, 3)):
        path = tmp_path / f"operative_config-{number}.gin"
        path.write_text(f"RnnFcDecoder.ch = {size}\n")
    config.load_model_config(tmp_path / "ckpt-12")
    assert gin.query_parameter("RnnFcDecoder.ch") == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import os\n", 1),
        ("import ddsp\nfrom os import system\n", 2),
        ("import ddsp.training.train_util\n", 1),
        ("from __gin__ import dynamic_registration\nimport os\n", 1),
        ("include 'models/ae.gin'\n", 1),
        ("Autoencoder.decoder = @tf.keras.layers.Lambda()\n", 1),
        ("\nAutoencoder.losses = [{'x': (@layers.TFSMLayer,)}]\n", 2),
        ("x = @layers.TextVectorization()\n", 1),
        ("Autoencoder.encoder = @train_util.train()\n", 1),
        ("Autoencoder.encoder = @x/gin.singleton()\n", 1),
        ("x/gin.singleton.constructor = @decoders.RnnFcDecoder\n", 1),
        ("Lambda.function = 'x'\n", 1),
        ("layers.Conv2D.bias_initializer = {'class_name': 'x'}\n", 1),
        ("x = [{'module': 'os', 'class_name': 'system'}]\n", 1),
        ("Nowhere.x = 3\n", 1),
        ("RnnFcDecoder.nothing = 3\n", 1),
        ("RnnFcDecoder.ch = @Nowhere()\n", 1),
        ("RnnFcDecoder.ch = __import__('os')\n", 1),
        ("RnnFcDecoder:\n  ch = 3\n  nothing = 4\n", 3),
        ("RnnFcDecoder.ch = [1,\n", 2),
    ],
    ids=lambda value: str(value).replace("\n", ";"),
)
def test_what_cannot_describe_a_model_is_refused_by_line(text, line, tmp_path):
    with pytest.raises(InputError) as caught:
        config.load_model_config(folder_with(tmp_path, text))
    file = tmp_path / "operative_config-0.gin"
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "import ddsp\nimport ddsp.training as ddsp2\n",
        "from ddsp import training\n",
        "Bidirectional.merge_mode = 'sum'\n",
        "RnnFcDecoder.dtype = 'float32'\n",
    ],
)
def test_what_describes_a_model_is_accepted(text, tmp_path):
    config.load_model_config(folder_with(tmp_path, text))
    assert gin.config_str().strip()


def test_places_on_another_machine_are_forgotten(tmp_path):
    text = """
        train.save_dir = '/home/somebody'
        train.restore_dir = '/home/somebody'
        train.num_steps = 7
        TFRecordProvider.file_pattern = '/home/somebody/*'
        TFRecordProvider.sample_rate = 16000
        train.data_provider = @data.NSynthTfds()
        NSynthTfds.data_dir = 'gs://somewhere'
        evaluate.num_batches = 5
    """
    config.load_model_config(folder_with(tmp_path, text))
    remaining = gin.config_str()
    assert "somebody" not in remaining
    assert "NSynthTfds.data_dir" not in remaining and "somewhere" not in remaining
    assert gin.query_parameter("train.num_steps") == 7
    assert gin.query_parameter("TFRecordProvider.sample_rate") == 16000


@pytest.mark.usefixtures("absent_evaluators")
@pytest.mark.parametrize("trust", [False, True])
def test_what_a_run_had_that_is_not_here_is_left_out_by_item_and_logged(
    trust, tmp_path, caplog
):
    text = """
        evaluate.evaluator = @evaluators.MidiHeuristicEvaluator()
        MidiHeuristicEvaluator.split = 'train'
        evaluators = [@BasicEvaluator, @TWMEvaluator, (@x.TWMEvaluator, 1)]
        sample.evaluator_classes = (@TWMEvaluator,)
        train.num_steps = 7
    """
    folder_with(tmp_path, text)
    for _ in range(2):
        gin.clear_config()
        config.load_model_config(tmp_path, trust=trust)
    (only,) = gin.query_parameter("%evaluators")
    assert only.selector == "BasicEvaluator"
    assert gin.query_parameter("train.num_steps") == 7
    remaining = gin.config_str()
    assert "MidiHeuristic" not in remaining
    assert "sample.evaluator_classes" not in remaining
    said = [r.getMessage() for r in caplog.records if "left out" in r.getMessage()]
    file = tmp_path / "operative_config-0.gin"
    assert said == [
        f"{file}, line {line}: left out {names}, which is not in this version"
        for line, names in (
            (2, "@evaluators.MidiHeuristicEvaluator"),
            (3, "MidiHeuristicEvaluator"),
            (4, "@TWMEvaluator, @x.TWMEvaluator"),
            (5, "@TWMEvaluator"),
        )
    ]


@pytest.mark.usefixtures("absent_evaluators")
def test_what_remains_of_a_list_is_still_checked(tmp_path):
    text = "Nowhere.x = [@TWMEvaluator, 3]\n"
    with pytest.raises(InputError, match=r"line 1: .*Nowhere"):
        config.load_model_config(folder_with(tmp_path, text))


def test_a_folder_without_config_is_an_error(tmp_path):
    with pytest.raises(InputError, match="operative_config"):
        config.load_model_config(tmp_path)
