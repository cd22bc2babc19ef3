"""The double ratchet: a fresh key for every message. State in, new state out.

    root         root key; each root step mixes in a new Diffie-Hellman result
    chain        sending and receiving chains; each message moves one key on
    skipped      keys of messages that are still on their way
    hybrid       what a root step mixes in besides, against quantum computers
    kem_fields   what headers carry for that
    since_mix    when it is due
    header       what a message says in the clear, and authenticates
    body         the encryption of one message under its key
    state        all of these of one session
    steps        how a state becomes the next when the ratchet key changes
    ratchet      encrypt and decrypt

This layer does not care who the peer is, where states are stored, or which
session a message belongs to.

                      a message shows a new ratchet key: receiving step
                  ┌───────────────────────────────────────────────────────┐
                  ▼                                                       │
      owes a sending step                                         has a sending chain
                  │                                                       ▲
                  └───────────────────────────────────────────────────────┘
                      the next message to send: sending step

Spec: docs/protocol.md#ratchet, docs/protocol.md#hybrid-steps
"""
