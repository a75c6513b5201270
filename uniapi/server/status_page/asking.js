// Asking the gateway, every few seconds, and what to do when it does not answer.

const NOW_MS = 5000;
const state = {
  key: kept.read(sessionStorage, KEPT) || kept.read(localStorage, KEPT) || "", keeps: kept.read(localStorage, KEPT) !== null,
  hours: 24, last: null, figures: null, at: 0, allAt: 0, timer: 0, ask: 0, fails: 0, gone: "", goneAt: 0, nextAt: 0,
  open: new Set(), drawn: {}, grown: {},
};
// The longer the stretch, the less a moment changes it, and the more it costs the gateway to add it up.
const allMs = () => (state.hours > 168 ? 300000 : state.hours > 24 ? 120000 : state.hours === 0 ? 10000 : 30000);

/** What asks for messages in the language of the page. */
const inOurs = language === "zh" ? "&lang=zh" : "";
const asked = { Authorization: () => `Bearer ${state.key}` };
/** The JSON at a path; throws an Error with the gateway's words where it says no. */
async function ask(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", credentials: "omit", ...options, headers: { Authorization: asked.Authorization(), ...(options.body ? { "Content-Type": "application/json" } : {}) } });
  const value = await response.json();
  if (!response.ok) throw Object.assign(new Error(words(value) || t("The gateway answered {status}", { status: response.status })), { status: response.status });
  return value;
}
const words = (value) => (value && value.error && value.error.message) || "";
const tell = (path, value) => ask(path, { method: "POST", body: JSON.stringify(value) });

async function refresh(everything) {
  const turn = ++state.ask;
  clearTimeout(state.timer);
  const all = everything || !state.figures || Date.now() - state.allAt > allMs();
  let value;
  try {
    value = await ask(`/v1/status?hours=${state.hours}${all ? "" : "&only=now"}${inOurs}`);
  } catch (error) {
    if (turn !== state.ask) return;
    if (error.status === 401) return forget(t("This key is not accepted."));
    if (error.status === 403) return forget(error.message);
    return lost(error.status ? error.message : t("The gateway does not answer"));
  }
  if (turn !== state.ask) return;
  Object.assign(state, { fails: 0, gone: "", last: value, at: Date.now() });
  if (value.figures) { state.figures = value.figures; state.allAt = state.at; }
  kept.write(state.keeps ? localStorage : sessionStorage, KEPT, state.key);
  draw();
  again(NOW_MS);
  if (value.scope === "all") requests.refresh();
  connect.refresh(false);
}
function again(ms) {
  clearTimeout(state.timer);
  state.nextAt = Date.now() + ms;
  if (!document.hidden) state.timer = setTimeout(() => refresh(false), ms);
}
function lost(why) {
  state.fails += 1;
  if (!state.gone) state.goneAt = Date.now();
  state.gone = why;
  if (!state.last) { byId("ask").hidden = false; byId("refused").textContent = `${why}.`; }
  else drawBanner();
  again(Math.min(60000, NOW_MS * 2 ** Math.min(state.fails, 4)));
}
function forget(why) {
  state.ask += 1;
  clearTimeout(state.timer);
  kept.drop(sessionStorage, KEPT);
  kept.drop(localStorage, KEPT);
  Object.assign(state, { key: "", last: null, figures: null, drawn: {}, gone: "" });
  requests.forget();
  connect.forget();
  byId("board").hidden = true;
  byId("ask").hidden = false;
  byId("refused").textContent = why || "";
  byId("key").value = "";
  byId("keep").checked = state.keeps;
  byId("key").focus();
}
