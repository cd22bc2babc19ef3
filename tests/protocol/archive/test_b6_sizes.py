"""B6: what a stranger writes changes the size of no object but its own conversation's.

As far as the pure part goes: of two archives with equal counts and lengths, only
the segments of the stranger's conversation may differ in their stored size.
"""

import hashlib
from collections.abc import Mapping

import pytest

from protocol.archive.layout import ObjectKind
from protocol.archive.sealing import sealed_size
from protocol.archive.segment import Segment, encode_segment
from protocol.archive.state import Contact, State, encode_state
from protocol.ids import Name, parse_name
from tests.protocol.archive.samples import ACCOUNT, BOB, MANIFEST, entry, row

CAROL_SECRET = "the code of the alarm is 271828 and nobody knows it"
LENGTH = 20_000
STRANGERS = {
    "one letter": "x" * LENGTH,
    "carol's words": (CAROL_SECRET * 400)[:LENGTH],
    "bob's name": ("bob" * 7_000)[:LENGTH],
    "mixed": hashlib.shake_256(b"mixed").hexdigest(LENGTH // 2),
}


def _archive(text: str) -> Mapping[str, int]:
    """Give the stored sizes of all objects of a profile in which Bob has written ``text``."""
    contacts = tuple(
        Contact(parse_name(name), bytes(32), None, True, False, 1) for name in ("bob", "carol")
    )
    bob = Segment(BOB, tuple(row(position, text) for position in range(1, 40)))
    carol = Segment(Name("carol"), tuple(row(position, CAROL_SECRET) for position in range(1, 40)))
    contents = {
        "segment of bob": encode_segment(bob),
        "segment of carol": encode_segment(carol),
        "state": encode_state(State(Name("alice"), contacts, ())),
        "account": ACCOUNT.encode(),
        "manifest": MANIFEST.encode(),
    }
    return {name: sealed_size(len(content)) for name, content in contents.items()}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_b6_a_strangers_words_change_their_own_segment_only(stranger: str) -> None:
    plain, chosen = _archive("y" * LENGTH), _archive(STRANGERS[stranger])
    differing = {name for name in plain if plain[name] != chosen[name]}
    assert differing <= {"segment of bob"}


def test_b6_the_test_would_see_a_difference() -> None:
    """The positive control: compressed size does depend on what is written."""
    assert (
        _archive(STRANGERS["mixed"])["segment of bob"] != _archive("y" * LENGTH)["segment of bob"]
    )


def test_b6_together_they_would_leak() -> None:
    """Why segments hold one conversation: in a shared frame a guess shows in the size."""
    sizes = {
        len(encode_segment(Segment(BOB, (row(1, CAROL_SECRET), row(2, guess)))))
        for guess in (CAROL_SECRET, "".join(chr(33 + 3 * each % 90) for each in range(51)))
    }
    assert len(sizes) == 2


def test_b6_an_entry_has_one_size_whatever_the_name() -> None:
    for kind in ObjectKind:
        for conversation in ("", "b", "x" * 32):
            assert len(entry(kind, conversation).encode()) == 192
