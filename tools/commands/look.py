"""`shicho look`: step through a game in the browser and look into the network."""

import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer


def look(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.sgf]", help="SGF file; its main line is used. [default: none]")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="ONNX file, with `shicho export --taps` for channels. [default: the included]")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=2, max=19, help="Board to play on without a file. [default: 19]")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0: any free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Serve one page, on this machine alone: a game with policy, input planes, ladders, channels, life and death."""
    from shicho.engine.errors import BadConfig
    from shicho.engine.policy import Policy
    from shicho.tools.look.api import Api
    from shicho.tools.look.record import Record
    from shicho.tools.look.server import LookServer

    if file is not None and size is not None:
        raise BadConfig("--size is the board's size without a file")
    record = Record(file, size=19 if size is None else size)
    with LookServer(Api(Policy(network), record), port) as server:
        print(f"{server.url} (Ctrl-C to stop)", flush=True)
        if browser:  # in a thread of its own, because a text browser does not return
            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
