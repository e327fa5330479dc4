"""Tests of what makes text fit for each kind of output."""
