// The desk in the browser: it draws what `view` says and sends what a person does.
// Every word that comes from the data is put in as text, never as HTML.

const KEYS = {
  a: "accept", c: "correct", r: "reject", n: "add", f: "confirm", u: "undo",
  j: "next", k: "previous", ArrowDown: "next", ArrowUp: "previous",
};

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.map((child) => child ?? ""));
  return node;
}

// Offsets count code points; the strings of the browser count UTF-16 units.
const points = (text) => Array.from(text).length;

function render({ model, el: root }) {
  const fixed = () => model.get("fixed");
  const view = () => model.get("view");
  const word = (code) => fixed().words[code] ?? code;
  const named = (code) => fixed().names[code] ?? code;
  const column = (code) => fixed().columns[code] ?? code;
  const send = (action, message = {}) => model.send({ do: action, ...message });
  let selected = null;

  root.classList.add("party-cells-desk");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // the keys of the notebook rest here
  root.tabIndex = 0;
  const said = el("p", { class: "said", role: "status", "aria-live": "polite" });
  const body = el("div", { class: "body" });
  root.append(said, body);

  // --- the frame: progress, who decides, filters ---------------------------------------------

  function progress() {
    const { done, all, here } = view().progress;
    const left = `${all - done} ${word("remaining")} · ${here} ${word("in_filter")}`;
    const text = `${done} / ${all} ${word("decided")} · ${left}`;
    const bar = el("progress", { max: all || 1, value: done, "aria-label": word("progress") });
    const name = el("input", { value: view().by, "aria-label": word("by"), class: "by" });
    name.addEventListener("change", () => send("name", { by: name.value }));
    const counted = el("span", { class: "count" }, text);
    return el("div", { class: "top" }, bar, counted, el("label", {}, word("by"), " ", name));
  }

  function filters() {
    const row = el("div", { class: "filters" });
    for (const [name, codes] of Object.entries(view().offered)) {
      const choose = el("select", { "data-filter": name, "aria-label": column(name) });
      choose.append(el("option", { value: "" }, `${column(name)}: ${word("all")}`));
      for (const code of codes) {
        const chosen = view().filters[name] === code;
        choose.append(el("option", { value: code, selected: chosen }, named(code)));
      }
      choose.addEventListener("change", () => {
        send("filter", { filters: { ...view().filters, [name]: choose.value } });
      });
      row.append(choose);
    }
    return row;
  }

  function list() {
    const rows = view().list.map((entry) =>
      el("li", {},
        el("button", {
          class: entry.here ? "here" : "", "aria-current": entry.here ? "true" : false,
          "data-state": entry.state, onclick: () => send("go", { at: entry.at }),
        }, el("b", {}, entry.words), " ", named(entry.about), " ", el("i", {}, named(entry.state)))));
    return el("ol", { class: "list", "aria-label": word("queue") }, ...rows);
  }

  // --- the article, its marks, and the words that are selected --------------------------------

  function article() {
    const { text, marks, document_id } = view().article;
    const letters = Array.from(text);
    const about = { lang: "vi", tabindex: "0", role: "region", "aria-label": document_id };
    const pane = el("div", { class: "article", ...about });
    let at = 0;
    for (const [start, end, state] of [...marks].sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
      if (start < at) continue; // a mark inside another is reached through the list
      pane.append(letters.slice(at, start).join(""));
      pane.append(el("mark", { class: state }, letters.slice(start, end).join("")));
      at = end;
    }
    pane.append(letters.slice(at).join(""));
    pane.addEventListener("mouseup", () => remember(pane, document_id));
    pane.addEventListener("keyup", () => remember(pane, document_id));
    return pane;
  }

  function remember(pane, document_id) {
    const selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    if (!pane.contains(range.startContainer) || !pane.contains(range.endContainer)) return;
    const before = document.createRange();
    before.setStart(pane, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const words = range.toString();
    const start = points(before.toString()) + points(words) - points(words.trimStart());
    selected = { document_id, start, end: start + points(words.trim()) };
  }

  // --- the form: the columns of the row, the reason, the actions ------------------------------

  function field(name, value) {
    const choices = fixed().choices[name];
    const label = el("label", { class: name === "quote" ? "wide" : "" }, column(name));
    let input;
    if (choices) {
      input = el("select", { name });
      input.append(el("option", { value: "" }, "–"));
      const known = choices.some(([code]) => code === value);
      for (const [code, text] of known || !value ? choices : [[value, value], ...choices]) {
        input.append(el("option", { value: code, selected: code === value }, text));
      }
    } else {
      input = el(name === "quote" ? "textarea" : "input", { name, lang: "vi" });
      input.value = value;
    }
    label.append(input);
    return label;
  }

  // An end of the interval that was the number itself stays the number itself.
  function letEndsFollow(inputs, before) {
    const [value, ...ends] = ["value", "value_low", "value_high"].map(
      (name) => inputs.find((input) => input.name === name));
    const follow = ends.filter((end) => end && end.value === before);
    value?.addEventListener("input", () => follow.forEach((end) => { end.value = value.value; }));
  }

  function form() {
    const row = view().row;
    const buttons = el("div", { class: "actions" }, ...actions());
    if (!row) return el("div", { class: "form" }, el("p", {}, word("nothing_here")), buttons);
    const fields = fixed().fields.map((name) => field(name, row[name] ?? ""));
    letEndsFollow(fields.map((label) => label.lastChild), row.value);
    const given = el("input", { name: "reason", value: row.reason ?? "" });
    const reason = el("label", { class: "wide" }, word("reason"), given);
    const about = [row.document_id, named(row.state), named(row.decision), row.decided_by, row.rule];
    return el("div", { class: "form" },
      el("p", { class: "about" }, el("b", {}, row.number_text || row.quote), " · ",
        about.filter(Boolean).join(" · ")),
      buttons, el("div", { class: "fields" }, reason, ...fields));
  }

  function actions() {
    const made = fixed().actions.map((name) => [name, () => act(name)]);
    made.push(["undo", () => act("undo")], ["reload", () => send("reload")]);
    return made.map(([name, onclick]) => {
      const key = Object.keys(KEYS).find((k) => KEYS[k] === name);
      const off = name === "undo" && !view().can_undo;
      const shown = word(name) + (key ? ` (${key})` : "");
      return el("button", { "data-action": name, onclick, disabled: off }, shown);
    });
  }

  function act(name) {
    if (name === "next") return send("step", { by: 1 });
    if (name === "previous") return send("step", { by: -1 });
    if (name === "undo") return send("undo");
    if (name === "add") {
      if (selected) send("select", selected);
      else said.textContent = word("select_first");
      selected = null;
      return undefined;
    }
    const inputs = [...root.querySelectorAll(".fields [name]")];
    const values = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
    const { reason, ...fields } = values;
    return send("decide", { action: name, fields, reason: reason ?? "" });
  }

  // --- draw again, and the keys ----------------------------------------------------------------

  function draw() {
    const typing = document.activeElement?.closest(".party-cells-desk") === root;
    body.replaceChildren(progress(), filters(),
      el("div", { class: "desk" }, list(), article(), form()));
    said.textContent = view().said;
    const mark = body.querySelector("mark.here");
    const pane = body.querySelector(".article");
    if (mark) pane.scrollTop = mark.offsetTop - pane.clientHeight / 3;
    if (typing) root.focus({ preventScroll: true });
  }

  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const inField = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (inField && event.key === "Escape") return root.focus();
    const name = KEYS[event.key];
    const always = ["undo", "next", "previous"];
    const known = name && [...fixed().actions, ...always].includes(name);
    if (inField || !known || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    if (event.key.startsWith("Arrow") && event.target.closest(".article")) return undefined;
    event.preventDefault();
    return act(name);
  });

  model.on("change:view", draw);
  draw();
  return () => model.off("change:view", draw);
}

export default { render };
