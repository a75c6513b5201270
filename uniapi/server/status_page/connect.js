// The models of this key, how each client is told to use them, and a field to try one.

const FEW_RECIPES = 4;
const connect = {
  value: null, recipe: "", model: "", isAsking: false, at: 0, trial: { text: "", out: null },

  names() { return this.value ? this.value.models.map((row) => row.id) : []; },
  async refresh(isForced) {
    if (this.isAsking || (!isForced && Date.now() - this.at < 60000)) return;
    this.isAsking = true;
    try {
      this.value = await ask(`/v1/connect${this.model ? `?${new URLSearchParams({ model: this.model })}` : ""}`);
      this.at = Date.now();
    } catch { /* the banner tells when the gateway is gone */ }
    this.isAsking = false;
    this.draw();
  },
  forget() { Object.assign(this, { value: null, at: 0, model: "" }); },
  draw() {
    if (!state.last || !this.value || !byId("connect")) return;
    part("connect", [this.value, this.recipe, state.key], () => this.panel());
    part("trial", this.names(), (names) => (names.length ? this.field(names) : h("p", { class: "soft" }, t("This key has no models."))));
    drawNav();
  },
  filled(text, isShown) {
    const masked = state.key.length > 16 ? `${state.key.slice(0, 6)}…${state.key.slice(-4)}` : "…";
    return text.replaceAll(this.value.root, location.origin).replaceAll(this.value.key, isShown ? masked : state.key);
  },
  panel() {
    const { models, recipes, count: all } = this.value;
    if (!models.length) return h("div", { class: "panel soft" }, t("This key has no models: see its `model` rules, and the providers of the configuration."));
    const recipe = recipes.find((one) => one.name === this.recipe) || recipes[0];
    const list = h("div", { class: "list" }, models.map((row) => h("div", { class: "row" }, h("span", { class: "mono", title: short(row.id, 300) }, short(row.id)), h("span", { class: "soft" }, short(row.providers.join(", "), 60), row.context_length ? ` · ${tidy.format(row.context_length)}` : ""), h("span", { class: "push" }, copyButton(row.id)))));
    return h("div", { class: "panel two" },
      h("div", { class: "piece" }, h("h3", {}, t("Addresses")), copyable("OpenAI", `${location.origin}/v1`), copyable("Anthropic", location.origin), copyable("Gemini", location.origin),
        h("h3", {}, h("br", {}), many(all, "{n} model", "{n} models")), list, all > models.length ? h("p", { class: "note" }, t("The first {n} are shown.", { n: models.length })) : ""),
      recipe ? h("div", { class: "piece" }, h("h3", {}, t("How to tell your client")), this.choice(recipes, recipe),
        recipe.shown.map((piece) => h("div", { class: "piece" }, h("div", { class: "row" }, h("span", { class: "mono soft" }, piece.where || ""), h("span", { class: "push" }, copyButton(() => this.filled(piece.text, false)))), h("pre", {}, this.filled(piece.text, true)))),
        h("p", { class: "note" }, t("Copying puts your key in its place. On this machine: {command}", { command: `uni-api connect ${recipe.name}` }))) : "");
  },
  /** The agents as buttons, all others in a list. */
  choice(recipes, chosen) {
    const take = (name) => { this.recipe = name; this.draw(); };
    const few = recipes.slice(0, FEW_RECIPES), rest = recipes.slice(FEW_RECIPES);
    const others = h("select", { class: "field", "aria-label": t("Other clients"), onchange: (event) => { event.target.blur(); if (event.target.value) take(event.target.value); } },
      h("option", { value: "" }, t("Other clients…")), rest.map((one) => h("option", { value: one.name }, t(one.title))));
    others.value = rest.includes(chosen) ? chosen.name : "";
    return h("div", { class: "tabs" }, few.map((one) => h("button", { type: "button", "aria-pressed": String(one === chosen), onclick: () => take(one.name) }, one.title)), others);
  },
  field(names) {
    const chosen = h("select", { class: "field", "aria-label": t("Model") }, names.map((name) => h("option", { value: name }, short(name, 100))));
    if (this.value.model) chosen.value = this.value.model;
    const said = h("textarea", { class: "field", rows: 2, "aria-label": t("Message"), maxlength: 20000 }, t("Say hello in five words."));
    const out = h("div", { class: "inside" }), button = h("button", { class: "main", type: "button", onclick: () => this.send(chosen.value, said.value, out, button) }, t("Send"));
    const row = h("div", { class: "acts row" }, chosen, button);
    chosen.style.width = "auto";
    return h("div", { class: "panel" }, h("div", { class: "inside" }, said, row), out);
  },
  async send(model, text, out, button) {
    button.disabled = true;
    const began = performance.now(), said = h("pre", { "aria-live": "polite" }), head = h("div", { class: "soft" }, t("Waiting for the answer…"));
    out.replaceChildren(head, said);
    let first = 0, response;
    try {
      response = await fetch("/v1/chat/completions", { method: "POST", cache: "no-store", credentials: "omit", headers: { Authorization: asked.Authorization(), "Content-Type": "application/json" }, body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: text }] }) });
      if (!response.ok) {
        const answer = await response.text();
        let why = answer;
        try { why = words(JSON.parse(answer)) || answer; } catch { /* as it is */ }
        said.textContent = tame(why);
      } else {
        for await (const event of events(response.body)) {
          const piece = event.error ? `\n${words(event)}` : (((event.choices || [])[0] || {}).delta || {}).content || "";
          if (!piece) continue;
          first = first || performance.now();
          if (said.textContent.length < 100000) said.textContent += tame(piece, 100000);
        }
      }
      head.replaceWith(answerHead(response, began, first));
      if (!said.textContent) said.textContent = t("An answer without text.");
    } catch (error) {
      head.replaceChildren(h("span", { class: "bad" }, error.message));
    }
    button.disabled = false;
    setTimeout(() => refresh(false), 1200);
  },
};

/** The JSON of each event of a stream. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:") || line.includes("[DONE]")) continue;
      try { yield JSON.parse(line.slice(5)); } catch { /* not for us */ }
    }
  }
}
