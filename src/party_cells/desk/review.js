// The desk in the browser: it draws what `view` says and sends what a person does.
// Every word that comes from the data is put in as text, never as HTML. What is sent is locked
// until the kernel has heard it; what is typed is kept per row until it is saved.

const KEYS = {
  a: "accept", r: "reject", n: "add", f: "confirm", u: "undo", e: "edit",
  j: "next", k: "previous", ArrowDown: "next", ArrowUp: "previous", "/": "search", "?": "keys",
};
const PATIENCE = 4000; // milliseconds without an answer until it is said
const GLANCE = 300; // a row that has been seen for less is not decided on
const POLL = 15000; // how often others' decisions are asked for

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
  let fixed = model.get("fixed");
  const view = () => model.get("view");
  const word = (code) => fixed.words[code] ?? code;
  const kept = new Map(); // what was typed, by the key of its row
  let selected = null, pending = null, later = null, gone = false, armed = "", drawn = {}, since = 0, count = 0;

  // --- messages: one at a time, each heard before the next -----------------------------------

  function send(action, message = {}) {
    if (pending && ["go", "filter", "select"].includes(action)) later = [action, message];
    if (gone || (pending && action !== "reload")) return;
    pending = { id: `${Math.random()}${count++}`, action, at: Date.now(), key: message.key };
    model.send({ do: action, id: pending.id, ...message });
    tell(action === "decide" || action === "accept_all" ? "saving" : "");
    lock();
  }

  function heard(message) {
    if (message.heard !== pending?.id) return;
    if (message.done && pending.action === "decide") kept.delete(pending.key);
    const again = message.done && pending.action === "decide";
    pending = null;
    if (again) form(true);
    tell(view().said, true);
    lock();
    const next = later;
    later = null;
    if (next) send(...next); // what was asked for meanwhile; of decisions none waits
  }

  function watch() {
    if (pending && Date.now() - pending.at > PATIENCE) {
      const kernel = model.widget_manager?.kernel;
      const busy = kernel?.status === "busy" && kernel?.connectionStatus === "connected";
      tell(busy && navigator.onLine ? "waiting" : "lost");
    } else if (!pending && document.visibilityState === "visible" && Date.now() - since > POLL) {
      look();
    }
  }

  function look() {
    since = Date.now();
    if (!gone) model.send({ do: "look" }); // nobody waits for the answer
  }

  function died() { // the kernel that this desk talked to was restarted
    gone = true;
    tell("lost");
    lock();
  }

  function tell(code, isText = false) {
    said.textContent = isText ? code : code && word(code);
    said.className = `said ${["lost", "waiting", "saving"].includes(code) ? code : ""}`;
  }

  function lock() {
    const stopped = gone || Boolean(pending);
    root.classList.toggle("locked", stopped);
    for (const button of root.querySelectorAll("button[data-action]")) {
      const idle = button.dataset.action === "undo" && !view().can_undo;
      button.disabled = (stopped && button.dataset.action !== "reload") || idle;
    }
  }

  // --- the head: who decides, how far, what is shown -------------------------------------------

  const name = el("input", { class: "by", "aria-label": word("by"), placeholder: word("by") });
  name.value = view().by || window.localStorage.getItem("party-cells-by") || "";
  name.addEventListener("change", () => window.localStorage.setItem("party-cells-by", name.value));
  const bar = el("progress", { "aria-label": word("progress") });
  const counted = el("span", { class: "count" });
  const search = el("input", { class: "search", type: "search", "aria-label": word("search"),
    placeholder: `${word("search")} (/)` });
  let typing;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => filter(), 250);
  });
  search.addEventListener("keydown", (event) => event.key === "Enter" && found(true));
  const order = el("select", { "aria-label": word("order") },
    ...fixed.orders.map(([code, text]) => el("option", { value: code }, `${word("order")}: ${text}`)));
  order.addEventListener("change", () => filter());
  const filters = el("div", { class: "filters" });
  const actions = el("div", { class: "actions" });
  const said = el("p", { class: "said", role: "status", "aria-live": "polite" });
  const help = el("p", { class: "help", hidden: "" });
  const advice = el("p", { class: "advice" });
  const list = el("ol", { class: "list", "aria-label": word("queue") });
  const pane = el("div", { class: "article", lang: "vi", tabindex: "0", role: "region" });
  const paper = el("div", { class: "form" });

  function filter(changed = {}) {
    send("filter", { filters: { ...view().filters, ...changed }, search: search.value, order: order.value });
  }

  function head() {
    const { done, all, here } = view().progress;
    bar.max = all || 1;
    bar.value = done;
    const left = `${all - done} ${word("remaining")} · ${here} ${word("in_filter")}`;
    counted.textContent = `${done} / ${all} ${word("decided")} · ${left}`;
    if (document.activeElement !== search) search.value = view().search;
    order.value = view().order;
    filters.replaceChildren(search, order);
    for (const [column, options] of Object.entries(view().offered)) {
      const choose = el("select", { "data-filter": column, "aria-label": options[0][1] });
      choose.append(...options.map(([code, text]) => el("option", { value: code }, text)));
      choose.value = view().filters[column] ?? "";
      choose.addEventListener("change", () => filter({ [column]: choose.value }));
      filters.append(choose);
    }
  }

  function buttons() {
    const made = [...fixed.actions.filter((action) => action !== "accept_all"),
      "previous", "next", "undo", "reload", "keys"];
    const shown = made.map((action) => {
      const key = Object.keys(KEYS).find((k) => KEYS[k] === action);
      return button(action, word(action) + (key ? ` (${key})` : ""), () => act(action));
    });
    for (const [which, number] of Object.entries(view().acceptable)) {
      const asked = armed === which ? "once_more" : `accept_${which}`;
      const text = word(asked).replace("{count}", number);
      if (number) shown.push(button(`accept_${which}`, text, () => acceptAll(which, number)));
    }
    actions.replaceChildren(...shown);
    const hint = view().hint;
    advice.replaceChildren(hint ? button("hint", hint.said, () => send("select", hint)) : "");
  }

  function button(action, text, press) {
    const clicked = (event) => {
      root.focus({ preventScroll: true }); // the keys go on working
      if (event.detail < 2) press(); // the second of a double click rests
    };
    return el("button", { "data-action": action, onclick: clicked }, text);
  }

  function acceptAll(which, number) {
    if (!named()) return;
    const sure = armed === which;
    armed = sure ? "" : which;
    if (sure) send("accept_all", { which, count: number, by: name.value });
    else buttons();
  }

  function queue() {
    list.replaceChildren(...view().list.map((entry) =>
      el("li", {},
        el("button", { class: entry.here ? "here" : "", "aria-current": entry.here ? "true" : false,
          "data-state": entry.state, onclick: () => send("go", { key: entry.key }) },
        el("b", {}, entry.words), " ", entry.about, " ", el("i", {}, entry.said)))));
  }

  // --- the article, its marks, and the words that are selected --------------------------------

  function article() {
    const { text, document_id, numbers } = model.get("article");
    const row = view().row;
    const seen = JSON.stringify([document_id, model.get("marks"), row?.key, row?.start]);
    if (seen === drawn.article) return;
    const same = drawn.document === document_id, top = pane.scrollTop;
    drawn.article = seen;
    drawn.document = document_id;
    pane.setAttribute("aria-label", `${word("title")}: ${document_id}`);
    pane.replaceChildren(...pieces(Array.from(text ?? ""), numbers ?? [], row));
    pane.scrollTop = same ? top : 0;
    reveal();
    found(false);
  }

  // The text cut at every end of a mark; a piece wears the shortest mark that covers it.
  function pieces(letters, numbers, row) {
    const marks = [...numbers.map(([start, end]) => ({ start, end, state: "number" })),
      ...model.get("marks").map(([start, end, state, key]) => ({ start, end, state, key }))];
    if (row && row.start >= 0) marks.push({ start: row.start, end: row.end, state: "here", key: row.key });
    const rank = (mark) => (mark.end - mark.start) * 2 + (mark.state === "number") - (mark.state === "here");
    const edges = [...new Set([0, letters.length, ...marks.flatMap((m) => [m.start, m.end])])];
    edges.sort((a, b) => a - b);
    marks.sort((a, b) => a.start - b.start);
    let next = 0, open = [];
    return edges.slice(0, -1).map((start, at) => {
      const end = edges[at + 1];
      while (next < marks.length && marks[next].start <= start) open.push(marks[next++]);
      open = open.filter((mark) => mark.end > start);
      const words = letters.slice(start, end).join("");
      if (!open.length) return words;
      const mark = open.reduce((a, b) => (rank(b) < rank(a) ? b : a));
      const here = open.some((m) => m.state === "here") ? "here " : "";
      return el("mark", { class: here + mark.state, title: mark.key ? false : word("number_here"),
        onclick: () => pick(mark) }, words);
    });
  }

  function pick(mark) {
    if (!window.getSelection().isCollapsed || mark.state === "here") return;
    if (mark.key) send("go", { key: mark.key });
    else send("select", { document_id: drawn.document, start: mark.start, end: mark.end });
  }

  function reveal() { // also when the desk gets its height only after it was drawn
    const mark = pane.querySelector("mark.here");
    if (!mark || !pane.clientHeight) return;
    const top = mark.offsetTop - pane.scrollTop;
    if (top < 0 || top > pane.clientHeight - 40) pane.scrollTop = mark.offsetTop - pane.clientHeight / 3;
  }

  function found(jump) { // where the searched words stand in the text
    if (!window.Highlight) return;
    const words = search.value.trim().toLowerCase(), ranges = [];
    const walker = document.createTreeWalker(pane, NodeFilter.SHOW_TEXT);
    for (let node; words.length > 1 && (node = walker.nextNode());) {
      const text = node.data.toLowerCase();
      for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + words.length);
        ranges.push(range);
      }
    }
    CSS.highlights.set("party-cells-found", new Highlight(...ranges));
    drawn.found = jump ? ((drawn.found ?? -1) + 1) % (ranges.length || 1) : -1;
    if (jump && ranges.length) ranges[drawn.found].startContainer.parentElement.scrollIntoView({ block: "center" });
  }

  function remember() {
    const selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    if (!pane.contains(range.startContainer) || !pane.contains(range.endContainer)) return;
    const before = document.createRange();
    before.setStart(pane, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const words = range.toString();
    const start = points(before.toString()) + points(words) - points(words.trimStart());
    selected = { document_id: drawn.document, start, end: start + points(words.trim()) };
  }

  // --- the form: a sentence whose parts can be changed, the rest folded ------------------------

  function field(column, row) {
    const value = kept.get(row.key)?.[column] ?? row.fields[column];
    const options = fixed.choices[column];
    const label = fixed.columns[column];
    let input;
    if (fixed.checkboxes.includes(column)) {
      input = el("input", { type: "checkbox" });
      input.checked = value === "true";
    } else if (options && options.length <= 10) {
      const known = !value || options.some(([code]) => code === value);
      const all = [["", "–"], ...(known ? [] : [[value, value]]), ...options];
      input = el("select", {}, ...all.map(([code, text]) => el("option", { value: code }, text)));
      input.value = value;
    } else {
      input = el(column === "quote" ? "textarea" : "input", options ? { list: `${drawn.id}-${column}` } : {});
      input.value = options?.find(([code]) => code === value)?.[1] ?? value;
      if (options) input.addEventListener("focus", () => input.select());
    }
    input.name = column;
    input.title = label;
    input.setAttribute("aria-label", label);
    input.addEventListener("input", () => {
      const typed = input.type === "checkbox" ? String(input.checked) : input.value;
      kept.set(row.key, { ...kept.get(row.key), [column]: typed });
    });
    return input;
  }

  function form(again = false) {
    const row = view().row;
    const seen = JSON.stringify(row);
    if (seen === drawn.form && !again) return;
    if (row?.key !== drawn.key) drawn.at = performance.now();
    const open = paper.querySelector("details")?.open;
    drawn.form = seen;
    drawn.key = row?.key;
    if (!row) return void paper.replaceChildren(el("p", {}, word("nothing_here")));
    const [sentence, more] = fixed.fields;
    const parts = sentence.flatMap((column) => [" · ", field(column, row)]);
    const folded = el("details", {}, el("summary", {}, word("more")),
      ...more.map((column) => el("label", { class: column }, fixed.columns[column], field(column, row))));
    folded.append(newPlace(row));
    folded.open = open || more.some((column) => column in (kept.get(row.key) ?? {}));
    paper.replaceChildren(el("p", { class: "about" }, el("b", {}, row.words), " ", el("i", {}, row.said)),
      el("div", { class: "sentence" }, ...parts.slice(1)), folded,
      ...(row.reason ? [el("p", { class: "why" }, `${word("reason")}: ${row.reason}`)] : []));
  }

  // A village, cell or commune that no article named before.
  function newPlace(row) {
    const named = el("input", { "aria-label": word("new_place"), placeholder: word("new_place") });
    const level = el("select", { "aria-label": fixed.columns.level },
      ...fixed.levels.map(([code, text]) => el("option", { value: code }, text)));
    level.value = "commune";
    return el("div", { class: "place" }, named, level, button("place", word("add_place"), () => {
      if (!named.value.trim()) return;
      kept.set(row.key, { ...kept.get(row.key), place_id: named.value.trim(), level: level.value });
      send("place", { document_id: drawn.document, name: named.value, level: level.value });
    }));
  }

  // Why a row is rejected: by number, or in words of one's own.
  function reasons() {
    const { key, seen } = view().row;
    const reject = (reason) => reason && send("decide", { action: "reject", key, seen, reason, fields: {}, by: name.value });
    const own = el("input", { name: "reason", placeholder: word("own_reason"), "aria-label": word("reason") });
    own.addEventListener("keydown", (event) => event.key === "Enter" && reject(own.value.trim()));
    const panel = el("div", { class: "reasons", role: "group", "aria-label": word("why_reject") }, word("why_reject"),
      ...fixed.reasons.map((reason, at) => el("button", { "data-reason": at + 1,
        onclick: (event) => event.detail < 2 && reject(reason) }, `${at + 1} ${reason}`)), own);
    paper.querySelector(".reasons")?.remove();
    paper.prepend(panel);
  }

  // --- what a person asks for -------------------------------------------------------------------

  function named() {
    if (!fixed.signed || name.value.trim()) return true;
    tell("name_first");
    name.focus();
    return false;
  }

  function act(action) {
    const row = view().row;
    if (gone || pending) return;
    if (armed && action !== "accept_all") { armed = ""; buttons(); }
    if (action === "next") send("step", { by: 1 });
    else if (action === "previous") send("step", { by: -1 });
    else if (action === "undo" || action === "reload") send(action);
    else if (action === "search") search.focus();
    else if (action === "edit") paper.querySelector("[name]")?.focus();
    else if (action === "keys") help.hidden = !help.hidden;
    else if (action === "add") {
      if (selected) send("select", selected);
      else tell("select_first");
    } else if (row && named() && performance.now() - drawn.at > GLANCE) {
      if (action === "reject" && row.state !== "new") return reasons();
      send("decide", { action, key: row.key, seen: row.seen, fields: kept.get(row.key) ?? {}, by: name.value });
    }
  }

  function pressed(event) {
    event.stopPropagation();
    const inField = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "Escape") {
      paper.querySelector(".reasons")?.remove();
      return root.focus();
    }
    if (inField && event.key === "Enter" && event.target.closest(".sentence")) return act("accept");
    if (inField || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const panel = paper.querySelector(".reasons");
    if (panel && /^[1-9]$/.test(event.key) && !event.repeat) {
      return panel.querySelector(`[data-reason="${event.key}"]`)?.click();
    }
    const action = KEYS[event.key];
    const walks = ["next", "previous"].includes(action);
    const offered = [...fixed.actions, "undo", "next", "previous", "search", "keys", "edit"];
    if (!offered.includes(action) || (event.repeat && !walks)) return undefined;
    if (event.key.startsWith("Arrow") && event.target.closest(".article")) return undefined;
    event.preventDefault();
    return act(action);
  }

  function draw() {
    const within = root.contains(document.activeElement);
    const [before, rowBefore] = [document.activeElement, drawn.form];
    head();
    buttons();
    queue();
    article();
    form();
    lock();
    if (within && !root.contains(document.activeElement)) root.focus({ preventScroll: true });
    else if (before === root.querySelector(":focus") && rowBefore !== drawn.form) before?.blur?.();
  }

  root.classList.add("party-cells-desk");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // the keys of the notebook rest here
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", word("title"));
  root.tabIndex = 0;
  drawn.id = `desk${Math.random().toString(36).slice(2)}`;
  const lists = el("div", { hidden: "" });
  function offer() { // the lists to search by typing, of which one grows when a place is added
    fixed = model.get("fixed");
    const long = Object.entries(fixed.choices).filter(([, options]) => options.length > 10);
    lists.replaceChildren(...long.map(([column, options]) =>
      el("datalist", { id: `${drawn.id}-${column}` }, ...options.map(([, text]) => el("option", { value: text })))));
  }
  offer();
  model.on("change:fixed", offer);
  help.textContent = Object.entries(KEYS).map(([key, action]) => `${key} ${word(action)}`).join(" · ");
  const top = el("div", { class: "top" }, bar, counted);
  if (fixed.signed) top.append(el("label", {}, word("by"), " ", name));
  root.append(top, filters, actions, said, advice, help, el("div", { class: "desk" }, list, pane, paper), lists);
  root.addEventListener("keydown", pressed);
  pane.addEventListener("mouseup", remember);
  pane.addEventListener("keyup", remember);
  const onFocus = () => pending || look();
  window.addEventListener("focus", onFocus);
  const clock = setInterval(watch, 1000);
  const sized = new ResizeObserver(reveal);
  sized.observe(pane);
  model.on("change:view", draw);
  model.on("msg:custom", heard);
  model.on("comm_live_update", died);
  draw();
  since = Date.now();
  return () => {
    clearInterval(clock);
    sized.disconnect();
    window.removeEventListener("focus", onFocus);
    model.off("change:view", draw);
    model.off("msg:custom", heard);
    model.off("comm_live_update", died);
    model.off("change:fixed", offer);
  };
}

export default { render };
