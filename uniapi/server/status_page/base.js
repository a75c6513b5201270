// Words, nodes and figures: what every part of the page is made of.

const KEPT = "uni-api-key", SPOKEN = "uni-api-language", FOLDED = "uni-api-folded";
const isNarrow = matchMedia("(max-width: 720px)").matches;

/** What the browser keeps for this page; a browser that keeps nothing is no reason to fail. */
const kept = {
  read(store, name) { try { return store.getItem(name); } catch { return null; } },
  write(store, name, text) { try { store.setItem(name, text); } catch { /* not kept, then */ } },
  drop(store, name) { try { store.removeItem(name); } catch { /* was not kept */ } },
};

const language = (() => {
  const chosen = kept.read(localStorage, SPOKEN) || WANTED_LANGUAGE || navigator.language || "en";
  return /^zh\b/i.test(chosen) ? "zh" : "en";
})();
document.documentElement.lang = language === "zh" ? "zh-CN" : "en";

/** A text of the page: English is the source, the catalogue has the rest; `{name}` is filled in. */
function t(text, values) {
  const said = (language === "zh" && WORDS[text]) || text;
  return values ? said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole)) : said;
}
/** One of two texts by a count, which both may show as {n}. */
const many = (n, one, more) => t(n === 1 ? one : more, { n: count(n) });
const listed = (texts) => texts.join(language === "zh" ? "，" : ", ");

// Nodes are built, never parsed from text: what providers and clients wrote stays text.
function h(name, props, ...children) {
  return fill(document.createElement(name), props, children);
}
function s(name, props, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), props, children);
}
function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "" && child !== false).map((child) => (child instanceof Node ? child : tame(child))));
  return node;
}
/** Strangers' words must neither be endless, nor turn the line round, nor hide what they are. */
function tame(text, most = 4000) {
  const said = String(text);
  const short = said.length > most ? `${said.slice(0, most)}… (${count(said.length)})` : said;
  return short.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");
}
const short = (text, most = 120) => tame(text, most);
const cut = (text, props) => h("span", { class: "cut", title: short(text, 400), ...props }, short(text, 300));
const byId = (id) => document.getElementById(id);

const number = new Intl.NumberFormat(language);
const tidy = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });
const count = (value) => (value < 10000 ? number.format(Math.round(value)) : tidy.format(value));
const known = (value) => value !== null && value !== undefined;
const money = (value) => (!known(value) ? "–" : `$${value === 0 ? "0" : value >= 1000 ? tidy.format(value) : value >= 0.1 ? value.toFixed(2) : value >= 0.01 ? value.toFixed(3) : value >= 0.0001 ? value.toPrecision(2) : "0.0001"}`);
const cents = (value) => (known(value) && value > 0 && value < 0.0001 ? "<$0.0001" : money(value));
const seconds = (value) => (!known(value) ? "–" : value < 0.995 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 9.95 ? 1 : 0)} s`);
const speed = (value) => (!known(value) ? "–" : value < 9.95 ? value.toFixed(1) : count(value));
const share = (part, whole) => {
  if (!whole) return "–";
  const v = (100 * part) / whole;
  return `${v === 0 || v === 100 ? v : v < 0.1 ? "<0.1" : v > 99.9 ? ">99.9" : v.toFixed(1)} %`;
};
const bytes = (value) => (value < 1000 ? `${value} B` : value < 1e6 ? `${(value / 1000).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`);
function left(value) {
  const all = Math.max(0, Math.ceil(value)), two = (n) => String(n).padStart(2, "0");
  if (all >= 86400) return `${Math.floor(all / 86400)} d ${Math.floor((all % 86400) / 3600)} h`;
  if (all >= 3600) return `${Math.floor(all / 3600)}:${two(Math.floor((all % 3600) / 60))}:${two(all % 60)}`;
  return `${Math.floor(all / 60)}:${two(all % 60)}`;
}
const clock = (options) => new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en", { hourCycle: "h23", ...options });
const hour = clock({ hour: "2-digit", minute: "2-digit" });
const exact = clock({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = clock({ month: "short", day: "numeric" });
const whole = clock({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const when = (at) => (at ? whole.format(at * 1000) : "–");
/** The time alone for what happened today. */
const lately = (at) => (new Date(at * 1000).toDateString() === new Date().toDateString() ? exact : whole).format(at * 1000);
/** Whole days from a date such as 2026-11-30 to a moment in Unix seconds. */
const daysSince = (date, now) => Math.max(0, Math.floor((now - Date.parse(date) / 1000) / 86400));
const sum = (list) => list.reduce((all, one) => all + one, 0);

/** Puts a text on the clipboard, and says so on the button for a moment. */
async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard but this one.
    const field = h("textarea", { readonly: true, "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  button.textContent = t("Copied");
  setTimeout(() => { button.textContent = before; }, 1500);
}
const copyButton = (text, name) => h("button", { class: "act", type: "button", onclick: (event) => { event.stopPropagation(); copy(event.currentTarget, typeof text === "function" ? text() : text); } }, name || t("Copy"));
const copyable = (name, text) => h("div", { class: "copyable" }, h("span", {}, name), h("span", { class: "mono" }, text), copyButton(text));
