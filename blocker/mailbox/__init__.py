"""Reaching stored mail: IMAP, memory, and readers for files."""
