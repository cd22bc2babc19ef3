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

# Without an answer so long, the next message takes fresh prekeys: mail may wait while these die.
UNANSWERED_SESSION_LIFE_MS = 2 * _DAY_MS

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

# One-time ids a relay keeps pairs of, below the newest; a device that skips them voids its shelf.
ONE_TIME_ID_SPAN = 1_000

# Message ids that a receipt may name: what a peer can make us look up at once.
MAX_RECEIPT_IDS = 200

# And that one of ours names: below the padding floor beside a handshake and both KEM fields.
RECEIPT_IDS_AT_ONCE = 26

# Envelopes (bytes: below) delivered to a connection, not acknowledged: memory of a slow reader.
DELIVERY_WINDOW = 64
DELIVERY_WINDOW_BYTES = 1_048_576

# Requests of one connection under way at once; beyond it the relay stops reading: back-pressure.
MAX_REQUESTS_IN_FLIGHT = 32

# Mail a mailbox holds (count and bytes) before submits are refused.
MAX_MAILBOX_COUNT = 10_000
MAX_MAILBOX_BYTES = 268_435_456

# The last third is kept for mail of senders who logged in: strangers cannot shut them out.
MAX_ANONYMOUS_MAILBOX_COUNT = MAX_MAILBOX_COUNT * 2 // 3
MAX_ANONYMOUS_MAILBOX_BYTES = MAX_MAILBOX_BYTES * 2 // 3

# Mail nobody fetched is deleted after this.
MAIL_LIFE_MS = 30 * _DAY_MS

# Acknowledged envelope ids are remembered: a retry after a lost answer is not delivered twice.
ACKNOWLEDGED_ID_LIFE_MS = _DAY_MS

# The client remembers seen envelope ids: longer than mail and outbox live together.
SEEN_ID_LIFE_MS = 60 * _DAY_MS

# Requests for one message, and answers to them: a message that never opens costs no more.
MAX_RETRY_REQUESTS = 3

# Requests to one peer, and answers to it, in an hour: bounds what a faulty or hostile peer costs.
MAX_RETRIES_PER_HOUR = 10

# A sent message can be asked for as long as mail and outbox live together.
SENT_DIGEST_LIFE_MS = 60 * _DAY_MS

# The outbox gives a message up after this.
OUTBOX_LIFE_MS = 30 * _DAY_MS

# A connection that has not said a whole Hello by then is closed (a port probe, a slow-loris).
GREETING_TIMEOUT_MS = 10_000

# A connection without a whole request for this long is closed; clients ping three times as often.
IDLE_TIMEOUT_MS = 180_000

# A peer that takes no byte for this long is closed: its buffers are wanted elsewhere.
WRITE_TIMEOUT_MS = 30_000

# Requests a connection may make in a second, and at once; beyond it the relay reads it slower.
CONNECTION_REQUESTS_PER_SECOND = 200
CONNECTION_REQUESTS_AT_ONCE = 1_000

# What an account may ask in a second, and at once: an outbox of weeks goes out in a minute or two.
ACCOUNT_WORK_PER_SECOND = 20
ACCOUNT_WORK_AT_ONCE = 1_000

# Envelopes for one mailbox in a second, and at once, logged in and anonymous each: a busy group.
RECIPIENT_MAIL_PER_SECOND = 20
RECIPIENT_MAIL_AT_ONCE = 1_000

# What all who hold one delivery token may ask in a second, and at once: a recipient's contacts.
TOKEN_WORK_PER_SECOND = 20
TOKEN_WORK_AT_ONCE = 1_000

# What one network address may ask in a second, and at once: an office of active people behind it.
ADDRESS_WORK_PER_SECOND = 400
ADDRESS_WORK_AT_ONCE = 4_000

# Registrations from one address in an hour, and at once: a classroom.
ADDRESS_REGISTRATIONS_PER_HOUR = 30
ADDRESS_REGISTRATIONS_AT_ONCE = 30

# New connections from one address in a second, and at once: a classroom after the relay's restart.
ADDRESS_CONNECTIONS_PER_SECOND = 5
ADDRESS_CONNECTIONS_AT_ONCE = 128

# Connections open at once from one address, and in all: memory of half frames and of TLS.
MAX_ADDRESS_CONNECTIONS = 128
MAX_CONNECTIONS = 16_384

# Buckets that are not full, of each sort: some 10 MB; more keys share their debts.
MAX_BUCKETS = 65_536

# A peer who still logs in to write, so long after we told it our profile key, is told once more.
PROFILE_KEY_RETOLD_MS = _DAY_MS

# A device that was online so lately is asked first, when another wants its place.
RECENTLY_ONLINE_MS = 7 * _DAY_MS

# For so long: a day in which its owner looks at it once; relays may set their own.
TAKEOVER_HOLD_MS = _DAY_MS

# A replacement that nobody asks for again is forgotten so long after its hold.
HELD_REPLACEMENT_LIFE_MS = 7 * _DAY_MS

# Former identities of an account that a login is compared with: at most as many verifications.
MAX_FORMER_IDENTITIES = 4

# A device's presence is written down to the hour: enough for its purpose, and no diary.
ONLINE_MARK_MS = 3_600_000

