"""Who is here, who was, and who is told."""

from dataclasses import dataclass, field

from protocol.ids import DeviceAddress, Name
from protocol.wire.messages import ReplacementAnnounced
from server.presence import Presence

ALICE, BOB = DeviceAddress(Name("alice")), DeviceAddress(Name("bob"))
PUSH = ReplacementAnnounced(bytes(32), 1)


@dataclass(eq=False)
class Listener:
    """A connection that remembers what it was told."""

    told: list[object] = field(default_factory=list)

    def announce(self, push: ReplacementAnnounced) -> None:
        self.told.append(push)

    def replaced(self) -> None:
        self.told.append("replaced")


def test_only_the_device_concerned_is_told_on_all_its_connections() -> None:
    presence, one, two, other = Presence(), Listener(), Listener(), Listener()
    for device, connection in ((BOB, one), (BOB, two), (ALICE, other)):
        presence.enter(device, connection)
    presence.announce(BOB, PUSH)
    presence.leave(BOB, one)
    presence.replaced(BOB)
    assert (one.told, two.told, other.told) == ([PUSH], [PUSH, "replaced"], [])
    assert (len(presence), presence.news_count) == (1, 2)


def test_who_was_here_is_known_until_it_is_written_down() -> None:
    presence, connection = Presence(), Listener()
    assert not presence.was_seen(BOB)
    presence.enter(BOB, connection)
    presence.written_down(presence.seen())
    assert presence.seen() == [BOB]  # it still is
    presence.leave(BOB, connection)
    assert presence.was_seen(BOB)
    presence.written_down(presence.seen())
    assert not presence.was_seen(BOB)
    assert presence.seen() == []


def test_the_former_device_leaves_no_trace_on_the_new_one() -> None:
    presence, former = Presence(), Listener()
    presence.enter(BOB, former)
    presence.replaced(BOB)
    presence.leave(BOB, former)
    assert not presence.was_seen(BOB)
