"""Tests of filter lists."""
