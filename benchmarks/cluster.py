"""Two worker processes train one model; one of them is killed and started again.

Makes a tiny dataset in a temporary folder and runs `ddsp_run --mode=train` twice with
`--cluster_config`. Prints what happened and when, and ends with status 1 if the run did
not go on to its last step.

    python benchmarks/cluster.py [--kill worker|chief|nobody] [--steps N] [--json FILE]
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
STEPS_PER_SAVE = 100
KILL_AT_STEP = 200
LIMIT_SECS = 400
BINDINGS = (
    "TFRecordProvider.example_secs = 0.128",
    "TFRecordProvider.centered = True",
    "RnnFcDecoder.ch = 8",
    "RnnFcDecoder.rnn_channels = 8",
    "RnnFcDecoder.layers_per_stack = 1",
    "Reverb.reverb_length = 64",
    "SpectralLoss.fft_sizes = (256, 64)",
    "F0LoudnessPreprocessor.time_steps = 32",
    "Harmonic.n_samples = 2048",
    "FilteredNoise.n_samples = 2048",
    "batch_size = 4",
    f"train.steps_per_save = {STEPS_PER_SAVE}",
)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Drill:
    """Starts, kills and watches the workers."""

    def __init__(self, folder: Path, steps: int) -> None:
        """Writes the dataset.

        Args:
            folder: Empty folder.
            steps: Step at which training ends.
        """
        import tiny_training

        self.folder, self.steps = folder, steps
        self.hosts = [f"localhost:{port}" for port in free_ports(2)]
        tiny_training.write_dataset(folder / "dataset", n_examples=4)
        self.started = time.monotonic()

    def start(self, index: int, log: str) -> subprocess.Popen[bytes]:
        """Starts one worker, whose output goes to a file."""
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": self.hosts}, "task": task}
        pattern = f"TFRecordProvider.file_pattern = '{self.folder}/dataset/*.tfrecord*'"
        bindings = [*BINDINGS, pattern, f"train.num_steps = {self.steps}"]
        command = [sys.executable, "-m", "ddsp.training.ddsp_run", "--mode=train"]
        command += [f"--save_dir={self.folder / 'model'}"]
        command += [f"--cluster_config={json.dumps(config)}"]
        command += ["--gin_file=models/solo_instrument.gin"]
        command += ["--gin_file=datasets/tfrecord.gin"]
        command += [f"--gin_param={binding}" for binding in bindings]
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        env = {**os.environ, **quiet, "PYTHONPATH": str(ROOT)}
        with open(self.folder / log, "wb") as file:
            return subprocess.Popen(command, env=env, stdout=file, stderr=file)

    def say(self, text: str) -> None:
        """Prints what happened, and when."""
        print(f"{time.monotonic() - self.started:6.1f} s  {text}", flush=True)

    def wait_for(self, condition: object, what: str) -> bool:
        """Waits until a function is true; says so."""
        while not condition():  # type: ignore[operator]
            if time.monotonic() - self.started > LIMIT_SECS:
                self.say(f"given up: {what}")
                return False
            time.sleep(0.2)
        self.say(what)
        return True

    def has_step(self, step: int) -> bool:
        """Tells whether a checkpoint was written."""
        return (self.folder / "model" / f"ckpt-{step}.index").exists()

    def lines(self, log: str) -> list[str]:
        """What a worker has said itself."""
        text = (self.folder / log).read_text(errors="replace")
        ours = r"^(?:step |going on|ddsp_run|a worker|device).*"
        return re.findall(ours, text, re.M)


def run(folder: Path, victim: int | None, steps: int) -> dict[str, object]:
    """Trains, kills, starts again; returns what is worth keeping."""
    drill = Drill(folder, steps)
    workers = [drill.start(0, "worker0.log"), drill.start(1, "worker1.log")]
    logs = ["worker0.log", "worker1.log"]
    try:
        if victim is not None and drill.wait_for(
            lambda: drill.has_step(KILL_AT_STEP), f"step {KILL_AT_STEP} is saved"
        ):
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            drill.say(f"worker {victim} was killed, and is started again")
            logs.append("again.log")
            workers[victim] = drill.start(victim, logs[-1])
        drill.wait_for(lambda: drill.has_step(steps), f"step {steps} is saved")
        drill.wait_for(
            lambda: None not in [worker.poll() for worker in workers], "both ended"
        )
    finally:
        for worker in workers:
            worker.kill()
    statuses = [worker.wait() for worker in workers]
    for log in logs:
        print(f"{log}:", *drill.lines(log)[:4], "...", *drill.lines(log)[-3:], sep="\n")
    print("exit statuses:", statuses)
    secs = round(time.monotonic() - drill.started, 1)
    reached = drill.has_step(steps)
    return {"statuses": statuses, "last_step_saved": reached, "secs": secs}


def main() -> int:
    """Runs the drill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kill", choices=("worker", "chief", "nobody"))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = [options.kill] if options.kill else ["nobody", "worker", "chief"]
    results = {}
    for name in names:
        print(f"== killed: {name}")
        with tempfile.TemporaryDirectory() as folder:
            victim = {"worker": 1, "chief": 0, "nobody": None}[name]
            results[name] = run(Path(folder), victim, options.steps)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    good = [r["statuses"] == [0, 0] and r["last_step_saved"] for r in results.values()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
