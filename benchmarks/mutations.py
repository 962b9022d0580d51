"""Would the tests notice? Breaks a module in small ways and runs its tests each time.

A mutation turns a sign, moves an index, changes a constant or shifts a comparison. It
is made in a copy of the tree in a temporary folder; a process that has already loaded
TensorFlow forks, imports the mutated copy and runs the tests of the mutated file first,
then the others. A mutation that no test notices has survived: either a test is missing,
or the mutation changes nothing that can be seen, such as the iterations of a search
that has already converged.

    python benchmarks/mutations.py [--module core ...] [--n 60] [--seed 0] [--jobs 2]
        [--timeout S] [--json OUT]
"""

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# What the tests need is loaded once, before forking. No tensor may be made here: the
# threads of a TensorFlow that has run do not survive a fork.
import gin  # noqa: F401
import measuring
import numpy  # noqa: F401
import pytest
import scipy.signal  # noqa: F401
import tensorflow as tf

_ = tf.keras.layers.Layer  # Loads Keras.

ROOT = Path(__file__).resolve().parents[1]
# Whose tests run what is in a module, besides its own.
USERS = {
    "core": ("synths", "effects"),
    "training/nn": ("training/decoders", "training/encoders"),
}
KINDS = ("sign", "index", "constant", "comparison")
SIGNS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutation:
    """One small change of one file.

    Attributes:
        path: File, relative to the repository.
        line: Where.
        kind: One of KINDS.
        before: The expression as it is.
        after: The expression as it becomes.
        index: Which expression of the file it is.
    """

    path: str
    line: int
    kind: str
    before: str
    after: str
    index: int


