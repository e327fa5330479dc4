// The bar at the top of a message. It stands in a closed shadow tree, so that the mail's own styles do not reach it.

(async () => {
  const say = (name, ...values) => messenger.i18n.getMessage(name, values);
  const state = await messenger.runtime.sendMessage({ do: "state" }).catch(() => null);
  explainLinks();
  if (!state || (state.blocked.length === 0 && !["away", "token", "garbage", "refused"].includes(state.trouble))) return;

  const host = document.createElement("div");
  host.id = "unpixel-bar";
  host.style.cssText = "all: initial !important; display: block !important;";
  const tree = host.attachShadow({ mode: "closed" });
  const style = document.createElement("style");
  style.textContent = `
    section { font: 13px/1.45 system-ui, sans-serif; color: #1c1917; background: #f5f5f4; border-inline-start: 4px solid #15803d;
      padding: 8px 12px; margin: 0 0 12px; }
    section.trouble { border-color: #b45309; }
    p { margin: 0; } ul { margin: 6px 0; padding-inline-start: 20px; }
    summary { cursor: pointer; } button { font: inherit; margin: 6px 6px 0 0; }
    @media (prefers-color-scheme: dark) { section { color: #f5f5f4; background: #292524; } }`;
  const bar = document.createElement("section");
  bar.setAttribute("role", "status");
  tree.append(style, bar);
  state.blocked.length ? tell(bar) : trouble(bar);
  document.body.prepend(host);

  function tell(into) {
    const names = [...new Set(state.blocked.map((one) => one.vendor || new URL(one.url).hostname))];
    const number = state.blocked.length;
    const fold = document.createElement("details");
    if (state.late) into.className = "trouble";
    const kept = number === 1 ? "keptOne" : "keptMany";
    const summary = state.late
      ? say("late", String(number), names.join(", "), String(state.late))
      : say(kept, String(number), names.join(", "));
    fold.append(
      text("summary", summary),
      text("p", say("learnt")),
      list(state.blocked),
      button(say("page"), () => messenger.runtime.sendMessage({ do: "page" })),
    );
    if (state.acts && state.sender) {
      fold.append(
        button(say("allow", state.sender), (event) => set(event, "allow")),
        button(say("more"), (event) => set(event, "strict")),
      );
    }
    into.append(fold);
  }

  function trouble(into) {
    into.className = "trouble";
    into.append(text("p", say(`trouble_${state.trouble}`)));
  }

  function list(blocked) {
    const made = document.createElement("ul");
    for (const one of blocked) made.append(text("li", `${new URL(one.url).hostname}: ${one.why ?? one.kind}`));
    return made;
  }

  async function set(event, level) {
    const answer = await messenger.runtime.sendMessage({ do: "policy", level });
    event.target.replaceWith(text("span", answer?.refused ? say("notSet", answer.refused) : say("set")));
  }

  function text(tag, words) {
    const made = document.createElement(tag);
    made.textContent = words;
    return made;
  }

  function button(words, act) {
    const made = text("button", words);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  /** Where a tracked link really leads stands in its title; the link itself stays what it is. */
  function explainLinks() {
    for (const link of document.querySelectorAll("a[href]")) {
      const leads = globalThis.destination(link.href);
      if (leads && !link.title) link.title = say("leads", leads);
    }
  }
})();
