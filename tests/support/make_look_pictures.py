"""Make the pictures of docs/look.md: `python -m tests.support.make_look_pictures taps.onnx`, in Chromium.

The network is what `shicho export training/checkpoints/small --taps -o taps.onnx` writes.
"""

import shutil
import sys
import threading
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import sync_playwright

from shicho.engine.policy import Policy
from shicho.tools.look.api import Api
from shicho.tools.look.record import Record
from shicho.tools.look.server import LookServer

ROOT = Path(__file__).resolve().parents[2]
GAME = ROOT / "tests" / "data" / "games" / "19-seed016.sgf"
PICTURES: Final = {
    "look-policy.png": ("light", "move=60&view=policy"),
    "look-channels.png": ("dark", "move=60&view=channel&layer=policy.pool&channel=5"),
}
WIDTH, HEIGHT = 1180, 800
COLOURS = 256


def make(network: Path, folder: Path) -> None:
    """Write the pictures to a folder."""
    with LookServer(Api(Policy(network), Record(GAME))) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (scheme, address) in PICTURES.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto(f"{server.url}#{address}")
            page.wait_for_selector('body[aria-busy="false"] #board[data-ply]')
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / name)
            with Image.open(folder / name) as image:
                few = image.convert("RGB").quantize(
                    COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
                )
            few.save(folder / name, optimize=True)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    make(Path(sys.argv[1]), ROOT / "docs")
