"""Reading messages: headers, structure, transfer encodings, charsets, CSS, markup, URLs."""
