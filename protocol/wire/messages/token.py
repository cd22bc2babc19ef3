"""The delivery token: who has it may write to a device without saying who they are."""

from typing import Annotated

from protocol.packing import Binary

Token = Annotated[bytes, Binary(16, 16)]
