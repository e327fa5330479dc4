"""Text of strangers made fit for what it goes into: a terminal or log, JSON, a CSV cell, a page, an HTTP header.

Mail and servers write what they like. Each kind of output has one function here, and every command, export and page
uses it; a test keeps others from printing by themselves.
"""
