"""Where randomness comes from: a parameter, never a global.

``protocol`` draws no random bytes of its own, so that a test can repeat every
key. The exceptions are libraries that insist on their own generator (ML-KEM
encapsulation, HPKE): their callers say so.
"""

from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
"""Gives so many unpredictable bytes, as ``os.urandom`` does."""
