"""The published vectors of the group and of the OPRF, with a check on their count.

``vectors/rfc9496_ristretto255.json``: RFC 9496, appendix A.
``vectors/rfc9497_ristretto255_sha512.json``: RFC 9497, appendix A.1.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


def ristretto_vectors(kind: str, count: int) -> list[Any]:
    """Give the vectors of one kind."""
    found: list[Any] = json.loads((FOLDER / "rfc9496_ristretto255.json").read_text())[kind]
    assert len(found) == count
    return found


@dataclass(frozen=True)
class OprfVector:
    """One vector: lists where it is a batch."""

    key: bytes
    public: bytes
    inputs: list[bytes]
    blinds: list[bytes]
    blinded: list[bytes]
    evaluated: list[bytes]
    outputs: list[bytes]
    proof: bytes
    nonce: bytes


def oprf_vectors(mode: int, count: int) -> list[OprfVector]:
    """Give the vectors of a mode."""
    groups = json.loads((FOLDER / "rfc9497_ristretto255_sha512.json").read_text())
    (group,) = [each for each in groups if each["mode"] == mode]
    found = [_vector(group, each) for each in group["vectors"]]
    assert len(found) == count
    return found


def _vector(group: dict[str, Any], each: dict[str, Any]) -> OprfVector:
    def listed(name: str) -> list[bytes]:
        found = [bytes.fromhex(part) for part in each[name].split(",")]
        assert len(found) == each["Batch"]
        return found

    proof = each.get("Proof", {"proof": "", "r": ""})
    return OprfVector(
        bytes.fromhex(group["skSm"]),
        bytes.fromhex(group.get("pkSm", "")),
        listed("Input"),
        listed("Blind"),
        listed("BlindedElement"),
        listed("EvaluationElement"),
        listed("Output"),
        bytes.fromhex(proof["proof"]),
        bytes.fromhex(proof["r"]),
    )
