"""The running client: services that keep the network and the database in step.

    engine          the public face: everything a command may ask
    supervisor      connects, logs in, and comes back after every loss
    receiver        one process per profile: deliveries into the database, then acknowledged
    outbox_flusher  what waits in the database goes to the relay
    follower        what other processes wrote is noticed
    registration    a name at a relay, and the profile that holds it

The services decide nothing about messages: that is :mod:`client.messaging`.
"""
