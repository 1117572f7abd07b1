"""How the engine ends: quit (section 6.3.1 of the GTP 2 specification), the end of its input, and signals."""

from shicho.tools.gtp_check.check import Problems, Severity, check, error, warning
from shicho.tools.gtp_check.engine import Engine

END_SECONDS = 5.0
"""How long an engine may take to end. Controllers kill it after one to five seconds."""


@check("shutdown.quit", "quit is answered, and the process ends", section="6.3.1")
def quit(engine: Engine) -> Problems:
    """Yield an error if quit fails or the process runs on."""
    if not engine.ask("7 quit").ok:
        yield error("`quit` fails")
    if not engine.has_exited(END_SECONDS):
        yield error(f"the process still runs {END_SECONDS:g} s after quit")


@check("shutdown.quit-behind-genmove", "quit that is sent during a genmove is answered after it", section="2.8")
def quit_behind_genmove(engine: Engine) -> Problems:
    """Yield an error if one of the two answers does not come."""
    engine.new_game()
    engine.send(b"1 genmove b\n2 quit\n")
    for line in ("1 genmove b", "2 quit"):
        answer = engine.read_answer(line)
        if not answer.ok or answer.id != line[0]:
            yield error(f"the answer to `{line}` is {answer.raw[:60]!r}")
    if not engine.has_exited(END_SECONDS):
        yield error(f"the process still runs {END_SECONDS:g} s after quit")


@check("shutdown.end-of-input", "the process ends when its input ends")
def end_of_input(engine: Engine) -> Problems:
    """Yield an error if the process runs on without input: it would stay behind when its controller dies."""
    engine.ask("name")
    engine.client.close_input()
    if not engine.has_exited(END_SECONDS):
        yield error(f"the process still runs {END_SECONDS:g} s after the end of its input")


@check("shutdown.sigterm", "the process ends at SIGTERM", severity=Severity.WARNING)
def sigterm(engine: Engine) -> Problems:
    """Yield a warning if the process runs on."""
    engine.ask("name")
    engine.client.terminate()
    if not engine.has_exited(END_SECONDS):
        yield warning(f"the process still runs {END_SECONDS:g} s after SIGTERM")


CHECKS = (quit, quit_behind_genmove, end_of_input, sigterm)
