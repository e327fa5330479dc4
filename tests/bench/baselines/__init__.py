"""Other people's rules, re-implemented in the simplest way, to measure unpixel against."""
