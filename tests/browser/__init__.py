"""The proof in real browsers: what a message asks for when it is opened, before and after it is neutralised."""
