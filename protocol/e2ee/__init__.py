"""End-to-end encryption: what two devices say past the relay. Clients only.

From the inside out, one module each:

    content            what a message says
    ratchet/           a fresh key for every message
    session            one ratchet with one peer device, and who that is
    handshake          how two devices that never met agree on a first key
    prekeys            the keys a sleeping device leaves for that
    identity           who a device is
    sealed, padding    hiding sender and size from the relay
    safety_number      comparing identities by eye and voice

Spec: docs/protocol.md
"""
