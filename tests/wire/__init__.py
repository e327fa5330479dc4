"""What the run says to IMAP servers, and what it prints, looked at as a whole when it is over."""
