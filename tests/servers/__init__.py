"""Real servers and misbehaving peers for the tests, on loopback only."""
