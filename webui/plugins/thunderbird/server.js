// The paired server, and nobody else, is asked from here.

/** Milliseconds that a verdict is waited for while a message shows; a picture waits no longer. */
export const PATIENCE = 2000;

/** Milliseconds until any other question is given up. */
const LONGEST = 20000;

/** Octets of the largest message that is sent, and of the longest answer that is read. */
export const MOST = 25 * 1024 * 1024;
const LONGEST_ANSWER = 4 * 1024 * 1024;

/** Why there is no answer. `code` is one of "away", "token", "refused", "garbage". */
export class NoAnswer extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code;
  }
}

/** The address of a server as a person types it, without a slash at its end; null where it is none. */
export function address(typed) {
  const text = typed.trim();
  try {
    const url = new URL(text.includes("://") ? text : `https://${text}`);
    const here = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
    // The token and the mail travel there: in the clear to this machine alone.
    if (url.protocol !== "https:" && !(url.protocol === "http:" && here)) return null;
    if (url.username || url.password) return null;
    return url.origin + url.pathname.replace(/\/+$/, "");
  } catch {
    return null;
  }
}

/** Exchange a code that the page Plug-ins shows for a token. Raises NoAnswer. */
export async function pair(base, code, name) {
  const answer = await asked(base, "pair", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, name }),
  });
  if (typeof answer?.token !== "string") throw new NoAnswer("garbage");
  return answer;
}

export class Server {
  constructor(base, token) {
    this._base = base;
    this._token = token;
  }

  /** The verdict on a message at a level: what `decide.verdictOf` takes. Raises NoAnswer. */
  scan(raw, level) {
    const query = level ? `&level=${encodeURIComponent(level)}` : "";
    return this._asked(`scan?detail=summary${query}`, {
      method: "POST",
      headers: { "Content-Type": "message/rfc822" },
      body: raw,
    });
  }

  /** The known trackers: what `decide.rulesOf` takes. Raises NoAnswer. */
  rules() {
    return this._asked("rules/compact");
  }

  /** The addresses that the service watches. Raises NoAnswer. */
  async watched() {
    const answer = await this._asked("accounts");
    const found = Array.isArray(answer?.accounts) ? answer.accounts : (answer?.items ?? []);
    return found.map((one) => String(one?.address ?? "").toLowerCase());
  }

  /** Set what holds for a sender: "allow" or a level. Needs the scope act. Raises NoAnswer. */
  policy(sender, level) {
    return this._asked(`senders/${encodeURIComponent(sender)}/policy`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ level }),
    });
  }

  /** Where a person reads about a sender. */
  page(sender) {
    return `${this._base}/senders/${encodeURIComponent(sender)}`;
  }

  _asked(path, options = {}) {
    const headers = { ...options.headers, Authorization: `Bearer ${this._token}` };
    return asked(this._base, path, { ...options, headers });
  }
}

async function asked(base, path, options) {
  let answer;
  try {
    answer = await fetch(`${base}/api/v1/${path}`, {
      ...options,
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST),
    });
  } catch (error) {
    throw new NoAnswer("away", String(error?.message ?? error));
  }
  if (answer.status === 401) throw new NoAnswer("token");
  const body = await json(answer);
  if (!answer.ok) throw new NoAnswer("refused", String(body?.detail ?? answer.status));
  return body;
}

async function json(answer) {
  try {
    const text = await answer.text();
    if (text.length > LONGEST_ANSWER) throw new NoAnswer("garbage");
    return JSON.parse(text);
  } catch {
    throw new NoAnswer("garbage");
  }
}
