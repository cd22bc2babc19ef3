"""What a message does to the store: the sending and the receiving transaction.

    sending          compose: a text becomes a history row and an envelope, or waits for keys
    encrypting       content into an envelope, on the session with the peer
    fetching         which keys of peers to fetch, and what their arrival sets in motion
    submitting       the relay took an envelope, or never will
    receiving        a delivery becomes an outcome, in one transaction
    arrival          a delivery whose seal is open, and what it claims
    opening          session or handshake, then the content; nothing is stored here
    filing           what an opened message changes in the store
    outcomes         what a delivery came to
    receipts         telling senders that their messages came
    gap_lines        what did not open, as a visible line
    repair           asking for it again, on a session that is not broken itself
    resending        answering a peer who asks
    uncounted        receipts and requests: messages that no history shows
    profile_sharing  who is told our profile key, so that they may write without a name
    blocking         who may not any more
    trust            pins and changed identities
    answers          what a person's answer does
    notices          lines in which the client itself speaks
    prekey_upkeep    which prekeys to make and upload
    housekeeping     what is too old is forgotten

Every function takes a transaction. Either all it does is committed or, if it
raises, nothing. No network, no event loop; time and randomness come in.

Spec: docs/client.md
"""
