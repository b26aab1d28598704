"""The browser that the tests drive: `python -m tools.browser` finds or installs one and says which.

In this order: an installed Chromium, Chrome or Edge; playwright's own Chromium; the system's package manager.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "msedge", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
)
PACKAGE_MANAGERS = {
    "apt-get": [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]],
    "dnf": [["dnf", "install", "-y", "-q", "chromium"]],
    "pacman": [["pacman", "-S", "--noconfirm", "chromium"]],
    "brew": [["brew", "install", "--cask", "chromium"]],
}


def installed() -> str | None:
    """The path of an installed browser that can be driven, or None."""
    found = [path for name in NAMES if (path := shutil.which(name))] + [place for place in PLACES if Path(place).exists()]
    return found[0] if found else None


def playwrights_own() -> str | None:
    """The path of the Chromium that playwright has downloaded, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """An installed browser, else playwright's own, else None."""
    return installed() or playwrights_own()


def install() -> str | None:
    """Try playwright's download, then the system's package manager; the path of what there is then, or None."""
    if _run([sys.executable, "-m", "playwright", "install", "chromium"], seconds=600) and (path := playwrights_own()):
        return path
    for manager, commands in PACKAGE_MANAGERS.items():
        if shutil.which(manager):
            sudo = ["sudo", "-n"] if hasattr(os, "geteuid") and os.geteuid() != 0 and manager != "brew" and shutil.which("sudo") else []
            for command in commands:
                _run([*sudo, *command], seconds=900)
    return installed()


def _run(command: list[str], seconds: float) -> bool:
    print("Trying:", " ".join(command), flush=True)
    try:
        return subprocess.run(command, timeout=seconds, stdin=subprocess.DEVNULL).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> None:
    path = find() or install()
    if path is None:
        sys.exit("No browser for the tests: none is installed, and neither playwright nor the package manager could install Chromium.")
    print(f"Browser for the tests: {path}")


if __name__ == "__main__":
    main()
