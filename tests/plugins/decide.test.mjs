// Run by node's own test runner: see test_javascript.py.

import assert from "node:assert/strict";
import { test } from "node:test";

const here = new URL("../../webui/plugins/thunderbird/", import.meta.url);
const { decision, isKnown, isMail, normal, rulesOf, verdictOf } = await import(new URL("decide.js", here));
const { address } = await import(new URL("server.js", here));
await import(new URL("links.js", here));

const RULES = rulesOf({
  rules: [
    { kind: "click", hosts: ["mail.example"], path: "^/click" },
    { kind: "open", hosts: ["mail.example", "open#.example"], path: "/o(pen)?/" },
    { kind: "personal", hosts: ["faces.example"], path: "" },
    { kind: "open", hosts: ["*"], path: "^/wf/open\\?upn=" },
    { kind: "open", hosts: ["broken.example"], path: "(" },
    { kind: "open" },
  ],
});
const verdict = (...urls) => verdictOf({ blocked: urls.map((url) => ({ url, kind: "pixel" })), level: "standard" });
const asked = (url, more = {}) =>
  decision(url, { level: "standard", verdict: null, rules: RULES, tiny: new Set(), blockUnsure: true, ...more }).block;

test("a verdict names what is blocked, in any form of its address", () => {
  const given = verdict("HTTPS://T.Example:443/a?b#c");
  assert.equal(asked("https://t.example/a?b", { verdict: given }), true);
  assert.equal(asked("https://t.example/a?b#d", { verdict: given }), true);
  assert.equal(asked("https://t.example/a?B", { verdict: given }), false);
});

test("at paranoid all is blocked, and what is no address at any level", () => {
  assert.equal(asked("https://cdn.example/logo.png", { level: "paranoid", verdict: verdict() }), true);
  assert.equal(asked("ftp://cdn.example/logo.png", { verdict: verdict() }), true);
  assert.equal(asked("nonsense", { verdict: verdict() }), true);
});

test("without a verdict the rules and the declared size tell", () => {
  const tiny = new Set(["https://new.example/x.gif"]);
  assert.equal(asked("https://a.mail.example/o/1"), true);
  assert.equal(asked("https://new.example/x.gif", { tiny }), true);
  assert.equal(asked("https://new.example/x.gif", { tiny, blockUnsure: false }), false);
  assert.equal(asked("https://new.example/x.gif", { tiny, verdict: verdict() }), false, "the verdict has the last word");
  assert.equal(asked("https://new.example/y.gif", { tiny }), false);
  assert.equal(asked("https://new.example/y.gif", { tiny: null }), true, "not even the markup is there");
});

test("a redirect to a known tracker is blocked though the verdict does not name it", () => {
  assert.equal(asked("https://open12.example/o/1", { verdict: verdict() }), true);
});

test("rules: hosts with what is below, numbers, any host, the first that fits", () => {
  assert.equal(isKnown("https://mail.example/open/1", RULES), true);
  assert.equal(isKnown("https://x.mail.example/OPEN/1", RULES), true);
  assert.equal(isKnown("https://notmail.example/open/1", RULES), false);
  assert.equal(isKnown("https://open7.example/o/", RULES), true);
  assert.equal(isKnown("https://openx.example/o/", RULES), false);
  assert.equal(isKnown("https://mail.example/click/open/1", RULES), false, "a click rule fits first");
  assert.equal(isKnown("https://faces.example/me.png", RULES), false);
  assert.equal(isKnown("https://any.where/wf/open?upn=1", RULES), true);
  assert.equal(RULES.length, 4);
});

test("what a server answers may be anything", () => {
  for (const answer of [null, undefined, 1, "x", [], {}, { blocked: 1 }, { blocked: [null, 1, {}, { url: 3 }] }]) {
    assert.equal(verdictOf(answer).blocked.size, 0);
    assert.deepEqual(rulesOf(answer), []);
  }
});

test("mail asks from mailboxes and files alone", () => {
  for (const yes of ["imap://a@b:1/fetch%3EUID%3E/INBOX%3E1", "mailbox:///x?number=1", "file:///x.eml"]) {
    assert.equal(isMail(yes), true);
  }
  for (const no of [undefined, null, "https://x.example/", "moz-extension://x/", "chrome://messenger/", "about:blank"]) {
    assert.equal(isMail(no), false);
  }
});

test("a normal form has no fragment", () => {
  assert.equal(normal("http://A.example"), "http://a.example/");
  assert.equal(normal("javascript:1"), null);
});

test("where a link leads, where that stands in it", () => {
  const leads = globalThis.destination;
  assert.equal(leads("https://t.example/c?u=https%3A%2F%2Fshop.example%2Fa%3Fb"), "https://shop.example/a?b");
  assert.equal(leads("https://t.example/c?u=https%253A%252F%252Fshop.example%252F"), "https://shop.example/");
  assert.equal(leads(`https://t.example/c?u=${btoa("https://shop.example/x")}`), "https://shop.example/x");
  assert.equal(leads("https://shop.example/a?back=https://shop.example/b"), null);
  assert.equal(leads("https://t.example/c/8sKJh2"), null);
  assert.equal(leads("mailto:a@b.example"), null);
});

test("mail and token go in the clear to this machine alone", () => {
  assert.equal(address(" http://127.0.0.1:8400/ "), "http://127.0.0.1:8400");
  assert.equal(address("unpixel.example/mail/"), "https://unpixel.example/mail");
  for (const wrong of ["http://unpixel.example", "ftp://x.example", "https://a:b@x.example", "", "https://"]) {
    assert.equal(address(wrong), null, wrong);
  }
});
