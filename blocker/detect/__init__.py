"""A `Message` in, a `Report` out: a verdict with reasons for each reference. No input, no output."""
