// The console of one adapter: sends code over the WebSocket, shows what comes back, keeps the lists current.

const adapter = decodeURIComponent(location.pathname.split("/").pop());
const api = `/api/v1/${encodeURIComponent(adapter)}`;
const byId = (id) => document.getElementById(id);
const code = byId("code"), output = byId("output"), state = byId("state");

const EVENTS_SHOWN = 200;
const OUTPUT_SHOWN = 2_000_000; // characters; the oldest go first
const history = [];
let place = 0, number = 0, running = null, socket = null, retry = 250, lastSeq = null, session = null;

byId("adapter").textContent = adapter;
document.title = `${adapter} – cadgate console`;

// --- what is shown ---------------------------------------------------------------------------------------------------

function show(text, kind) {
  const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 40;
  const last = output.lastElementChild;
  if (last && last.className === kind && last.textContent.length < 50_000) last.firstChild.appendData(text);
  else {
    const span = document.createElement("span");
    span.className = kind;
    span.append(text);
    output.append(span);
  }
  let size = 0;
  for (const child of [...output.children].reverse()) {
    size += child.textContent.length;
    if (size > OUTPUT_SHOWN) child.remove();
  }
  if (atEnd) output.scrollTop = output.scrollHeight;
}

function setState(text, up) {
  state.textContent = text;
  state.dataset.up = String(up);
}

function item(list, left, right) {
  const entry = document.createElement("li");
  for (const text of [left, right]) {
    const span = document.createElement("span");
    span.textContent = text;
    entry.append(span);
  }
  list.append(entry);
  return entry;
}

function showEvent(topic, data) {
  const texts = {
    objects: () => `${data.action} ${data.name}`,
    status: () => data.status,
    render: () => `${data.state ?? ""} ${Math.round(data.percent ?? 0)} %`,
  };
  const text = texts[topic]?.() ?? JSON.stringify(data);
  const list = byId("events");
  list.prepend(item(list, text, topic));
  while (list.children.length > EVENTS_SHOWN) list.lastElementChild.remove();
}

// --- lists and preview, read again shortly after something changed -------------------------------------------------------

let reading = null;
function changed() {
  clearTimeout(reading);
  reading = setTimeout(() => { readObjects(); readPreview(); }, 150);
}

async function readObjects() {
  const answer = await fetch(`${api}/objects?limit=500`).then((response) => response.json()).catch(() => null);
  if (answer?.status !== "success") return;
  const list = byId("objects");
  list.replaceChildren();
  for (const object of answer.result.objects) item(list, object.label ?? object.name, object.type);
  byId("count").textContent = `(${answer.result.total})`;
}

let drawing = false, drawAgain = false, canDraw = false;
async function readPreview() {
  if (!canDraw) return;
  if (drawing) { drawAgain = true; return; }
  drawing = true;
  try {
    const response = await fetch(`${api}/render/preview?width=640`, { headers: { Accept: "image/png" } });
    if (response.ok) {
      const picture = byId("preview"), old = picture.src;
      picture.src = URL.createObjectURL(await response.blob());
      if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    }
  } finally {
    drawing = false;
    if (drawAgain) { drawAgain = false; readPreview(); }
  }
}

async function readAdapters() {
  const answer = await fetch("/plugins").then((response) => response.json()).catch(() => null);
  for (const plugin of answer?.result?.plugins ?? []) {
    if (plugin.status !== "active") continue;
    if (plugin.name === adapter) {
      canDraw = plugin.routes.some((route) => route.method === "GET" && route.path === `${api}/render/preview`);
      byId("preview-box").hidden = !canDraw;
      continue;
    }
    const link = document.createElement("a");
    link.href = `/console/${encodeURIComponent(plugin.name)}`;
    link.textContent = plugin.title;
    byId("adapters").append(link);
  }
}

// --- the connection --------------------------------------------------------------------------------------------------

const handlers = {
  hello(message) {
    retry = 250;
    setState(message.execute ? "connected" : "connected; code may not be run here", true);
    byId("run").disabled = code.disabled = !message.execute;
    const again = session === message.session && lastSeq !== null;
    session = message.session;
    send({ type: "subscribe", id: "topics", topics: ["objects", "scene", "render", "status", "clients"], ...(again ? { since: lastSeq } : {}) });
    changed();
  },
  stream(message) {
    show(message.text, message.name);
    if (message.truncated) show("[more output was dropped]\n", "error");
  },
  result(message) {
    if (message.id !== running) return;
    running = null;
    byId("stop").disabled = true;
    if (message.status === "error") show(message.error.traceback || `${message.error.code}: ${message.error.message}\n`, "error");
    else if (message.result.repr !== null && message.result.repr !== "None") show(`${message.result.repr}\n`, "value");
  },
  event(message) {
    lastSeq = message.seq;
    if (message.topic === "status") setState(message.data.status, ["up", "busy", "restarted"].includes(message.data.status));
    showEvent(message.topic, message.data);
    if (message.topic !== "clients" && message.topic !== "render" && message.data.status !== "busy") changed();
  },
  error(message) { show(`${message.error.code}: ${message.error.message}\n`, "error"); },
};

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/${encodeURIComponent(adapter)}`);
  socket.onmessage = ({ data }) => { const message = JSON.parse(data); handlers[message.type]?.(message); };
  socket.onclose = () => {
    if (running !== null) show("[the connection ended]\n", "error");
    running = null;
    byId("stop").disabled = true;
    setState("not connected; trying again", false);
    setTimeout(connect, retry);
    retry = Math.min(retry * 2, 5000);
  };
}

function send(message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function run() {
  if (running !== null || code.disabled || !code.value.trim() || socket.readyState !== WebSocket.OPEN) return;
  if (history.at(-1) !== code.value) history.push(code.value);
  place = history.length;
  running = `run-${++number}`;
  byId("stop").disabled = false;
  show(code.value.replace(/^/gm, "> ") + "\n", "ran");
  send({ type: "execute", id: running, code: code.value, timeout_seconds: 3600 });
}

const interrupt = () => { if (running !== null) send({ type: "interrupt", id: running }); };
const clear = () => output.replaceChildren();

function recall(step) {
  if (!history.length) return;
  place = Math.max(0, Math.min(history.length, place + step));
  code.value = history[place] ?? "";
}

byId("run").onclick = run;
byId("stop").onclick = interrupt;
byId("clear").onclick = clear;
byId("refresh").onclick = readPreview;
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") run();
  else if ((event.ctrlKey || event.metaKey) && event.key === ".") interrupt();
  else if (event.ctrlKey && event.key === "l") clear();
  else if (event.altKey && event.key === "ArrowUp") recall(-1);
  else if (event.altKey && event.key === "ArrowDown") recall(1);
  else return;
  event.preventDefault();
});

code.focus();
await readAdapters();
connect();
