"""Getting what opens an account: passwords and OAuth 2 tokens, kept in the system's keyring and nowhere else.

vault       the keyring
tokens      an access token for a connection, renewed in time
microsoft   Microsoft's sign-in, by its own library
openid      Google's, and any OpenID provider's
lookup      where a domain's IMAP server is, asked of the domain only where its owner allows that
"""
