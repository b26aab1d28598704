"""`make upgrade`: pin every requirement to its newest release, except torch, and write constraints.txt anew.

Run the tests afterwards: the contract tests say which undocumented Streamlit fact has changed. torch is raised by
hand: another build of it means other bits, other weights' hashes and a far larger download.
"""

import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ("torch",)
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)$")


def newest_wanted(lines: list[str]) -> list[str]:
    """The requirement lines with pins loosened to "at least", except those that are KEPT."""
    return [_loosen(line) for line in lines if PIN.match(line)]


def _loosen(line: str) -> str:
    name = line.partition("==")[0]
    return line if name in KEPT else line.replace("==", ">=")


def repin(lines: list[str], versions: dict[str, str]) -> list[str]:
    """The same lines with each pin at the installed version; comments and other lines stay."""
    return [f"{match[1]}=={versions[_normal(match[1])]}" if (match := PIN.match(line)) else line for line in lines]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints(versions: dict[str, str], pinned: set[str]) -> list[str]:
    """Lines for everything that is installed but not pinned by the requirements themselves."""
    own = pinned | {"pip", "setuptools"}
    return [f"{name}=={version}" for name, version in sorted(versions.items()) if name not in own]


def main() -> None:
    files = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    texts = {file: file.read_text(encoding="utf-8").splitlines() for file in files}
    folder = ROOT / ".venv-upgrade"
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = [line for lines in texts.values() for line in newest_wanted(lines)]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    frozen = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True).stdout
    # "torch 2.13.0+cpu" is pinned as 2.13.0: which build that is depends on the machine
    versions = {_normal(name): version.partition("+")[0] for name, _, version in (line.partition("==") for line in frozen.split())}
    for file, lines in texts.items():
        file.write_text("\n".join(repin(lines, versions)) + "\n", encoding="utf-8")
    pinned = {_normal(match[1]) for lines in texts.values() for line in lines if (match := PIN.match(line))}
    head = ["# What the pinned requirements bring along. Written by `make upgrade`; not edited by hand."]
    (ROOT / "constraints.txt").write_text("\n".join(head + constraints(versions, pinned)) + "\n", encoding="utf-8")
    print("Pinned anew. Now run `make test`.")


if __name__ == "__main__":
    main()
