"""All fuzz targets by name, and the corpus: inputs that once broke something.

corpus/TARGET/what-it-is.bin
"""

from pathlib import Path
from typing import Final

from tests.fuzzing.arrivals import ARRIVAL_TARGETS
from tests.fuzzing.key_answers import KEY_TARGET
from tests.fuzzing.links import LINK_TARGETS
from tests.fuzzing.target import Target, decoder_target
from tests.protocol.untrusted import DECODERS

CORPUS: Final = Path(__file__).with_name("corpus")

_DECODER_TARGETS = tuple(decoder_target(name, decoder) for name, decoder in DECODERS.items())

TARGETS: Final[dict[str, Target]] = {
    target.name: target
    for target in (*_DECODER_TARGETS, *LINK_TARGETS, *ARRIVAL_TARGETS, KEY_TARGET)
}


def corpus_of(name: str) -> dict[str, bytes]:
    """Give the inputs kept for a target, by what they are."""
    files = sorted((CORPUS / name).glob("*.bin"))
    return {file.stem: file.read_bytes() for file in files}
