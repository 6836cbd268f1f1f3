// All text goes in through textContent: what a home's entities are called is never markup.

export function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A sentence of the service; what stands between its backticks is to be typed. */
export function told(name, text) {
  const made = element(name);
  made.append(...text.split("`").map((part, index) => index % 2 ? element("code", part) : part));
  return made;
}
