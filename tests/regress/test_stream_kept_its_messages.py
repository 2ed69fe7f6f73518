# SPDX-License-Identifier: Apache-2.0
"""A stream kept every message that it had taken and sent until its end, in the one arena of its call: a reflection stream
was refused with ARENA_EXHAUSTED after 1.2 MB, whatever its client did with the answers."""
import queue

import pytest

from authority import MESSAGES

REQUEST = MESSAGES("grpc.reflection.v1.ServerReflectionRequest")
RESPONSE = MESSAGES("grpc.reflection.v1.ServerReflectionResponse")


def reflect(world, questions, version="v1"):
    return world.a.channel().stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                                           REQUEST.SerializeToString, RESPONSE.FromString)(questions, timeout=60)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_stream_died_of_its_answers(world, version):
    """One after the other, as buf curl and grpcurl ask."""
    asked, total = queue.Queue(), 0
    answers = reflect(world, iter(asked.get, None), version)
    for _ in range(300):
        asked.put(REQUEST(file_containing_symbol="chancery.v1.TenantService"))
        answer = next(answers)
        assert len(answer.file_descriptor_response.file_descriptor_proto) > 3
        total += answer.ByteSize()
    asked.put(None)
    assert not list(answers) and total > 3 << 20


def test_reflection_stream_died_of_its_questions(world):
    """All at once: what nobody has taken waits with the client."""
    host = "x" * 1000
    questions = [REQUEST(host=host, file_by_filename=f"{number}.proto") for number in range(3000)]
    answers = list(reflect(world, iter(questions)))
    assert [answer.original_request.file_by_filename for answer in answers] == [
        question.file_by_filename for question in questions]
    assert {answer.error_response.error_code for answer in answers} == {5}


def test_question_too_large_ended_only_itself(world):
    """The stream before it was answered, and those beside it go on."""
    asked = queue.Queue()
    beside = reflect(world, iter(asked.get, None))
    asked.put(REQUEST(list_services="*"))
    assert next(beside).list_services_response.service
    answers = reflect(world, iter([REQUEST(list_services="*"), REQUEST(host="x" * 70000)]))
    assert next(answers).list_services_response.service
    with pytest.raises(Exception) as caught:
        next(answers)
    assert caught.value.code().name == "RESOURCE_EXHAUSTED"
    asked.put(REQUEST(list_services="*"))
    assert next(beside).list_services_response.service
    asked.put(None)