def changeable(tree: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Expressions that compute something, and whether they are part of an index."""
    todo: list[tuple[ast.AST, bool]] = [(tree, False)]
    while todo:
        node, in_index = todo.pop()
        yield node, in_index
        for name, value in ast.iter_fields(node):
            # Error messages, types and registrations are not computed with.
            if name in (
                "annotation",
                "returns",
                "decorator_list",
                "exc",
                "type_comment",
            ):
                continue
            inside = name == "slice" or (in_index and not isinstance(node, ast.Call))
            children = value if isinstance(value, list) else [value]
            todo += [(x, inside) for x in children if isinstance(x, ast.AST)]


def mutate(node: ast.AST, in_index: bool) -> str | None:
    """Changes a node in place and says what kind of change that was."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in SIGNS:
        node.op = SIGNS[type(node.op)]()
        return "sign"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node.op = ast.UAdd()
        return "sign"
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
        return "comparison"
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        if isinstance(node.value, bool):
            node.value = not node.value
            return "constant"
        if isinstance(node.value, int):
            node.value += 1
            return "index" if in_index else "constant"
        node.value = 2.0 * node.value if node.value else 1.0
        return "constant"
    return None


def files_of(module: str) -> list[Path]:
    """Files of a package of ddsp, facades left out, or the one of a module."""
    place = ROOT / "ddsp" / module
    if not place.is_dir():
        return [place.with_suffix(".py")]
    return [path for path in sorted(place.rglob("*.py")) if path.stem != "__init__"]


def find_mutations(modules: list[str]) -> list[Mutation]:
    """All mutations of packages or files of ddsp."""
    found = []
    for path in [path for module in modules for path in files_of(module)]:
        for index, (node, in_index) in enumerate(
            changeable(ast.parse(path.read_text()))
        ):
            if not isinstance(node, (ast.expr, ast.AugAssign)):
                continue
            changed = copy.deepcopy(node)
            kind = mutate(changed, in_index)
            if kind is not None:
                name, words = (
                    str(path.relative_to(ROOT)),
                    map(ast.unparse, (node, changed)),
                )
                found.append(Mutation(name, node.lineno, kind, *words, index))
    return found


def mutated_text(mutation: Mutation) -> str:
    """The whole file with the mutation in it."""
    tree = ast.parse((ROOT / mutation.path).read_text())
    mutate(*list(changeable(tree))[mutation.index])
    return ast.unparse(tree)


def choose(mutations: list[Mutation], n: int, seed: int) -> list[Mutation]:
    """Draws equally from the kinds as long as there are any."""
    rng = random.Random(seed)
    by_kind = {kind: [x for x in mutations if x.kind == kind] for kind in KINDS}
    for group in by_kind.values():
        rng.shuffle(group)
    chosen: list[Mutation] = []
    while len(chosen) < n and any(by_kind.values()):
        chosen += [group.pop() for group in by_kind.values() if group]
    return chosen[:n]


def tests_of(module: str, mutated: Path) -> list[str]:
    """Test files, those that are likely to notice first."""
    files = []
    for name in (module, *USERS.get(module, ())):
        folder = ROOT / "tests" / name
        single = folder.with_name(f"test_{folder.name}.py")
        files += [*folder.rglob("test_*.py"), *([single] if single.exists() else [])]
    shared = [ROOT / "tests" / f"test_{x}.py" for x in ("golden", "docstrings")]
    names = ROOT / "tests" / "conformance" / "test_public_paths.py"
    files += [x for x in (names, *shared) if x.exists()]
    defined = [
        node.name
        for node in ast.parse(mutated.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]

    def distance(file: Path) -> tuple[bool, bool, int]:
        text = file.read_text()
        uses = sum(text.count(name) for name in [*defined, mutated.stem])
        return file.stem != f"test_{mutated.stem}", file.stem == "test_golden", -uses

    return [str(file.relative_to(ROOT)) for file in sorted(files, key=distance)]


def copy_tree(folder: Path) -> None:
    """Copies what the tests need."""
    for name in ("ddsp", "tests", "docs", "gin", "pyproject.toml", "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif source.exists():
            shutil.copy(source, folder / name)


def start(folder: Path, files: list[str], timeout: int) -> int:
    """Forks a process that runs tests in a copy of the tree; returns its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        os.chdir(folder)
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.alarm(timeout)  # Ends this process: a loop that never ends is noticed.
        sys.dont_write_bytecode = True
        sys.path[:0] = [str(folder), str(folder / "tests")]
        code = int(
            pytest.main(
                ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
            )
        )
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def noticed(status: int, folder: Path) -> bool:
    """Whether tests failed, could not be loaded, or never ended."""
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    if code not in (0, 1, 2, -signal.SIGALRM, -signal.SIGSEGV, -signal.SIGABRT):
        sys.exit((folder / "log.txt").read_text() + f"\nThe tests did not run: {code}.")
    return code != 0


def run_all(
    mutations: list[Mutation], modules: list[str], timeout: int, folders: list[Path]
) -> list[bool]:
    """Whether each mutation was noticed."""
    caught = [False] * len(mutations)
    running: dict[int, tuple[int, Path]] = {}
    waiting, free = list(range(len(mutations))), list(folders)
    while waiting or running:
        while waiting and free:
            index, folder = waiting.pop(0), free.pop()
            mutation = mutations[index]
            (folder / mutation.path).write_text(mutated_text(mutation))
            changed = ROOT / mutation.path
            module = next(m for m in modules if changed in files_of(m))
            pid = start(folder, tests_of(module, changed), timeout)
            running[pid] = index, folder
        pid, status = os.wait()
        index, folder = running.pop(pid)
        mutation = mutations[index]
        shutil.copy(ROOT / mutation.path, folder / mutation.path)
        free.append(folder)
        caught[index] = noticed(status, folder)
        print(
            f"{'caught  ' if caught[index] else 'SURVIVED'} {mutation.path}:"
            f"{mutation.line} {mutation.kind}: {mutation.before} -> {mutation.after}",
            flush=True,
        )
    return caught


def check_that_tests_pass(modules: list[str], timeout: int, folder: Path) -> float:
    """Runs the tests without a mutation; returns how long that took."""
    begin = time.perf_counter()
    files = {file for m in modules for file in tests_of(m, files_of(m)[0])}
    _, status = os.waitpid(start(folder, sorted(files), timeout), 0)
    if status:
        sys.exit((folder / "log.txt").read_text() + "\nThe tests fail unmutated.")
    return time.perf_counter() - begin


def main() -> None:
    """Runs the mutations and prints what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--module", nargs="+", default=["core"], help="packages or files in ddsp/"
    )
    parser.add_argument("--n", type=int, default=60, help="number of mutations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for each")
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    possible = find_mutations(options.module)
    mutations = choose(possible, options.n, options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / str(job) for job in range(options.jobs)]
        for folder in folders:
            folder.mkdir()
            copy_tree(folder)
        secs = check_that_tests_pass(options.module, options.timeout, folders[0])
        print(
            f"Unmutated tests pass in {secs:.0f} s; {len(possible)} mutations possible."
        )
        caught = run_all(mutations, options.module, options.timeout, folders)
    print(f"{sum(caught)} of {len(mutations)} caught.")
    rows = [
        {**asdict(mutation), "caught": was_caught}
        for mutation, was_caught in zip(mutations, caught, strict=True)
    ]
    for row in rows:
        del row["index"]
    figures = {
        "modules": options.module,
        "possible": len(possible),
        "tried": len(mutations),
        "caught": sum(caught),
        "mutations": rows,
    }
    measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
