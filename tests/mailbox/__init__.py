"""The mailbox room: one suite for every implementation, and what only some of them can meet."""
