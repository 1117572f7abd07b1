"""Parsing and formatting of GTP's text format."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shicho.engine.errors import GtpError
from shicho.gtp.protocol import Command, Response, format_response, parse_command, parse_response


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("name\n", Command(None, "name")),
        ("name", Command(None, "name")),
        ("play b D4\r\n", Command(None, "play", ("b", "D4"))),
        ("  play \t b\tD4  \n", Command(None, "play", ("b", "D4"))),
        ("12 play b D4\n", Command(12, "play", ("b", "D4"))),
        ("012 name\n", Command(12, "name")),
        ("12\n", Command(12, "")),
        ("12name\n", Command(None, "12name")),
        ("name # who are you\n", Command(None, "name")),
        ("name#who\n", Command(None, "name")),
        ("# only a comment\n", None),
        ("3 # only a comment\n", Command(3, "")),
        ("\n", None),
        ("\r\n", None),
        (" \t \n", None),
        ("", None),
        ("na\x00me\x7f\x1b\n", Command(None, "name")),
        ("\x0c\n", None),
        ("play b\xa0D4\n", Command(None, "play", ("b\xa0D4",))),
        ("٣ name\n", Command(None, "٣", ("name",))),
        ("9" * 5000 + " name\n", Command(None, "9" * 5000, ("name",))),
        ("-1 name\n", Command(None, "-1", ("name",))),
    ],
)
def test_parse_command(line: str, command: Command | None) -> None:
    assert parse_command(line) == command


def test_command_as_text() -> None:
    assert str(Command(None, "play", ("b", "D4"))) == "play b D4"
    assert str(Command(7, "name")) == "7 name"


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (Response(None, True, ""), "= \n\n"),
        (Response(5, True, ""), "=5 \n\n"),
        (Response(None, True, "D4"), "= D4\n\n"),
        (Response(0, False, "illegal move"), "?0 illegal move\n\n"),
        (Response(None, True, "one\ntwo\n"), "= one\ntwo\n\n"),
        (Response(None, True, "one\n\ntwo"), "= one\n \ntwo\n\n"),
        (Response(None, True, "\none"), "= \none\n\n"),
        (Response(None, True, "a\tb\rc\x01d"), "= a bcd\n\n"),
    ],
)
def test_format_response(response: Response, text: str) -> None:
    assert format_response(response.id, response.ok, response.text) == text


@pytest.mark.parametrize(
    ("block", "response"),
    [
        ("= D4\n\n", Response(None, True, "D4")),
        ("=D4\n", Response(None, True, "D4")),
        ("=12 D4", Response(12, True, "D4")),
        ("?12 no\n\n", Response(12, False, "no")),
        ("=\n\n", Response(None, True, "")),
        ("= \r\n\r\n", Response(None, True, "")),
        ("= one\ntwo\n", Response(None, True, "one\ntwo")),
        ("= \n   A B\n 2 . .\n", Response(None, True, "   A B\n 2 . .")),
        (["= one\r\n", "two\r\n"], Response(None, True, "one\ntwo")),
        ("= a\tb\x07\n", Response(None, True, "a b")),
    ],
)
def test_parse_response(block: str | list[str], response: Response) -> None:
    assert parse_response(block) == response


@pytest.mark.parametrize("block", ["", "\n", "D4", "hello = D4", "!"])
def test_invalid_responses(block: str) -> None:
    with pytest.raises(GtpError, match=re.escape(repr(block))):
        parse_response(block)


@given(st.text())
def test_any_line_can_be_parsed(line: str) -> None:
    command = parse_command(line)
    if command:
        assert not any(" " in word or "\n" in word for word in (command.name, *command.args))


@given(
    st.one_of(st.none(), st.integers(0, 2**31 - 1)),
    st.booleans(),
    st.text(st.characters(min_codepoint=33), max_size=40),
)
def test_formatted_responses_parse_to_the_same(id: int | None, ok: bool, text: str) -> None:
    written = format_response(id, ok, text)
    assert written.endswith("\n\n")
    assert "\n\n" not in written[:-2]
    response = parse_response(written)
    assert (response.id, response.ok) == (id, ok)
    assert response.text == text.translate({127: None}).rstrip()
