"""The judge of ISO-7 finds an engine that did not answer, or answered something else."""

from fixtures.answers import Answer
from fixtures.isolation_neighbours import heard_wrongly
from fixtures.probes import Prompt
from fixtures.together import Served

PROMPT = Prompt("one", [1, 2], [3, 4], [1.0, 1.0])


def served(tokens: list[int], error: str = "") -> Served:
    answers = [] if error else [Answer.read({"output_ids": tokens, "meta_info": {}})]
    return Served(answers, error, 0.0, 1.0)


def test_the_right_answer_is_heard_rightly() -> None:
    assert not list(heard_wrongly("afterwards", [PROMPT], served([3, 4])))


def test_other_short_and_missing_answers_are_not() -> None:
    for one in (served([3, 5]), served([3]), served([], "no answer within 90 s")):
        assert [phrase.partition(":")[0] for phrase in heard_wrongly("then", [PROMPT], one)] == [
            "then"
        ]
