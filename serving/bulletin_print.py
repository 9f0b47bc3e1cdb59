"""A page that stands for itself, printed as PDF by a Chromium of this machine, where one is found."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOT_PRINTED = (OSError, subprocess.SubprocessError)


def browser() -> str | None:
    """The Chromium that prints; None where there is none."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def printed(page: str, program: str, *, seconds: float) -> bytes:
    """The page as PDF; one of NOT_PRINTED when it could not be made in the time there is.

    What the page needs is in it, so the browser has nothing to fetch.
    """
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "page.html", Path(folder) / "page.pdf"
        file.write_text(page, encoding="utf-8")
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
        ]
        if os.geteuid() == 0:  # Chromium's own shield does not start for root, as in a container
            command.append("--no-sandbox")
        subprocess.run(  # noqa: S603 (no shell, our words)
            [*command, f"--print-to-pdf={out}", file.as_uri()], check=True, capture_output=True, timeout=seconds
        )
        return out.read_bytes()
