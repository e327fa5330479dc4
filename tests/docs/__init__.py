"""Tests that the README says what the product does."""
