"""The hook that carries gin/ into the wheel; everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfigs(build_py):
    """Copies the config files beside the modules that read them."""

    def run(self) -> None:
        """Builds, then copies gin/ to ddsp/training/gin of the build."""
        super().run()
        if self.editable_mode:
            return  # A checkout reads its own gin/ folder.
        target = Path(self.build_lib, "ddsp", "training", "gin")
        shutil.copytree(Path(__file__).parent / "gin", target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithConfigs})
