// What the pages do where scripts run: times in the reader's zone, keys, and parts that stay up to date. Every page works without.
"use strict";

// The page's language as it is written where the reader lives: British dates where the browser asks for British English.
const language = document.documentElement.lang;
const regional = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
const words = document.body.dataset;

// Times. The server writes UTC; here they get the reader's own zone, and keep UTC as their tip.
const inZone = new Intl.DateTimeFormat(regional, { dateStyle: "medium", timeStyle: "short" });

function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime()) || time.title) continue;
    time.title = time.textContent;
    time.textContent = inZone.format(moment);
  }
}

function nameZone() {
  const place = document.getElementById("zone");
  const { timeZone } = inZone.resolvedOptions();
  if (place) place.textContent = words.zone.replace("{}", timeZone);
}

// Keys. They can be switched off (WCAG 2.1.4), and do nothing while somebody writes.
const KEPT = "unpixel-keys";
const help = document.getElementById("keys");

function keysAreOn() {
  return localStorage.getItem(KEPT) !== "off";
}

function showKeys() {
  document.getElementById("keys-switch").checked = keysAreOn();
  help.showModal();
}

function search() {
  const field = document.querySelector("main input[type=search]");
  if (field) field.focus();
  else if (words.search) window.location.assign(words.search);
}

// Links of rows, one a row; on a message's page its references.
function stops() {
  const rows = [...document.querySelectorAll("main tbody tr")].filter((row) => row.offsetParent !== null);
  return rows.map((row) => row.querySelector("a[href]")).filter(Boolean);
}

function move(step) {
  const all = stops();
  if (!all.length) return;
  const row = document.activeElement?.closest("tr");
  const here = row ? all.findIndex((link) => row.contains(link)) : -1;
  const next = here < 0 && step < 0 ? all.length - 1 : Math.min(all.length - 1, Math.max(0, here + step));
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

const KEYS = { "/": search, "?": showKeys, j: () => move(1), k: () => move(-1) };

function pressed(event) {
  if (event.key === "Escape" && event.target.matches?.("input[type=search]")) event.target.blur();
  const writes = event.target.closest?.("input, select, textarea, [contenteditable], dialog");
  const act = KEYS[event.key];
  if (!act || writes || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!keysAreOn()) return;
  event.preventDefault();
  act();
}

function offerKeys() {
  if (!help) return;
  const opener = document.getElementById("keys-open");
  opener.hidden = false;
  opener.addEventListener("click", showKeys);
  document.getElementById("keys-switch").addEventListener("change", (event) => {
    localStorage.setItem(KEPT, event.target.checked ? "on" : "off");
  });
  document.addEventListener("keydown", pressed);
}

// Parts that stay up to date. One answer holds them all; only those that changed are exchanged, and what a person has opened,
// focused or moved in them stays as it is.
const SECONDS = 5;
const live = document.querySelector("main [data-live]");
let tag = "";
let timer = 0;

function said(text) {
  const line = document.getElementById("live-state");
  if (line.textContent !== text) line.textContent = text;
}

function place(element, root) {
  const path = [];
  for (let at = element; at && at !== root; at = at.parentElement) path.unshift([...at.parentElement.children].indexOf(at));
  return path;
}

function at(path, root) {
  return path.reduce((element, number) => element?.children[number], root);
}

function exchange(old, fresh) {
  const opened = [...old.querySelectorAll("details")].map((details) => details.open);
  const moved = [...old.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  const focused = old.contains(document.activeElement) ? place(document.activeElement, old) : null;
  old.replaceChildren(...fresh.childNodes);
  old.querySelectorAll("details").forEach((details, number) => { details.open = opened[number] ?? details.open; });
  old.querySelectorAll(".scroll").forEach((box, number) => { box.scrollLeft = moved[number] ?? 0; });
  if (focused) at(focused, old)?.focus({ preventScroll: true });
}

function take(html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const parts = [...answer.querySelectorAll("[data-part]")];
  // Where there are other parts than before (the first mail came), the page is another one.
  const known = parts.every((part) => document.getElementById(part.id));
  if (!parts.length || !known) return window.location.reload();
  for (const part of parts) {
    localise(part);
    const old = document.getElementById(part.id);
    const opened = part.cloneNode(true);
    markOpen(old, opened);
    if (old.innerHTML !== opened.innerHTML) exchange(old, part);
  }
}

function markOpen(old, fresh) {
  const now = fresh.querySelectorAll("details");
  old.querySelectorAll("details").forEach((details, number) => { if (now[number]) now[number].open = details.open; });
}

async function refresh() {
  if (!document.hidden) {
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(live.dataset.live, { headers, cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) return window.location.reload();
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") ?? "";
        take(await answer.text());
      } else if (answer.status !== 304) throw new Error(String(answer.status));
      said(words.live.replace("{}", String(SECONDS)));
    } catch {
      said(words.stale);
    }
  }
  timer = window.setTimeout(refresh, SECONDS * 1000);
}

function keepUpToDate() {
  if (!live) return;
  const button = document.getElementById("live-switch");
  const start = () => { button.setAttribute("aria-pressed", "true"); refresh(); };
  const stop = () => { window.clearTimeout(timer); button.setAttribute("aria-pressed", "false"); said(words.still); };
  button.hidden = false;
  button.addEventListener("click", () => (button.getAttribute("aria-pressed") === "true" ? stop() : start()));
  button.setAttribute("aria-pressed", "true");
  said(words.live.replace("{}", String(SECONDS)));
  timer = window.setTimeout(refresh, SECONDS * 1000);
}

localise(document);
nameZone();
offerKeys();
keepUpToDate();
