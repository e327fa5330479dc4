"""The demonstration: a mailbox in memory, the service at work on it, and the dashboard, on loopback only."""
