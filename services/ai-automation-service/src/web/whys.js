// Why nothing is suggested for an entity: asked for when somebody opens it.

import { element } from "./element.js";

// Reasons that lie in what an entity is; the others lie in what people do with it, and are told one by one.
const BY_NATURE = {
  cannot_be_set: "Sensors, which nobody can set",
  entity_not_behaviour: "Software, batteries, links and weather",
  free_text_entity: "Free text",
  heartbeat: "Reports at regular gaps",
  never_changes: "Never changed",
  numeric_entity: "Measurements, which nobody sets",
  only_follows_others: "Only follow other devices",
  sets_off_a_routine: "Set off a routine that is shown",
};

/** The list's items: first what people do, then one for each sort of what nobody does. */
export function whyItems(whys) {
  if (!whys.length) return [element("li", "The last run left nothing out.", "quiet")];
  const told = whys.filter(({ reason }) => !(reason in BY_NATURE)).map(({ sentence }) => element("li", sentence));
  const natures = Object.entries(BY_NATURE).map(([reason, sort]) => {
    const ids = whys.filter((why) => why.reason === reason).map((why) => why.entity_id);
    return ids.length ? element("li", `${sort} (${ids.length}): ${ids.join(", ")}.`, "quiet") : null;
  });
  return [...told, ...natures.filter(Boolean)];
}
