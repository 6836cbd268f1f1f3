// A routine as an automation: how it would read, what speaks against it, and how it stands in Home Assistant.

import { element } from "./element.js";
import { moment } from "./words.js";

const STATES = {
  deployed: "In Home Assistant", changed: "Changed by hand", missing: "Deleted in Home Assistant", removed: "Taken back",
  writing: "Being written", removing: "Being taken back",
};

/**
 * @param panel the details element of a card; filled when it is opened
 * @param talk {ask, send, attempt, notice}: the page's way to the API, and to tell of a refusal
 * @param accepted called with the pattern's new status after a deployment
 */
export function automationPanel(panel, pattern, talk, accepted) {
  const body = panel.querySelector(".automation-body");
  const where = `patterns/${encodeURIComponent(pattern.id)}`;

  const draw = async () => {
    body.setAttribute("aria-busy", "true");
    const preview = await talk.attempt(() => talk.ask(`${where}/automation`, { method: "POST" }));
    const status = preview && await talk.attempt(() => talk.ask(`${where}/status`));
    body.setAttribute("aria-busy", "false");
    if (!preview || !status) {
      body.replaceChildren(element("p", "It cannot be shown now; the page says above why.", "quiet"));
      return;
    }
    const written = ["deployed", "changed", "writing"].includes(status.state);
    body.replaceChildren(...[
      standing(status),
      preview.unchecked && element("p", preview.unchecked, "quiet"),
      findings(preview.findings),
      preview.differences && block("What would change", preview.differences),
      block("As YAML", preview.yaml),
      buttons(preview, status, written),
    ].filter(Boolean));
    settle();
  };

  const boxes = () => [...body.querySelectorAll("input[name=confirm]")];

  /** Nothing is written until everything that has to be confirmed is ticked. */
  const settle = () => {
    const writes = [...body.querySelectorAll(".writes")];
    const open = boxes().some((box) => !box.checked);
    writes.forEach((button) => { button.disabled = open; });
    body.querySelectorAll(".confirm").forEach((label) => { label.hidden = !writes.length; });
    body.querySelectorAll(".to-confirm").forEach((hint) => { hint.hidden = !open || !writes.length; });
  };

  const act = (path, content) => async () => {
    const done = await talk.attempt(() => talk.send("POST", `${where}/${path}`, content()));
    if (!done) return;
    talk.notice(null);
    if (path === "deploy") accepted("accepted");
    await draw();
    panel.querySelector("summary").focus(); // the button that was pressed is gone
  };

  function buttons(preview, status, written) {
    const row = element("div", undefined, "automation-buttons");
    const confirmed = () => boxes().filter((box) => box.checked).map((box) => box.value);
    const add = (text, work, className) => {
      const button = element("button", text, className);
      button.type = "button";
      button.addEventListener("click", async () => {
        row.querySelectorAll("button").forEach((each) => { each.disabled = true; });
        await work();
        row.querySelectorAll("button").forEach((each) => { each.disabled = false; });
        settle();
      });
      row.append(button);
    };
    if (preview.deployable && status.state !== "changed") {
      const again = written ? "Write it again" : "Add it, switched off";
      if (!written || preview.differences) add(again, act("deploy", () => ({ confirm: confirmed() })), "primary writes");
      if (!written) {
        add("Add it and switch it on", act("deploy", () => ({ enabled: true, confirm: confirmed() })), "writes");
      }
    }
    add("Copy", () => navigator.clipboard?.writeText(preview.yaml));
    if (status.state === "deployed") add("Take it back", act("rollback", () => ({})));
    const hint = element("span", "Tick what you want all the same, then it can be added.", "to-confirm quiet");
    hint.hidden = true;
    row.append(hint);
    return row;
  }

  body.addEventListener("change", settle);
  panel.addEventListener("toggle", () => { if (panel.open) draw(); });
}

/** How it stands in Home Assistant; nothing for what was never there. */
function standing(status) {
  if (!status.state) return null;
  const box = element("div", undefined, "standing");
  const on = status.enabled === null ? "" : status.enabled ? ", switched on" : ", switched off";
  box.append(element("p", `${STATES[status.state] ?? status.state}${status.state === "deployed" ? on : ""}.`, "state"));
  if (status.last_triggered) box.append(element("p", `Last set off ${moment(status.last_triggered)}.`, "quiet"));
  if (status.follow_up) {
    const tone = status.follow_up.verdict === "often_undone" ? "alarming" : "quiet";
    box.append(element("p", status.follow_up.sentence, tone));
  }
  for (const note of status.notes) box.append(element("p", note, "quiet"));
  return box;
}

/** What speaks against it, with a box to tick for what a person may allow. */
function findings(found) {
  if (!found.length) return null;
  const list = element("ul", undefined, "findings");
  for (const finding of found) {
    const item = element("li", undefined, finding.blocks ? "blocks" : "");
    item.append(element("span", finding.message));
    if (finding.blocks && finding.confirm) {
      const label = element("label", undefined, "confirm");
      const box = element("input");
      Object.assign(box, { type: "checkbox", name: "confirm", value: finding.confirm });
      label.append(box, element("span", `I want this all the same (${finding.confirm})`));
      item.append(label);
    } else if (finding.remedy) {
      item.append(element("span", finding.remedy, "quiet"));
    }
    list.append(item);
  }
  return list;
}

function block(title, text) {
  const box = element("figure", undefined, "code");
  const shown = element("pre", text);
  shown.tabIndex = 0;
  box.append(element("figcaption", title), shown);
  return box;
}