# Attempts to replace one device from one address in an hour, and at once: a person who retries.
REPLACEMENT_ATTEMPTS_PER_HOUR = 10
REPLACEMENT_ATTEMPTS_AT_ONCE = 10

# Longest blob: an object of a backup, or an attachment; what is larger is cut in several.
MAX_BLOB_BYTES = 134_217_728

# What one message carries of a blob: as an envelope.
MAX_BLOB_PART_BYTES = 262_144

# The relay keeps a blob in whole pieces of this, so that small puts cannot make it costly to store.
BLOB_PIECE_BYTES = 65_536

# A blob nobody refreshed is deleted after this.
BLOB_LIFE_MS = 90 * _DAY_MS

# A blob that is not whole is deleted so long after its last bytes.
UNFINISHED_BLOB_LIFE_MS = _DAY_MS

# Blobs in one list, or in one request to refresh: an answer of some 50 kB.
MAX_LISTED_BLOBS = 1_000

# Blobs of one network address (count and bytes): backups of a household.
MAX_ADDRESS_BLOBS_COUNT = 4_096
MAX_ADDRESS_BLOBS_BYTES = 1_073_741_824

# Blobs in all: mail shares the disk with them.
MAX_BLOBS_BYTES = 68_719_476_736

# The salt behind the names of addresses in the blob store is replaced after this, and forgotten.
BLOB_SALT_LIFE_MS = 30 * _DAY_MS

# Plaintext of one chunk of an object: what one tag proves and one read at an offset costs.
OBJECT_CHUNK_BYTES = 65_536

# Padding floor of objects: a segment of few messages, the state and the account key look alike.
OBJECT_FLOOR_BYTES = 4_096

# Longest content of an object: padded and sealed it still is one blob of a relay.
MAX_OBJECT_BYTES = 125_829_120

# Objects one medium is cut in: 7.5 GB, more than any attachment.
MAX_MEDIA_PARTS = 64

# Entries of a manifest: 48 MB of them fit one object.
MAX_MANIFEST_ENTRIES = 262_144

# Messages of a segment: one chat's page of weeks; a deletion rewrites no more than this.
MAX_SEGMENT_MESSAGES = 4_096

# Attached facts (edits, reactions, media, ...) of a segment: bounds what reading it costs.
MAX_SEGMENT_FACTS = 65_536

# A segment before compression: bounds the memory that hostile compressed bytes can ask for.
MAX_SEGMENT_BYTES = 8_388_608

# Longest name of a file that is shown with a medium, as file systems have it.
MAX_FILE_LABEL_BYTES = 255

# Longest reaction: an emoji of many parts.
MAX_REACTION_BYTES = 64

# Contacts and settings of a state object: more than a person has.
MAX_STATE_ITEMS = 65_536

# Longest value of a setting, and of its key.
MAX_SETTING_BYTES = 4_096
MAX_SETTING_KEY_BYTES = 64

# State before padding: all contacts and as many settings of usual length.
MAX_STATE_BYTES = 33_554_432

# Slots of a keyring: digits, a password, and two for what comes later; the file's size tells none.
KEYRING_SLOTS = 4

# A slot with its key, seal and the password's record.
SLOT_BYTES = 4_096

# Backups that are retained: the newest of so many days, weeks and months that have one (UTC).
RETAINED_DAYS = 7
RETAINED_WEEKS = 4
RETAINED_MONTHS = 12

# Vaults of a password: so many operators nobody remembers, and the record fits its slot.
MAX_VAULTS = 5

# Guesses that all vaults together may allow to somebody who runs t - 1 of them.
MAX_TOTAL_GUESSES = 10

# Address of a vault: host and port; longer names are of no operator.
MAX_VAULT_ADDRESS_BYTES = 128

# A password's record: five vaults with their longest names and addresses; the rest is the seal's.
MAX_PASSWORD_RECORD_BYTES = 1_400

# Argon2id's costs: below, a guess is cheap; above, a forged record eats all memory or minutes.
LEAST_STRETCHING_MEMORY_BYTES = 67_108_864
MOST_STRETCHING_MEMORY_BYTES = 1_073_741_824
LEAST_STRETCHING_PASSES = 3
MOST_STRETCHING_PASSES = 10

# Wait after the third guess in a row, the fourth, and each later one: typos pass, bots do not.
VAULT_THIRD_GUESS_DELAY_MS = 60_000
VAULT_FOURTH_GUESS_DELAY_MS = 600_000
VAULT_LATER_GUESS_DELAY_MS = 3_600_000

# After the last guess a vault keeps its share so long: the tag of a right one still saves it.
VAULT_LAST_GUESS_GRACE_MS = 3_600_000

# A head that is placed at a vault: it is some 300 bytes.
MAX_PLACED_HEAD_BYTES = 1_024

# Entries that a vault keeps of a record's log, the newest: years of use, some 200 kB.
MAX_VAULT_EVENTS = 1_000

# Entries of it in one answer: 20 kB.
MAX_LISTED_VAULT_EVENTS = 100

# What one network address may ask of a vault in a second, and at once: a household's backups.
VAULT_ADDRESS_WORK_PER_SECOND = 20
VAULT_ADDRESS_WORK_AT_ONCE = 400
