"""Every number that bounds something, each with its reason.

``docs/protocol.md#limits`` prints this table: the comment above a constant is
its row. Sizes are bytes, ages are milliseconds.
"""

_DAY_MS = 24 * 3_600_000

# Names are typed, spoken and shown in narrow columns.
MAX_NAME_BYTES = 32

# Longest text of one message: a long letter, and still one envelope.
MAX_TEXT_BYTES = 65_536

# A text of full length, header, Padmé and seal fit with room for attachments' pointers.
MAX_ENVELOPE_BYTES = 262_144

# An envelope, or an upload of 100 one-time pairs (130 kB), and the fields around it.
MAX_FRAME_BYTES = 266_240

# Padding floor: a text, a handshake and a KEM-carrying message all fit below it and look alike.
PADDING_FLOOR_BYTES = 4_096

# Messages one side may be ahead in a chain: a forged header costs at most about 10 ms.
MAX_FORWARD_JUMP = 2_000

# Messages of one chain: its length and the index of each fit the four bytes of their fields.
MAX_CHAIN_MESSAGES = 0xFFFF_FFFF

# A KEM key is attached after so many messages: by turns, 2 envelopes of 51 pay for the healing.
HYBRID_INTERVAL_MESSAGES = 50

# And after this time, so that a conversation of few words heals in days, not in years.
HYBRID_INTERVAL_MS = 7 * _DAY_MS

# Skipped message keys a session keeps: bounds its stored size (about 150 kB).
MAX_SKIPPED_KEYS = 2_000

# A skipped key waits as long as the relay may still deliver its message, and a margin.
SKIPPED_KEY_LIFE_MS = 35 * _DAY_MS

# Sessions per peer kept besides the active one: each opens only what is still on its way.
MAX_ARCHIVED_SESSIONS = 5

# An archived session lives as long as a message to it may still arrive.
ARCHIVED_SESSION_LIFE_MS = 35 * _DAY_MS

# Signed prekey, last-resort prekey and sealing key are replaced this often.
PREKEY_ROTATION_MS = 2 * _DAY_MS

# Their private halves outlive the mail that may still use them.
RETIRED_PREKEY_LIFE_MS = 35 * _DAY_MS

# An older bundle is of a device long away: its private halves may be gone.
MAX_BUNDLE_AGE_MS = 45 * _DAY_MS

# A record dated further ahead of the relay's clock was made under a wrong one and ages wrongly.
MAX_BUNDLE_AHEAD_MS = _DAY_MS

# One-time pairs on the relay's shelf after a refill: covers a burst of new contacts.
ONE_TIME_PAIRS_COUNT = 100

# Refill below this count, so that the shelf is seldom empty.
ONE_TIME_PAIRS_LOW = 20

# Most one-time pairs the relay keeps for a device: bounds its disk.
MAX_ONE_TIME_PAIRS = 200

# Message ids in one receipt: it stays under the padding floor.
MAX_RECEIPT_IDS = 200

# Envelopes (bytes: below) delivered to a connection, not acknowledged: memory of a slow reader.
DELIVERY_WINDOW = 64
DELIVERY_WINDOW_BYTES = 1_048_576

# Requests of one connection under way at once; beyond it the relay stops reading: back-pressure.
MAX_REQUESTS_IN_FLIGHT = 32

# Mail a mailbox holds (count and bytes) before submits are refused.
MAX_MAILBOX_COUNT = 10_000
MAX_MAILBOX_BYTES = 268_435_456

# Mail nobody fetched is deleted after this.
MAIL_LIFE_MS = 30 * _DAY_MS

# Acknowledged envelope ids are remembered: a retry after a lost answer is not delivered twice.
ACKNOWLEDGED_ID_LIFE_MS = _DAY_MS

# The client remembers seen envelope ids: longer than mail and outbox live together.
SEEN_ID_LIFE_MS = 60 * _DAY_MS

# The outbox gives a message up after this.
OUTBOX_LIFE_MS = 30 * _DAY_MS

# A connection that has not said a whole Hello by then is closed (a port probe, a slow-loris).
GREETING_TIMEOUT_MS = 10_000

# A connection silent for this long is closed; clients ping three times as often.
IDLE_TIMEOUT_MS = 180_000

# A peer that takes no byte for this long is closed: its buffers are wanted elsewhere.
WRITE_TIMEOUT_MS = 30_000
