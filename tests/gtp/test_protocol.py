"""Parsing and formatting of GTP's text format."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shicho.engine.errors import GtpError
from shicho.gtp.protocol import (
    Arguments,
    Request,
    Response,
    format_response,
    format_stream_part,
    parse_request,
    parse_response,
)


def request(id: str | None, name: str, *args: str) -> Request:
    return Request(id, name, Arguments(" ".join(args)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("name\n", request(None, "name")),
        ("name", request(None, "name")),
        ("play b D4\r\n", request(None, "play", "b", "D4")),
        ("  play \t b\tD4  \n", request(None, "play", "b", "D4")),
        ("12 play b D4\n", request("12", "play", "b", "D4")),
        ("012 name\n", request("012", "name")),
        ("12\n", request("12", "")),
        ("12name\n", request(None, "12name")),
        ("name # who are you\n", request(None, "name")),
        ("name#who\n", request(None, "name")),
        ("# only a comment\n", None),
        ("3 # only a comment\n", request("3", "")),
        ("\n", None),
        ("\r\n", None),
        (" \t \n", None),
        ("", None),
        ("na\x00me\x7f\x1b\n", request(None, "name")),
        ("\x0c\n", None),
        ("play b\xa0D4\n", request(None, "play", "b\xa0D4")),
        ("٣ name\n", request(None, "٣", "name")),
        ("9" * 5000 + " name\n", request("9" * 5000, "name")),
        ("-1 name\n", request(None, "-1", "name")),
    ],
)
def test_parse_request(line: str, expected: Request | None) -> None:
    assert parse_request(line) == expected


def test_a_request_as_text() -> None:
    assert str(request(None, "play", "b", "D4")) == "play b D4"
    assert str(request("7", "name")) == "7 name"


def test_arguments_keep_the_text_as_it_came() -> None:
    parsed = parse_request('5 loadsgf  "a  b.sgf"\t 12 # comment')
    assert parsed
    assert parsed.args == ('"a', 'b.sgf"', "12")
    assert parsed.args.text == '"a  b.sgf"  12'


@pytest.mark.parametrize(
    ("text", "lines"), [("one", "one\n"), ("one\n\ntwo\n", "one\n \ntwo\n"), ("", " \n"), ("\r\x07a\tb", "a b\n")]
)
def test_format_stream_part(text: str, lines: str) -> None:
    assert format_stream_part(text) == lines


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (Response(None, True, ""), "= \n\n"),
        (Response("5", True, ""), "=5 \n\n"),
        (Response(None, True, "D4"), "= D4\n\n"),
        (Response("0", False, "illegal move"), "?0 illegal move\n\n"),
        (Response(None, True, "one\ntwo\n"), "= one\ntwo\n\n"),
        (Response(None, True, "one\n\ntwo"), "= one\n \ntwo\n\n"),
        (Response(None, True, "\none"), "= \none\n\n"),
        (Response(None, True, "a\tb\rc\x01d"), "= a bcd\n\n"),
    ],
)
def test_format_response(response: Response, text: str) -> None:
    assert format_response(response) == text


@pytest.mark.parametrize(
    ("block", "response"),
    [
        ("= D4\n\n", Response(None, True, "D4")),
        ("=D4\n", Response(None, True, "D4")),
        ("=12 D4", Response("12", True, "D4")),
        ("?12 no\n\n", Response("12", False, "no")),
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
    parsed = parse_request(line)
    if parsed:
        assert not any(" " in word or "\n" in word for word in (parsed.name, *parsed.args))


@given(
    st.one_of(st.none(), st.from_regex("[0-9]{1,40}", fullmatch=True)),
    st.booleans(),
    st.text(st.characters(min_codepoint=33), max_size=40),
)
def test_formatted_responses_parse_to_the_same(id: str | None, ok: bool, text: str) -> None:
    written = format_response(Response(id, ok, text))
    assert written.endswith("\n\n")
    assert "\n\n" not in written[:-2]
    response = parse_response(written)
    assert (response.id, response.ok) == (id, ok)
    assert response.text == text.translate({127: None}).rstrip()
