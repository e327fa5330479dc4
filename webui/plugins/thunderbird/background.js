// Wires the mail program to the server: which message asks, what the server says of it, and what is let out.

import "./links.js";
import { decision, isMail, normal, rulesOf, unseen, verdictOf } from "./decide.js";
import { MOST, NoAnswer, PATIENCE, Server } from "./server.js";
import { settings } from "./settings.js";

/**
 * A proxy that nobody listens on, and none after it: what is sent there reaches nobody, and no host's name is looked up.
 * Without the null the person's own proxy would be tried next (ProxyChannelFilter.sys.mjs, createProxyInfoFromData).
 */
const NOWHERE = [{ type: "http", host: "127.0.0.1", port: 9 }, null];

/** Messages that a tab showed last: what one of them asks for may come when the next shows already. */
const RECENT = 4;

/** Messages whose verdicts are kept for the session. */
const KEPT = 500;

const RULES_MINUTES = 60;
/** Milliseconds between two signs of life; a background that is silent for 30 seconds is ended, and what it weighs let out. */
const ALIVE = 15000;
const COPY = "copy-clean-link";
const FILES = "files";
const TAGS = { $tracked: ["tagTracked", "#c2410c"], $trackerremoved: ["tagRemoved", "#15803d"] };

/** Messages by the mail program's id: what is known of each. */
const known = new Map();

/** The last messages of each tab, by its id. */
const shown = new Map();

/** The known trackers, of an earlier session at first. */
let rules = messenger.storage.local.get({ rules: null }).then(({ rules }) => rulesOf(rules)).catch(() => []);
let rulesAt = 0;

setInterval(() => messenger.runtime.getPlatformInfo(), ALIVE);
messenger.proxy.onRequest.addListener(onRequest, { urls: ["<all_urls>"] });
messenger.messageDisplay.onMessagesDisplayed.addListener(onDisplayed);
messenger.runtime.onMessage.addListener(onMessage);
messenger.runtime.onInstalled.addListener(begin);
messenger.menus.onClicked.addListener(onClicked);
messenger.storage.onChanged.addListener((changed) => {
  if ("rules" in changed) return;
  known.clear();
  if (changed.token?.newValue) settings().then((chosen) => refresh(new Server(chosen.server, chosen.token)));
});
messenger.scripting.messageDisplay
  .registerScripts([{ id: "bar", js: ["links.js", "bar.js"], runAt: "document_idle" }])
  .catch(() => {}); // they are registered since an earlier start

// A listener that throws, or gives what is no answer, lets the request out.
async function onRequest(details) {
  const mail = isMail(details.documentUrl) || isMail(details.originUrl);
  try {
    return mail || (await isEditor(details)) ? await answer(details) : undefined;
  } catch {
    return mail ? NOWHERE : undefined;
  }
}

/** Whether a window asks in which a message is written: what it quotes asks again there. */
async function isEditor(details) {
  if (details.tabId < 0) return false;
  const tab = await messenger.tabs.get(details.tabId);
  return tab.type === "messageCompose";
}

async function answer(details) {
  const chosen = await settings();
  const asking = await asked(details);
  if (asking.length && (await Promise.all(asking.map((one) => isFeed(one.message)))).every(Boolean)) return undefined;
  const trackers = await rules;
  const verdicts = await Promise.all(asking.map((one) => soon(one.verdict, null)));
  const tiny = await Promise.all(asking.map((one) => soon(one.tiny, null)));
  const each = asking.length ? asking.map((_, at) => at) : [-1];
  for (const at of each) {
    const level = chosen.level || verdicts[at]?.level || "standard";
    const made = decision(details.url, {
      level,
      verdict: verdicts[at] ?? null,
      rules: trackers,
      tiny: tiny[at] ?? null,
      blockUnsure: chosen.blockUnsure,
    });
    if (made.block) return NOWHERE;
  }
  for (const one of asking) one.let.add(normal(details.url));
  return undefined;
}

/** What is known of the messages that may be asking. */
async function asked(details) {
  // A message that is the first one in its tab asks before its tab is told.
  const tabs = details.tabId < 0 ? await messenger.tabs.query({}) : [await messenger.tabs.get(details.tabId)];
  const related = await Promise.all(tabs.map((tab) => (tab.type === "messageCompose" ? quoted(tab.id) : null)));
  const readers = tabs.filter((tab) => tab.type === "mail" || tab.type === "messageDisplay").map((tab) => tab.id);
  if (readers.length) await soonDisplayed(readers);
  const recent = readers.flatMap((id) => shown.get(id) ?? []);
  return [...related.filter(Boolean), ...recent].map((message) => look(message));
}

/** The message that is answered or forwarded in an editor. */
async function quoted(tabId) {
  const written = await messenger.compose.getComposeDetails(tabId);
  return written.relatedMessageId ? messenger.messages.get(written.relatedMessageId) : null;
}

/** Learn what these tabs display; the first pictures may be asked for before anything counts as displayed. */
async function soonDisplayed(tabIds) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const found = await Promise.all(tabIds.map(async (id) => [id, await displayed(id)]));
    for (const [id, messages] of found) for (const message of messages) remember(id, message);
    if (found.some(([, messages]) => messages.length)) return;
    await new Promise((go) => setTimeout(go, 20));
  }
}

async function displayed(tabId) {
  const found = await messenger.messageDisplay.getDisplayedMessages(tabId);
  return found?.messages ?? [];
}

function remember(tabId, message) {
  const others = (shown.get(tabId) ?? []).filter((one) => one.id !== message.id);
  shown.set(tabId, [message, ...others].slice(0, RECENT));
}

function onDisplayed(tab, found) {
  for (const message of found?.messages ?? []) {
    remember(tab.id, message);
    look(message);
  }
}

