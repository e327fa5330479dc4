"""Raw bytes in, a `Message` out: leaf parts by byte offset and every reference in them. No input, no output."""
