# SPDX-License-Identifier: Apache-2.0
"""Calls over HTTP/1.1 as bytes on a socket: bodies whose end two parsers could see elsewhere, chunks, 100-continue, and
connections that carry many calls."""
import json
import re

import pytest

from http_calls import say

PATH = b"/chancery.v1.PublishingService/ListAvailableTemplates"
HEALTH = b"/grpc.health.v1.Health/Check"
HEAD = b"POST " + HEALTH + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
HIDDEN = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"


def statuses(said):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", said)]


def chunks(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


SMUGGLED = {
    "two lengths": HEAD + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
    "two lengths that differ": HEAD + b"content-length: 2\r\ncontent-length: 39\r\n\r\n{}" + HIDDEN,
    "a list of lengths": HEAD + b"content-length: 2, 2\r\n\r\n{}",
    "a signed length": HEAD + b"content-length: +2\r\n\r\n{}",
    "a negative length": HEAD + b"content-length: -2\r\n\r\n{}",
    "a length in hex": HEAD + b"content-length: 0x2\r\n\r\n{}",
    "a length with a space": HEAD + b"content-length : 2\r\n\r\n{}",
    "a length beyond all": HEAD + b"content-length: 18446744073709551618\r\n\r\n{}",
    "an empty length": HEAD + b"content-length:\r\n\r\n{}",
    "length and chunks": HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": HEAD + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n" + HIDDEN,
    "another coding": HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunked twice": HEAD + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a coding behind a tab": HEAD + b"transfer-encoding:\tchunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a coding with a control": HEAD + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a continued line": HEAD + b"content-length: 2\r\n 9\r\n\r\n{}",
    "a bare line feed": HEAD + b"x: y\ncontent-length: 39\r\n\r\n{}" + HIDDEN,
    "a bare carriage return": HEAD + b"x: y\rcontent-length: 39\r\n\r\n{}" + HIDDEN,
    "a NUL": HEAD + b"x: \0\r\ncontent-length: 2\r\n\r\n{}",
    "a chunk with a sign": HEAD + b"transfer-encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a chunk with 0x": HEAD + b"transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a chunk of too many digits": HEAD + b"transfer-encoding: chunked\r\n\r\n000000002\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a chunk that is longer": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n" + HIDDEN,
    "a chunk without its end": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" + HIDDEN,
    "chunks with bare line feeds": HEAD + b"transfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n" + HIDDEN,
    "a line feed in an extension": HEAD + b"transfer-encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a broken trailer": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx y\r\n\r\n" + HIDDEN,
    "no host": HEAD.replace(b"host: x\r\n", b"") + b"content-length: 2\r\n\r\n{}",
    "two hosts": HEAD + b"host: y\r\ncontent-length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_what_two_parsers_could_read_differently_ends_the_connection(world, name):
    """One answer, which is no success, and nothing behind it is read as a request."""
    said = say(world.a.cleartext, SMUGGLED[name])
    assert len(statuses(said)) == 1 and statuses(said)[0] in (400, 500, 501), said
    assert b"ok\n" not in said


def body_of(said):
    return json.loads(said.split(b"\r\n\r\n", 1)[1].split(b"\r\n\r\n")[0].split(b"HTTP/1.1")[0])


WHOLE = [
    b"content-length: 2\r\n\r\n{}",
    b"transfer-encoding: chunked\r\n\r\n" + chunks(b"{}") + b"0\r\n\r\n",
    b"transfer-encoding: chunked\r\n\r\n" + chunks(b"{", b"}") + b"0\r\n\r\n",
    b"transfer-encoding: Chunked\r\n\r\n2;ext=\"a b\"\r\n{}\r\n0;x\r\ncontent-length: 99\r\n\r\n",
]


@pytest.mark.parametrize("body", WHOLE)
def test_bodies_in_each_form(world, body):
    said = say(world.a.cleartext, HEAD + b"connection: close\r\n" + body)
    assert statuses(said) == [200] and body_of(said) == {"status": "SERVING"}


def test_calls_follow_each_other_on_one_connection(world):
    """Pipelined, in both forms of bodies, with a refusal between them; in their order."""
    one = HEAD + b"content-length: 2\r\n\r\n{}"
    other = HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks(b"{}") + b"0\r\n\r\n"
    bad = HEAD + b"content-length: 1\r\n\r\n{"
    stranger = b"POST " + PATH + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    last = HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\n{}"
    said = say(world.a.cleartext, one + other + bad + stranger + HIDDEN + one + last)
    assert statuses(said) == [200, 200, 400, 401, 200, 200, 200]


def test_a_body_is_asked_for_when_the_caller_is_known(world):
    """expect: 100-continue: of a caller who is known the body is asked for, and a stranger's never."""
    more = b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    known = say(world.a.cleartext, HEAD + b"connection: close\r\n" + more)
    assert known == b"HTTP/1.1 100 Continue\r\n\r\n"  # and then waits for it
    stranger = b"POST " + PATH + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" + more
    said = say(world.a.cleartext, stranger)
    assert statuses(said) == [401] and b"connection: close" in said
    token = b"authorization: Bearer " + world.alice.encode() + b"\r\n"
    said = say(world.a.cleartext, stranger.replace(b"host: x\r\n", b"host: x\r\n" + token))
    assert said == b"HTTP/1.1 100 Continue\r\n\r\n"
    at_once = say(world.a.cleartext, HEAD + b"connection: close\r\n" + more + b"{}")
    assert statuses(at_once) in ([200], [100, 200])


def test_a_body_that_is_cut_short_is_no_message(world):
    for body in (b"content-length: 9\r\n\r\n{}", b"transfer-encoding: chunked\r\n\r\n9\r\n{}"):
        assert 200 not in statuses(say(world.a.cleartext, HEAD + body, ends=True))


def test_an_answer_of_a_stream_comes_in_chunks(world):
    """Messages as they come, and the end as a chunk of nothing; HTTP/1.0 knows it by the connection's end."""
    watch = (b"POST /grpc.health.v1.Health/Watch HTTP/1.%d\r\nhost: x\r\ncontent-type: application/connect+json\r\n"
             b"connect-timeout-ms: 500\r\ncontent-length: 7\r\nconnection: close\r\n\r\n\0\0\0\0\2{}")
    said = say(world.a.cleartext, watch % 1)
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head and b"content-length" not in head
    assert body.startswith(b"19\r\n\0\0\0\0\x14") and body.endswith(b"\r\n0\r\n\r\n"), body
    said = say(world.a.cleartext, watch % 0)
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head and body.startswith(b'\0\0\0\0\x14{"status":"SERVING"}\2'), body
