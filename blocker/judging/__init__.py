"""One judgement of one message for an account, made where the message can harm nothing.

`judge` reads a message and neutralises its copy. A `worker` does so in a `process` of its own, within the `budget` of
time and memory that one message may take: `pool` has many of them for much mail, `warm` keeps a few for single
messages, and `handed` asks those for what a program hands in. The room knows no mailbox: a message is its bytes, and
the name of where it lies.
"""
