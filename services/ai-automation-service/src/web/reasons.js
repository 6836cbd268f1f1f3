// Why a routine was rejected: one more click, for those who want to say it.

import { element } from "./element.js";

const REASONS = {
  not_this_device: "nothing for this device", not_at_night: "nothing at night", not_this_kind: "nothing of this kind",
  not_true: "not true", not_useful: "not useful", already_done: "is done already", unsafe: "not safe",
};

/** Buttons to say why. `tell` is called with the reasons each time they change; resolves when they are kept. */
export function reasonButtons(list, tell) {
  const said = new Set();
  list.replaceChildren(element("span", "Why?", "quiet"));
  for (const [reason, text] of Object.entries(REASONS)) {
    const button = element("button", text);
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", async () => {
      if (said.has(reason)) said.delete(reason);
      else said.add(reason);
      button.setAttribute("aria-pressed", String(said.has(reason)));
      await tell([...said]);
    });
    list.append(button);
  }
}