/** What is known of a message; asked for once, and kept. */
function look(message) {
  let entry = known.get(message.id);
  if (!entry) {
    const parts = messenger.messages.getFull(message.id).catch(() => null);
    entry = {
      message,
      tiny: parts.then((whole) => (whole ? tinyOf(whole) : null)),
      trouble: null,
      /** Addresses that were let out, by a verdict or for want of one. */
      let: new Set(),
    };
    entry.verdict = examined(entry, parts).catch((error) => {
      entry.trouble = error instanceof NoAnswer ? error.code : "refused";
      return null;
    });
    known.set(message.id, entry);
    for (const oldest of known.keys()) {
      if (known.size <= KEPT) break;
      known.delete(oldest);
    }
  }
  return entry;
}

async function examined(entry, parts) {
  const chosen = await settings();
  const { message } = entry;
  if (!chosen.server || !(await mayBeSent(message, chosen))) {
    entry.trouble = chosen.server ? null : "unpaired";
    return null;
  }
  const server = new Server(chosen.server, chosen.token);
  refresh(server);
  // What was decrypted here never leaves; what is encrypted tells a server nothing.
  if (isEncrypted(await parts)) return null;
  const raw = await messenger.messages.getRaw(message.id, { data_format: "File", decrypt: false });
  if (raw.size > MOST) return null;
  const verdict = verdictOf(await server.scan(raw, chosen.level));
  if (verdict.tracked) mark(message, server).catch(() => {});
  return verdict;
}

async function mayBeSent(message, chosen) {
  return chosen.accounts.includes(message.folder?.accountId ?? FILES) && !(await isFeed(message));
}

async function isFeed(message) {
  const id = message.folder?.accountId;
  const account = id ? await messenger.accounts.get(id, false) : null;
  return account?.type === "rss";
}

function isEncrypted(part) {
  if (!part) return false;
  const kind = String(part.contentType ?? "").toLowerCase();
  const closed = kind === "multipart/encrypted" || kind.endsWith("/pkcs7-mime") || kind.endsWith("/x-pkcs7-mime");
  return closed || (part.decryptionStatus ?? "none") !== "none" || (part.parts ?? []).some(isEncrypted);
}

function tinyOf(part, depth = 0) {
  const found = new Set();
  if (depth > 20) return found;
  if (part.contentType === "text/html" && part.body) {
    const page = new DOMParser().parseFromString(part.body, "text/html");
    for (const url of unseen(page, page.baseURI)) found.add(url);
  }
  for (const inner of part.parts ?? []) for (const url of tinyOf(inner, depth + 1)) found.add(url);
  return found;
}

/** Ask for the known trackers once in a while; no message waits for it. */
function refresh(server) {
  if (Date.now() - rulesAt < RULES_MINUTES * 60000) return;
  rulesAt = Date.now();
  server.rules().then(
    (found) => {
      rules = Promise.resolve(rulesOf(found));
      return messenger.storage.local.set({ rules: found });
    },
    () => {}, // those of before are good enough
  );
}

/** Tag a message as tracked, where no service watches the account and does it on the mail server. */
async function mark(message, server) {
  const account = message.folder && (await messenger.accounts.get(message.folder.accountId, false));
  if (!account || message.tags.includes("$tracked")) return;
  const watched = await server.watched();
  if (account.identities.some((one) => watched.includes(one.email.toLowerCase()))) return;
  await messenger.messages.update(message.id, { tags: [...message.tags, "$tracked"] });
}

/** A value within the time that a picture waits for it; else what stands in for it. */
function soon(promise, otherwise) {
  return Promise.race([promise, new Promise((done) => setTimeout(done, PATIENCE, otherwise))]);
}

async function onMessage(request, sender) {
  if (sender.tab) await soonDisplayed([sender.tab.id]);
  const [message] = shown.get(sender.tab?.id) ?? [];
  if (!message) return null;
  const chosen = await settings();
  const server = new Server(chosen.server, chosen.token);
  const domain = senderOf(message.author);
  switch (request?.do) {
    case "state": {
      const entry = look(message);
      const verdict = await entry.verdict;
      const blocked = verdict ? [...verdict.blocked] : [];
      return {
        blocked: blocked.map(([, one]) => one),
        // What was asked for before there was a verdict was not kept from anybody.
        late: blocked.filter(([url]) => entry.let.has(url)).length,
        trouble: entry.trouble,
        sender: domain,
        acts: Boolean(chosen.server) && chosen.scopes.includes("act"),
      };
    }
    case "policy":
      try {
        const done = await server.policy(domain, request.level);
        known.delete(message.id);
        return { done };
      } catch (error) {
        return { refused: error instanceof NoAnswer ? error.message : String(error) };
      }
    case "page":
      return messenger.windows.openDefaultBrowser(server.page(domain));
    default:
      return null;
  }
}

/** The domain of an author's address, as the pages name senders. */
function senderOf(author) {
  const found = /@([A-Za-z0-9.-]+)>?\s*$/.exec(author ?? "");
  return found ? found[1].toLowerCase() : "";
}

async function onClicked(info) {
  if (info.menuItemId !== COPY || !info.linkUrl) return;
  await navigator.clipboard.writeText(globalThis.destination(info.linkUrl) ?? info.linkUrl);
}

async function begin() {
  messenger.menus.create({ id: COPY, title: messenger.i18n.getMessage("copyClean"), contexts: ["link"] });
  const there = (await messenger.messages.tags.list()).map((tag) => tag.key);
  for (const [key, [name, colour]] of Object.entries(TAGS)) {
    if (!there.includes(key)) await messenger.messages.tags.create(key, messenger.i18n.getMessage(name), colour);
  }
  if (!(await settings()).server) await messenger.runtime.openOptionsPage().catch(() => {}); // no window is open yet
}
