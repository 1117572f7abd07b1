"""Lines and answers: sections 2 and 3.1 of the GTP 2 specification."""

import re

from shicho.tools.gtp_check.check import Problems, Severity, check, error, info, warning
from shicho.tools.gtp_check.engine import Engine

_LONG = 40
_BOARD = 19 * 19


@check("format.ids", "the id of a command is repeated in its answer, also when it fails", section="2.5")
def ids(engine: Engine) -> Problems:
    """Yield an error for an answer with another id, or with one that was not given."""
    for line, id in (("7 name", "7"), ("2147483647 name", "2147483647"), ("0 no-such-command", "0"), ("name", None)):
        answer = engine.ask(line)
        if answer.id != id:
            yield error(f"the answer to `{line}` has {'no id' if answer.id is None else f'the id {answer.id}'}")


@check("format.answer", "an answer is = or ?, the id, a space and text, and ends with an empty line", section="2.6")
def answer(engine: Engine) -> Problems:
    """Yield an error for an answer of another form, a warning for CRLF."""
    for line in ("7 name", "name", "list_commands", "8 no-such-command", "clear_board"):
        raw = engine.ask(line).raw
        if b"\r" in raw:
            yield warning(f"the answer to `{line}` has carriage returns")
            return
        if not re.fullmatch(rb"[=?][0-9]*(?: [^\n]*)?\n(?:[^\n]+\n)*\n", raw):
            yield error(f"the answer to `{line}` is {raw[:60]!r}")


@check("format.characters", "answers to standard commands are US-ASCII without control characters", section="2.1")
def characters(engine: Engine) -> Problems:
    """Yield an error for other bytes in the answers to standard commands."""
    for line in ("name", "version", "list_commands", "no-such-command", "boardsize x"):
        strange = re.search(rb"[^\x20-\x7e\r\n]", engine.ask(line).raw)
        if strange:
            yield error(f"the answer to `{line}` has the byte 0x{strange[0][0]:02x}")


@check("format.empty-lines", "empty lines and comments get no answer", section="2.9")
def empty_lines(engine: Engine) -> Problems:
    """Yield an error for an answer to a line without a command."""
    for data, what in ((b"\n", "an empty line"), (b" \t \n", "spaces and tabs"), (b"# name\n", "a comment")):
        engine.send(data)
        if unasked := engine.pending():
            yield error(f"the answer to {what} is {unasked[0]!r}")
    engine.ask("name")


@check("format.comment", "a comment after a command is ignored", section="2.9")
def comment(engine: Engine) -> Problems:
    """Yield an error if a comment behind a command or in its place changes the answer."""
    plain = engine.ask("name").text
    for line in ("name # of the engine", "name#"):
        answer = engine.ask(line)
        if not answer.ok or answer.text != plain:
            yield error(f'the answer to `{line}` is "{answer.text.strip()}"')


@check("format.whitespace", "tabs are spaces, and spaces around words are ignored", section="2.3")
def whitespace(engine: Engine) -> Problems:
    """Yield an error if a tab or another space changes the answer."""
    for line in ("7\tname", "known_command\tname", "known_command   name", "  7 name  "):
        answer = engine.ask(line)
        if not answer.ok:
            yield error(f'{line!r} fails ("{answer.text.strip()}")')


@check("format.crlf", "a line may end with carriage return and line feed", section="2.4")
def crlf(engine: Engine) -> Problems:
    """Yield an error if CRLF changes the answer."""
    for line in ("name", "7 known_command name", f"boardsize {engine.size}"):
        answer = engine.ask(line + "\r")
        if not answer.ok:
            yield error(f'`{line}` with CRLF fails ("{answer.text.strip()}")')


@check("format.control-characters", "control characters are ignored", section="2.2")
def control_characters(engine: Engine) -> Problems:
    """Yield an error if a control character within a word changes the answer."""
    for code in (0x01, 0x07, 0x0B, 0x7F):
        answer = engine.ask(f"na{chr(code)}me")
        if not answer.ok:
            yield error(f'a command with the character 0x{code:02x} fails ("{answer.text.strip()}")')


@check("format.other-bytes", "bytes that are not ASCII are no problem in a comment", section="2.9")
def other_bytes(engine: Engine) -> Problems:
    """Yield an error if UTF-8 or other bytes in a comment change the answer."""
    for data in ("name # 囲碁\n".encode(), b"name # \xe9\xff\n"):
        engine.send(data)
        if not engine.read_answer("name # and bytes that are not ASCII").ok:
            yield error(f"{data!r} fails")


@check("format.pipelining", "commands may be sent without waiting; answers come in order", section="2.8")
def pipelining(engine: Engine) -> Problems:
    """Yield an error if answers are lost or out of order."""
    lines = [f"{number} {'name' if number % 2 else 'no-such-command'}" for number in range(1, _LONG + 1)]
    engine.send("".join(f"{line}\n" for line in lines).encode())
    for line in lines:
        answer = engine.read_answer(line)
        if answer.id != line.split()[0] or answer.ok is not line.endswith(" name"):
            yield error(f"the answer to `{line}` is {answer.raw[:60]!r}")
            return


@check("format.case", "the names of commands are matched with their case", section="2.5", severity=Severity.INFO)
def case(engine: Engine) -> Problems:
    """Yield a note if case is ignored in names of commands."""
    if engine.ask("NAME").ok:
        yield info("`NAME` is taken for `name`")


@check("format.leading-zeros", "an id comes back as it was", section="2.5", severity=Severity.INFO)
def leading_zeros(engine: Engine) -> Problems:
    """Yield a note if the id 007 comes back as another text."""
    id = engine.ask("007 name").id
    if id != "007":
        yield info(f"the id 007 comes back as {id}")


@check("format.long-lines", "a long line is one command", section="2.5")
def long_lines(engine: Engine) -> Problems:
    """Yield an error if a line of some thousand characters is answered more than once, or wrongly."""
    for line in ("name # " + "x" * 20 * _BOARD, "no-such-command " + " ".join(["D4"] * _BOARD)):
        answer = engine.ask(line)
        if answer.ok is not line.startswith("name"):
            answered = "succeeds" if answer.ok else f'fails ("{answer.text.strip()[:60]}")'
            yield error(f"`{line[:24]}...`, {len(line)} characters, {answered}")
        if unasked := engine.pending():
            yield error(f"`{line[:24]}...`, {len(line)} characters, is answered more than once: {unasked[0][:60]!r}")


@check("format.stray", "stdout has answers and nothing else", section="2.6")
def stray(engine: Engine) -> Problems:
    """Yield an error for what was on stdout besides answers, up to now."""
    texts = [(line, raw) for line, raw in engine.stray if raw.strip()]
    if texts:
        line, raw = texts[0]
        yield error(f"{len(texts)} lines that are no answer, the first at `{line}`: {raw[:60]!r}")
    elif engine.stray:
        yield warning(f"{len(engine.stray)} empty lines too many, the first at `{engine.stray[0][0]}`")


CHECKS = (
    ids, answer, characters, empty_lines, comment, whitespace, crlf, control_characters, other_bytes, pipelining, case,
    leading_zeros, long_lines, stray,
)  # fmt: skip
