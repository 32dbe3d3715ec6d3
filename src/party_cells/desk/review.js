// The desk in the browser: it shows the page that the kernel writes and sends what a person does.
// What is sent is locked until the kernel has heard it; what is typed is kept until it is saved.

const PATIENCE = 4000; // milliseconds without an answer until it is said
const GLANCE = 300; // a row that has been seen for less is not decided on
const POLL = 15000; // how often others' decisions are asked for

// Offsets count code points; the strings of the browser count UTF-16 units.
const points = (text) => Array.from(text).length;

function render({ model, el: root }) {
  const kept = new Map(); // what was typed, by the key of its row
  const drawn = {}; // the HTML of each part, and the row and article that are shown
  let pending = null, later = null, gone = false, selected = null, asked = Date.now(), typing, at;
  const find = (query) => root.querySelector(query);
  const row = () => find(".row")?.dataset ?? {};

  // --- messages: one at a time, each heard before the next -------------------------------------

  function send(message) {
    if (pending && ["go", "filter", "select"].includes(message.do)) later = message;
    if (gone || (pending && message.do !== "reload")) return;
    const about = { ...row(), fields: kept.get(row().key) ?? {}, by: find(".by")?.value };
    pending = { ...about, ...message, id: `${Math.random()}`, at: Date.now() };
    model.send(pending);
    tell(["decide", "accept_all"].includes(message.do) ? "saving" : "");
  }

  function heard(message) {
    if (message.heard !== pending?.id) return;
    if (message.done && pending.do === "decide") {
      kept.delete(pending.key);
      drawn.form = null;
    }
    const next = later;
    pending = later = null;
    draw();
    if (next) send(next); // what was asked for meanwhile; of decisions none waits
  }

  function look() {
    asked = Date.now();
    if (!gone) model.send({ do: "look" }); // nobody waits for the answer
  }

  function watch() {
    if (pending && Date.now() - pending.at > PATIENCE) {
      const kernel = model.widget_manager?.kernel;
      const busy = kernel?.status === "busy" && kernel?.connectionStatus === "connected";
      tell(busy && navigator.onLine ? "waiting" : "lost");
    } else if (!pending && document.visibilityState === "visible" && Date.now() - asked > POLL) {
      look();
    }
  }

  function died() { // the kernel that this desk talked to was restarted
    gone = true;
    tell("lost");
  }

  function tell(code) {
    const said = find(".said");
    said.textContent = said.dataset[code] ?? "";
    said.className = `said ${code}`;
    drawn.said = null;
    lock();
  }

  function lock() {
    for (const button of root.querySelectorAll(".actions button:not([data-do=reload])")) {
      button.disabled = gone || Boolean(pending) || button.dataset.idle === "true";
    }
  }

  // --- the page ----------------------------------------------------------------------------------

  function draw() {
    const fresh = document.createElement("template");
    fresh.innerHTML = model.get("html");
    if (!root.firstChild) root.append(fresh.content.cloneNode(true));
    const within = root.contains(document.activeElement), open = find(".more")?.open;
    for (const part of fresh.content.querySelectorAll("[data-part]")) {
      const name = part.dataset.part, isBusy = name === "said" && (pending || gone);
      if (drawn[name] === part.innerHTML || isBusy) continue;
      drawn[name] = part.innerHTML;
      const old = find(`[data-part=${name}]`), top = old.scrollTop;
      old.replaceChildren(...part.childNodes);
      if (name === "said") old.className = "said";
      if (name === "form") fill(open);
      if (name === "article") arrive(top);
    }
    lock();
    if (within && !root.contains(document.activeElement)) root.focus({ preventScroll: true });
    clearTimeout(drawn.later);
    if (find(".behind")) drawn.later = setTimeout(() => pending || look(), 50); // for what can wait
  }

  function fill(open) { // what was typed before comes back with its row
    const typed = kept.get(row().key) ?? {};
    for (const [name, value] of Object.entries(typed)) {
      const field = find(`.row [name=${name}]`);
      if (field.type === "checkbox") field.checked = value === "true";
      else field.value = value;
    }
    const more = find(".more");
    if (more) more.open = open || Object.keys(typed).some((name) => more.querySelector(`[name=${name}]`));
    if (row().key !== drawn.key) at = performance.now();
    drawn.key = row().key;
  }

  function arrive(top) {
    const { document_id } = find(".article > div").dataset;
    find(".article").scrollTop = document_id === drawn.document ? top : 0;
    drawn.document = document_id;
    reveal();
  }

  function reveal() { // also when the desk gets its height only after it was drawn
    const pane = find(".article"), mark = pane.querySelector("mark.here");
    if (!mark || !pane.clientHeight) return;
    const top = mark.offsetTop - pane.scrollTop;
    if (top < 0 || top > pane.clientHeight - 40) pane.scrollTop = mark.offsetTop - pane.clientHeight / 3;
  }

  function jump() { // to the next place where the searched words stand
    const marks = root.querySelectorAll("mark.found");
    drawn.found = ((drawn.found ?? -1) + 1) % (marks.length || 1);
    marks[drawn.found]?.scrollIntoView({ block: "center" });
  }

  function remember() { // the words of the article that are selected
    const selection = window.getSelection(), article = find(".article > div");
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0), before = document.createRange();
    if (!article.contains(range.startContainer) || !article.contains(range.endContainer)) return;
    before.setStart(article, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const words = range.toString();
    const start = points(before.toString()) + points(words) - points(words.trimStart());
    selected = { ...article.dataset, start, end: start + points(words.trim()) };
  }

  // --- what a person does --------------------------------------------------------------------------

  function act({ press, ...message }) {
    const signs = ["decide", "accept_all"].includes(message.do), name = find(".by");
    if (gone || (message.do === "decide" && performance.now() - at < GLANCE)) return;
    if (signs && name && !name.value.trim()) {
      tell("name_first");
      name.focus();
    } else if (message.do !== "add") send(message);
    else if (selected) send({ do: "select", ...selected });
    else tell("select_first");
  }

  function clicked(event) {
    const node = event.target.closest("[data-do]");
    const isSelecting = node?.matches("mark") && !window.getSelection().isCollapsed;
    if (!node || isSelecting || event.detail > 1) return; // the second of a double click rests
    root.focus({ preventScroll: true }); // the keys go on working
    act({ ...node.dataset });
  }

  function changed({ target }) {
    const filters = target.closest(".filters");
    if (filters) {
      const given = () => [...filters.querySelectorAll("[name]")].map((each) => [each.name, each.value]);
      clearTimeout(typing);
      typing = setTimeout(() => send({ do: "filter", ...Object.fromEntries(given()) }), target.type === "search" ? 250 : 0);
    } else if (target.matches(".by")) window.localStorage.setItem("party-cells-by", target.value);
    else if (target.name && target.name !== "reason") {
      const value = target.type === "checkbox" ? String(target.checked) : target.value;
      kept.set(row().key, { ...kept.get(row().key), [target.name]: value });
    }
  }

  function pressed(event) {
    const { key, target } = event;
    event.stopPropagation();
    if (key === "Escape") {
      if (find(".reasons")) find(".reasons").open = false;
      root.focus();
    } else if (key === "Enter" && target.name === "reason") {
      if (target.value.trim()) act({ do: "decide", action: "reject", reason: target.value });
    } else if (key === "Enter" && target.name === "search") jump();
    else if (key === "Enter" && target.closest(".sentence")) act({ do: "decide", action: "accept" });
    else if (!target.matches("input, select, textarea") && !event.ctrlKey && !event.metaKey && !event.altKey) press(event);
  }

  function press(event) { // the key of what is in sight
    if (event.key === "e") find(".sentence [name]")?.focus();
    const has = (node) => node.dataset.press.split(" ").includes(event.key) && node.checkVisibility();
    const node = [...root.querySelectorAll("[data-press]")].find(has);
    const isReading = event.key.startsWith("Arrow") && event.target.closest(".article");
    if (node && !isReading && (!event.repeat || node.dataset.do === "step")) {
      node.matches("input") ? node.focus() : node.click();
    } else if (!node && event.key !== "e") return;
    if (!isReading) event.preventDefault();
  }

  root.classList.add("party-cells-desk");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // the keys of the notebook rest here
  root.setAttribute("role", "region");
  root.tabIndex = 0;
  draw();
  root.setAttribute("aria-label", find(".article").getAttribute("aria-label"));
  if (find(".by")) find(".by").value ||= window.localStorage.getItem("party-cells-by") ?? "";
  const listeners = { click: clicked, input: changed, keydown: pressed, mouseup: remember, keyup: remember };
  for (const [name, listener] of Object.entries(listeners)) root.addEventListener(name, listener);
  root.addEventListener("focusin", ({ target }) => target.list && target.select());
  const messages = { "change:html": draw, "msg:custom": heard, comm_live_update: died };
  for (const [name, listener] of Object.entries(messages)) model.on(name, listener);
  const onFocus = () => pending || look();
  window.addEventListener("focus", onFocus);
  const clock = setInterval(watch, 1000), sized = new ResizeObserver(reveal);
  sized.observe(find(".article"));
  return () => {
    clearInterval(clock);
    sized.disconnect();
    window.removeEventListener("focus", onFocus);
    for (const [name, listener] of Object.entries(messages)) model.off(name, listener);
  };
}

export default { render };
