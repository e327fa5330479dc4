"""One judgement of one message for an account, and a pool of processes that make many.

`judge` reads a message and neutralises its copy, `budget` bounds the time and memory that one message may take,
`worker` is a process that judges for another one, and `pool` starts such processes and hands them messages. The room
knows no mailbox: a message is its bytes, and the name of where it lies.
"""
