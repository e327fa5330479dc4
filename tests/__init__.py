"""The tests; a package, so that a folder named like a library (mailbox, config) does not hide that library."""
