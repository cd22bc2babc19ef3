"""What a person sees of a conversation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from client.cli.chat.talk import BACKLOG, Talk
from client.engine.own_device import TakeoverEnd
from client.errors import LocalError, RelayUnreachable, TrustOpen
from client.moments import clock
from client.values import (
    Connection,
    ConnectionChanged,
    EngineEvent,
    HistoryChanged,
    MessageState,
    TakeoverAnnounced,
    TrustQuestion,
)
from protocol.ids import Name
from tests.client.cli.chat.fakes import NUMBER, START_MS, FakeEngine, FakeView

BOB, CAROL = Name("bob"), Name("carol")
NOW = clock(START_MS)


@dataclass
class Scene:
    """A talk under way."""

    engine: FakeEngine
    view: FakeView

    async def type(self, *lines: str) -> list[str]:
        """Enter lines; gives what was said since."""
        before = len(self.view.said)
        self.view.type(*lines)
        await wait_all_tasks_blocked()
        return self.view.said[before:]

    async def told(self, *events: EngineEvent) -> list[str]:
        """Let things happen; gives what was said since."""
        before = len(self.view.said)
        for event in events:
            self.engine.tell(event)
        await wait_all_tasks_blocked()
        return self.view.said[before:]


@asynccontextmanager
async def talking(
    peer: Name | None = BOB, engine: FakeEngine | None = None, *, rewrites: bool = True
) -> AsyncIterator[Scene]:
    scene = Scene(engine or FakeEngine(), FakeView(rewrites=rewrites))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Talk(scene.engine.engine, scene.view, peer).run)
        await wait_all_tasks_blocked()
        yield scene
        scene.view.leave()
    assert scene.engine.settled


async def test_it_begins_with_the_last_lines() -> None:
    engine = FakeEngine()
    for number in range(BACKLOG + 5):
        engine.add("bob", f"old {number}")
    async with talking(engine=engine) as scene:
        texts = [line.split()[-1] for line in scene.view.said if "old" in line]
        assert texts == [str(number) for number in range(5, BACKLOG + 5)]
        assert scene.view.words == "bob> "
        # Nothing of it is said again when something else changes.
        assert await scene.told(HistoryChanged(BOB)) == []


async def test_what_comes_is_shown_once_with_the_name() -> None:
    async with talking() as scene:
        scene.engine.add("bob", "hello")
        assert await scene.told(HistoryChanged(BOB), HistoryChanged(BOB)) == [
            f"{NOW}  bob      hello"
        ]
        scene.engine.add("carol", "me too")
        assert await scene.told(HistoryChanged(CAROL)) == [f"{NOW}  carol      me too"]


async def test_a_flood_is_shown_whole_and_in_order() -> None:
    async with talking() as scene:
        for number in range(500):
            scene.engine.add("bob", f"text {number}")
        said = await scene.told(HistoryChanged(BOB))
        assert [line.split()[-1] for line in said] == [str(number) for number in range(500)]


async def test_a_gap_is_shown() -> None:
    async with talking() as scene:
        scene.engine.add("bob", "later", missing=3)
        (said,) = await scene.told(HistoryChanged(BOB))
        assert "3 messages from bob are missing here" in said


async def test_the_mark_of_the_newest_line_changes_in_place() -> None:
    async with talking() as scene:
        assert await scene.type("hi") == [f"{NOW}  you  .   hi"]
        scene.engine.become(1, MessageState.AT_RELAY)
        scene.engine.become(1, MessageState.DELIVERED)
        assert await scene.told() == []
        assert scene.view.said[-1] == f"{NOW}  you  vv  hi"


async def test_only_the_end_of_a_line_out_of_reach_is_said() -> None:
    async with talking() as scene:
        await scene.type("hi")
        scene.view.scroll()
        scene.engine.become(1, MessageState.AT_RELAY)
        assert await scene.told() == []
        scene.engine.become(1, MessageState.DELIVERED)
        assert await scene.told() == ["-- vv delivered: “hi”"]


async def test_without_a_terminal_every_state_is_said() -> None:
    async with talking(rewrites=False) as scene:
        await scene.type("hi")
        scene.engine.become(1, MessageState.AT_RELAY)
        await wait_all_tasks_blocked()
        scene.engine.become(1, MessageState.DELIVERED)
        await wait_all_tasks_blocked()
        assert scene.view.said[-2:] == ["-- v at the relay: “hi”", "-- vv delivered: “hi”"]


async def test_a_failure_says_why() -> None:
    async with talking() as scene:
        await scene.type("hi")
        scene.engine.become(1, MessageState.FAILED, "There is no account named bob.")
        await wait_all_tasks_blocked()
        assert scene.view.said[-2:] == [
            f"{NOW}  you  x   hi",
            "-- x failed: “hi”. There is no account named bob.",
        ]


async def test_what_goes_to_somebody_else_from_elsewhere_is_not_shown_here() -> None:
    async with talking() as scene:
        scene.engine.add("carol", "only for carol", outgoing=True)
        assert await scene.told(HistoryChanged(CAROL)) == []
        scene.engine.become(1, MessageState.DELIVERED)
        assert await scene.told() == []
        assert "only for carol" in (await scene.type("/to carol"))[-1]


async def test_a_failure_in_another_conversation_names_it() -> None:
    async with talking() as scene:
        await scene.type("only for bob", "/to carol")
        scene.engine.become(1, MessageState.FAILED, "There is no account named bob.")
        (said,) = await scene.told()
        assert said.startswith("-- To bob: x failed: ")
        assert "only for bob" in said


async def test_an_outage_is_said_once_and_its_end_too() -> None:
    async with talking() as scene:
        scene.engine.last_problem = RelayUnreachable("The connection was lost.")
        outage = [
            ConnectionChanged(Connection.OFFLINE, "The connection was lost."),
            ConnectionChanged(Connection.CONNECTING),
            ConnectionChanged(Connection.OFFLINE, "Nothing listens there."),
        ]
        assert await scene.told(*outage) == [
            "-- Not connected: The connection was lost. What you write is queued."
        ]
        assert scene.view.words == "bob (offline)> "
        hint = "Ask, then: glasspost trust bob --keep."
        scene.engine.last_problem = TrustOpen("Another key.", hint=hint)
        changed = await scene.told(ConnectionChanged(Connection.OFFLINE, "Another key."))
        assert changed == [
            "-- Not connected: Another key. What you write is queued.",
            "-- Next: Ask, then: /trust keep.",
        ]
        scene.engine.last_problem = None
        assert await scene.told(ConnectionChanged(Connection.ONLINE)) == ["-- Connected."]
        assert scene.view.words == "bob> "


async def test_a_changed_key_asks_a_question() -> None:
    async with talking() as scene:
        (said,) = await scene.told(TrustQuestion(BOB, verified=True))
        assert "The key of bob has changed" in said
        assert "/verify or /trust" in said


async def test_a_question_from_before_is_said_at_the_beginning() -> None:
    engine = FakeEngine(asked=[BOB])
    engine.add("bob", "hello")
    async with talking(engine=engine) as scene:
        assert any("The key of bob has changed" in line for line in scene.view.said)


async def test_a_question_is_shown_and_answered() -> None:
    engine = FakeEngine(asked=[BOB])
    async with talking(engine=engine) as scene:
        (shown,) = await scene.type("/trust")
        assert NUMBER[:5] in shown
        assert NUMBER[::-1][:5] in shown
        assert "/verify NUMBER" in shown
        assert "/trust keep " in shown
        assert "glasspost" not in shown
        assert "no answer" in (await scene.type("/trust perhaps"))[0]
        assert "/trust keep" in (await scene.type(f"/verify {NUMBER[::-1]}"))[0]
        assert "stays" in (await scene.type("/trust keep"))[0]
        assert "no question" in (await scene.type("/trust"))[0]
        engine.asked.append(BOB)
        assert "not yet checked" in (await scene.type("/trust accept"))[0]
        assert engine.answers == [(BOB, "kept"), (BOB, "accepted")]


async def test_with_nobody_to_talk_to_it_says_how_to_begin() -> None:
    async with talking(None) as scene:
        assert scene.view.words == "> "
        assert any("/to NAME" in line for line in scene.view.said)
        (said,) = await scene.type("hello?")
        assert "To whom?" in said
        scene.engine.add("bob", "hello")
        assert "/to bob" in (await scene.told(HistoryChanged(BOB)))[-1]
        await scene.type("/to bob")
        assert scene.view.words == "bob> "
        assert scene.view.draft == "hello?"
        assert await scene.type("hi") == [f"{NOW}  you  .   hi"]


async def test_errors_are_said_and_the_talk_goes_on() -> None:
    async with talking() as scene:
        (said,) = await scene.type("---")
        assert said.startswith("glasspost: The message is empty.")
        assert "next Write something." in said
        for line in ("/history zero", "/search", "/verify 123"):
            (said,) = await scene.type(line)
            assert said.startswith("glasspost: ")
        assert await scene.type("still here") == [f"{NOW}  you  .   still here"]


@pytest.mark.parametrize("wrong", ["/to alice", "/to Not-A-Name!", "/to"])
async def test_after_a_name_that_is_none_nothing_goes_to_the_former_peer(wrong: str) -> None:
    async with talking() as scene:
        said = await scene.type(wrong, "for somebody else")
        assert said[0].startswith("glasspost: ")
        assert "To whom?" in said[1]
        assert scene.engine.rows == []
        assert scene.view.words == "> "
        await scene.type("/to bob")
        assert scene.view.draft == "for somebody else"


async def test_a_name_is_asked_for_in_a_sentence() -> None:
    async with talking() as scene:
        (said,) = await scene.type("/to")
        assert said.startswith("glasspost: /to needs a name.")


async def test_every_command_answers() -> None:
    engine = FakeEngine()
    engine.add("bob", "the tide is high")
    async with talking(engine=engine) as scene:
        assert "bob   not yet checked" in (await scene.type("/contacts"))[0]
        assert "the tide is high" in (await scene.type("/history 5"))[-1]
        assert "bob  the tide is high" in (await scene.type("/search tide"))[0]
        assert "No message holds “ebb”" in (await scene.type("/search ebb"))[0]
        assert "connection    online" in (await scene.type("/status"))[0]
        assert "/search WORDS" in (await scene.type("/help"))[0]
        assert "Did you mean /help?" in (await scene.type("/hepl"))[0]
        assert await scene.type("//slash") == [f"{NOW}  you  .   /slash"]


async def test_verifying_compares_the_digits() -> None:
    async with talking() as scene:
        shown = await scene.type("/verify")
        assert NUMBER[:5] in shown[0]
        wrong = await scene.type(f"/verify {NUMBER[::-1]}")
        assert "not the digits" in wrong[0]
        assert scene.engine.verified == []
        spaced = " ".join(NUMBER[at : at + 5] for at in range(0, 60, 5))
        assert "is checked" in (await scene.type(f"/verify {spaced}"))[0]
        assert scene.engine.verified == [BOB]


@pytest.mark.parametrize(
    ("end", "words"), [(TakeoverEnd.VETOED, "is vetoed"), (TakeoverEnd.DROPPED, "is over")]
)
async def test_a_takeover_is_told_answered_and_over(end: TakeoverEnd, words: str) -> None:
    announced = TakeoverAnnounced(b"n" * 32, START_MS)
    async with talking() as scene:
        device = scene.engine.own_device
        device.end = end
        (said,) = await scene.told(announced, announced)
        assert "another device has asked" in said.lower()
        assert said.endswith("If that is not you: /veto")
        assert "goes to the relay" in (await scene.type("/veto"))[0]
        assert device.vetoes == 1
        device.ended.set()
        (said,) = await scene.told()
        assert words in said


async def test_advice_names_the_commands_of_the_chat() -> None:
    async with talking() as scene:
        assert "/help" in (await scene.type("/verify abc"))[0]
        scene.engine.refusal = LocalError("Blocked.", hint="Run: glasspost unblock bob")
        assert "/unblock bob" in (await scene.type("hello"))[0]


async def test_quit_leaves() -> None:
    async with talking() as scene:
        await scene.type("/quit")
        assert scene.engine.settled
