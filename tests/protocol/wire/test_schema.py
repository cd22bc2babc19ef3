"""The wire's schema is frozen."""

from tests.protocol.wire.schema import GOLDEN, schema


def test_messages_are_as_in_the_golden_schema() -> None:
    assert schema() == GOLDEN.read_text(), (
        "the wire has changed: if old programs survive that,"
        " run python -m tests.protocol.wire.schema"
    )


def test_the_golden_schema_holds_every_message_once() -> None:
    heads = [line for line in GOLDEN.read_text().splitlines() if line[:1].isdigit()]
    assert len(heads) == len(set(heads)) == 65
