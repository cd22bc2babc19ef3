"""docs/recovery.md names what the code of recovery numbers and labels."""

import re
from pathlib import Path

from protocol.labels import Label
from protocol.recovery.errors import VaultRefusal
from protocol.recovery.events import EventKind
from protocol.recovery.vault_record import VaultState

PAGE = (Path(__file__).parents[2] / "docs/recovery.md").read_text()


def test_every_refusal_has_its_number() -> None:
    refusals = PAGE[PAGE.rindex("Refusals:") :]
    found = re.findall(r"([A-Z_]+) (\d+)", refusals)
    assert found == [(each.name, str(each.value)) for each in VaultRefusal]


def test_every_event_and_state_has_its_number() -> None:
    log = PAGE[PAGE.index("## The vault's log") :]
    assert re.findall(r"^\| (\d+) \|", log, re.M) == [str(each.value) for each in EventKind]
    states = ", ".join(f"{each.value} {each.name.lower()}" for each in VaultState)
    assert states in PAGE


def test_every_label_of_recovery_is_used_on_the_page() -> None:
    named = {
        Label.RECOVERY_PASSWORD,
        Label.UNLOCK_TAG,
        Label.VAULT_REGISTRATION,
        Label.VAULT_EVENT,
        Label.VAULT_HEAD,
        Label.VAULT_DELETION,
        Label.SHARE_POSSESSION,
    }
    assert {f'"{each.value.decode()}"' for each in named} == set(
        re.findall(r'"glasspost/1/[a-z-]+"', PAGE)
    )


def test_every_link_within_the_page_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.+)$", PAGE, re.M)
    }
    assert set(re.findall(r"\]\(#([a-z0-9-]+)\)", PAGE)) <= anchors
