"""The demo's story: real processes talk, and the relay between them is searched.

script           what Alice and Bob say, with fresh random words in it
children         processes that are started, waited for with a bound, and ended
relay_process    the relay: started, killed, started again
person           Alice or Bob: a profile, and glasspost commands run on it
relay_view       what passed through the relay, as it saw it
stage            all of these together, in a folder, behind a recording proxy
acts             the story itself
swap             the act in which the relay's operator swaps keys
swapping         what the operator writes on the relay's disk
operator         what the operator does with the ordinary client, in a folder of their own
events           what the story tells: rows of three columns, notes, the verdict
verdict          everything that has to hold, and whether it does
on_screen        tells it in colours to a person
plain            tells it in lines to a program
"""
