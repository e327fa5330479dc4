"""What a person chooses for an account: a mode and a level, each a value that knows its facts.

Code asks a value for a fact (`account.mode.copies`, `level.takes`) and never compares its name. The name alone is what
the configuration, the database, JSON and the command line keep. Pure values: any room may import them.
"""
