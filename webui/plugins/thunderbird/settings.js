// What a person chose. The token lies in the extension's own storage and goes nowhere but to its server.

const DEFAULTS = {
  /** The server's address, without a slash at its end; empty until paired. */
  server: "",
  token: "",
  /** What the token may do. */
  scopes: [],
  /** The extension's own level; empty for that of the account or sender, as the server says. */
  level: "",
  /** Whether what its markup declares to be invisible is blocked while no verdict can be had. */
  blockUnsure: true,
  /** The mail program's ids of accounts whose messages may be sent to the server. */
  accounts: [],
};

/** All settings, whatever was kept. */
export async function settings() {
  const kept = await messenger.storage.local.get(DEFAULTS);
  return Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, usual]) => [
      name,
      typeof kept[name] === typeof usual && Array.isArray(kept[name]) === Array.isArray(usual) ? kept[name] : usual,
    ]),
  );
}

/** Keep some of them. */
export function keep(some) {
  return messenger.storage.local.set(some);
}
