"""What a stranger writes, at equal counts and lengths, shows in its own conversation only."""

import random
from pathlib import Path

from protocol.archive.layout import ObjectKind
from tests.client.backup.writing.rig import Person, read_back
from tests.support.histories import Shape

LINES, LENGTH = 400, 60


async def sizes_with(text_of_stranger: str, folder: Path, seed: int) -> dict[str, list[int]]:
    """Back up one history with other words of one peer; give stored sizes by whose they are."""
    person = Person.make(folder, random.Random(seed))
    await person.write_lines(Shape(LINES, peers=4))
    await person.change(
        lambda tx: tx.execute(
            "UPDATE history SET text = ? WHERE peer = 'peer001' AND sender = peer",
            (text_of_stranger,),
        )
    )
    await person.back_up()
    sizes: dict[str, list[int]] = {"head": [len(person.target.objects["head"])]}
    found = read_back(person)
    sizes["manifest"] = [found.head.manifest_bytes]
    for entry in found.needed:
        whose = entry.conversation or ObjectKind(entry.kind).name
        sizes.setdefault(whose, []).append(len(person.target.objects[entry.path]))
    return sizes


async def test_b6_a_strangers_words_change_its_own_conversation_only(
    tmp_path: Path, seed: int
) -> None:
    easy = await sizes_with("a" * LENGTH, tmp_path / "easy", seed)
    hard_text = "".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=LENGTH))
    hard = await sizes_with(hard_text, tmp_path / "hard", seed)
    del easy["peer001"], hard["peer001"]
    assert easy == hard
    assert len(easy) == 3 + 4
