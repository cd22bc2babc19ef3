"""What a person reads when a key has changed."""

from client.cli.asking import asking
from client.messaging.trust import OpenQuestion
from protocol.e2ee.safety_number import safety_number
from protocol.ids import Name

ALICE, BOB = Name("alice"), Name("bob")


def test_it_is_marked_whose_digits_differ() -> None:
    """The halves stand in the order of the number, whoever comes first."""
    for number in range(4):
        expected, shown = (
            safety_number(ALICE, b"a" * 32, BOB, bytes([number, key]) * 16) for key in b"ox"
        )
        lines = asking(OpenQuestion(BOB, True, expected, shown, b"n" * 32), ALICE).plain
        rows = [line.split("   ") for line in lines.splitlines() if line.startswith("    ")]
        digits = [row[1].replace(" ", "") for row in rows]
        assert digits == [expected[:30], expected[30:], shown[:30], shown[30:]]
        ours = {row[1] for row in rows if row[2] == "alice, the same in both"}
        theirs = {row[1] for row in rows if row[2] == "bob, here they differ"}
        assert (len(ours), len(theirs)) == (1, 2)
