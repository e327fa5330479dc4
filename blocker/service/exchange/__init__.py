"""One message in its place: its neutralised copy is stored, checked, and takes the place of the original.

`decide` says what the mode asks for, `steps` and `plan` say what comes next, from facts alone; `act` and `copies` carry
it out, and `screener` does so for held mail. `journal` and `spool` remember what is under way, `record` and `senders`
serve what was judged, `again` knows messages of the same bytes. `account` is what all of them have at hand.
"""
