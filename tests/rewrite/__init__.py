"""Neutralising, the field that undoes it, and turning a message back."""
