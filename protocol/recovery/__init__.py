"""The password's side of a backup: a threshold oblivious PRF between a client and its vaults.

A password is too weak to lock a backup by itself. Here it is turned into a strong
key with the help of t of n vaults, none of which learns anything about it, and
each of which counts how often it helped. From the inside out, one module each:

    field, ristretto       coordinates: a group element as 32 bytes, and back
    scalar, group          the group itself, on libsodium
    hashing, dleq, oprf    RFC 9497: hash into the group, prove, blind, evaluate, finalize
    shamir                 one key as n shares, any t of which evaluate like the whole
    stretching, derived    password to OPRF input; OPRF output to keys
    guesses                how many guesses a limit really allows
    record, registration   what stands in the backup, what each vault gets
    evaluation             what a client asks a vault and hears back
    possession, owner      proofs and statements around a record
    event, events          a vault's signed log
    vault_record           a vault's state
    vault, upkeep          every decision about it: guesses, and the rest
    set_up, recovering     the client's side: making a record, guessing with it

Pure: no clock, no sockets, no files. Spec: docs/recovery.md
"""
