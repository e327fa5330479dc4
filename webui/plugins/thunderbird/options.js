// The page of options: pairing, which accounts may be sent, and what is blocked.

import { LEVELS } from "./decide.js";
import { NoAnswer, address, pair } from "./server.js";
import { keep, settings } from "./settings.js";

const FILES = "files";
const byId = (id) => document.getElementById(id);
const say = (name, ...values) => messenger.i18n.getMessage(name, values);

for (const place of document.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
document.documentElement.lang = messenger.i18n.getUILanguage();

const chosen = await settings();
for (const level of Object.keys(LEVELS)) byId("level").add(new Option(level, level));
byId("server").value = chosen.server;
byId("level").value = chosen.level;
byId("unsure").checked = chosen.blockUnsure;
await listAccounts();
show(chosen.server ? say("pairedWith", chosen.server) : say("unpaired"));
byId("leave").hidden = !chosen.server;

byId("level").addEventListener("change", (event) => keep({ level: event.target.value }));
byId("unsure").addEventListener("change", (event) => keep({ blockUnsure: event.target.checked }));
byId("leave").addEventListener("click", async () => {
  await keep({ server: "", token: "", scopes: [] });
  byId("leave").hidden = true;
  show(say("unpaired"));
});
byId("pair").addEventListener("submit", async (event) => {
  event.preventDefault();
  const server = address(byId("server").value);
  if (server === null) return show(say("wrongAddress"), true);
  try {
    const { token, scopes } = await pair(server, byId("code").value.trim(), "Thunderbird");
    await keep({ server, token, scopes: Array.isArray(scopes) ? scopes : ["read", "scan"], accounts: ticked() });
    byId("code").value = "";
    byId("leave").hidden = false;
    show(say("pairedWith", server));
  } catch (error) {
    const code = error instanceof NoAnswer ? error.code : "garbage";
    show(code === "refused" ? say("notPaired", error.message) : say(`trouble_${code}`), true);
  }
});

async function listAccounts() {
  const every = (await messenger.accounts.list(false)).filter((one) => one.type !== "rss");
  const rows = [...every.map(({ id, name }) => ({ id, name })), { id: FILES, name: say("files") }];
  for (const { id, name } of rows) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: id });
    box.checked = !chosen.server || chosen.accounts.includes(id);
    box.addEventListener("change", () => keep({ accounts: ticked() }));
    label.append(box, ` ${name}`);
    byId("accounts").append(label);
  }
}

function ticked() {
  return [...byId("accounts").querySelectorAll("input:checked")].map((box) => box.value);
}

function show(words, wrong = false) {
  byId("paired").textContent = words;
  byId("paired").className = wrong ? "wrong" : "";
}
