// What is asked for and what is blocked, from values alone: nothing here talks to the mail program or to the server.

/** The levels, and whether each takes away everything that is loaded from elsewhere, whatever a verdict says. */
export const LEVELS = { standard: { all: false }, strict: { all: false }, paranoid: { all: true } };

/** Pixels (CSS) up to which a declared width and height make a picture one that nobody sees. */
const TINY = 3;

/** Kinds of rules whose addresses tell that a mail was opened; a picture made for the reader is left to a verdict. */
const TRACKS = ["open", "aggregate", "ad"];

/** What asks: a message, whatever it is read from. Feeds ask too, and are told apart by their account. */
const MAIL = ["imap:", "mailbox:", "imap-message:", "mailbox-message:", "ews:", "ews-message:", "file:"];

/** Whether a request of the document at this address may be a message's. */
export function isMail(documentUrl) {
  return typeof documentUrl === "string" && MAIL.some((scheme) => documentUrl.startsWith(scheme));
}

/** The normal form of an address, without its fragment, which no server gets; null where it is none of the web's. */
export function normal(url) {
  try {
    const parsed = new URL(url);
    if (parsed.protocol !== "http:" && parsed.protocol !== "https:") return null;
    parsed.hash = "";
    return parsed.href;
  } catch {
    return null;
  }
}

/** The verdict of the server (POST /scan?detail=summary) as what a request is looked up in. */
export function verdictOf(summary) {
  const blocked = new Map();
  for (const one of Array.isArray(summary?.blocked) ? summary.blocked : []) {
    const url = normal(one?.url);
    if (url !== null) blocked.set(url, one);
  }
  return { blocked, tracked: Boolean(summary?.tracked), level: String(summary?.level ?? "") };
}

/** The rules of the server (GET /rules/compact) as tests; one that this version cannot read is left out. */
export function rulesOf(answer) {
  const rules = [];
  for (const one of Array.isArray(answer?.rules) ? answer.rules : []) {
    if (!Array.isArray(one?.hosts)) continue;
    try {
      rules.push({ kind: one.kind, hosts: one.hosts.map(hostTest), path: new RegExp(String(one.path), "i") });
    } catch {
      // A pattern that only RE2 reads.
    }
  }
  return rules;
}

/** Whether a host is the one that a rule names, or stands below it; "#" is a number there, "*" alone any host. */
function hostTest(host) {
  if (host === "*") return /(?:)/;
  const escaped = host.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("#", "[0-9]+");
  return new RegExp(`(?:^|\\.)${escaped}$`);
}

/** Whether the rules name this address as a tracker's; the first that fits says what it is. */
export function isKnown(url, rules) {
  const { hostname, pathname, search } = new URL(url);
  const target = pathname + search;
  const first = rules.find(({ hosts, path }) => hosts.some((host) => host.test(hostname)) && path.test(target));
  return TRACKS.includes(first?.kind);
}

/** The addresses of pictures whose markup declares that nobody sees them. */
export function unseen(root, base) {
  const found = new Set();
  for (const picture of root.querySelectorAll("img[src]")) {
    const sizes = ["width", "height"].map((name) => parseFloat(picture.getAttribute(name) ?? ""));
    const url = sizes.every((size) => size <= TINY) && absolute(picture.getAttribute("src"), base);
    if (url) found.add(url);
  }
  return found;
}

function absolute(reference, base) {
  try {
    return normal(new URL(reference, base).href);
  } catch {
    return null;
  }
}

/**
 * Whether a request is let out: {block, why}.
 *
 * `verdict` is null where the server did not answer in time. Then what the compact rules and the declared sizes tell is
 * used, and no more: there is no second engine here. `tiny` is null where not even the markup could be had.
 */
export function decision(url, { level, verdict, rules, tiny, blockUnsure }) {
  const asked = normal(url);
  if (asked === null) return { block: true, why: null };
  if (LEVELS[level]?.all) return { block: true, why: null };
  const named = verdict?.blocked.get(asked);
  if (named) return { block: true, why: named };
  // A redirect leads to an address that the message does not hold.
  if (isKnown(asked, rules)) return { block: true, why: null };
  if (verdict === null && blockUnsure && (tiny === null || tiny.has(asked))) return { block: true, why: null };
  return { block: false, why: null };
}
